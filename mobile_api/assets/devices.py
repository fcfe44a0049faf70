"""Devices: the register, their lives, what stands where, exchanges."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.assets import service
from mobile_api.assets.blueprint import blp
from mobile_api.assets.schemas import (
    AssetDeviceSchema,
    AssetSchema,
    BulkAnswerSchema,
    BulkSchema,
    DeviceChangeSchema,
    DeviceQuery,
    ExchangeSchema,
    InstallationSchema,
    LifeStepSchema,
    NearQuery,
    NewDeviceSchema,
    NewInstallationSchema,
    ParentSchema,
    RemovalSchema,
    StandingSchema,
    StepSchema,
)
from mobile_api.fields import PageQuery, page_of
from mobile_api.organisations import organisations_under

_BOUGHT = {
    "purchased_on": "on", "purchase_cost": "cost", "purchase_currency": "currency", "supplier": "supplier",
    "warranty_until": "warranty_until",
}  # fmt: skip


@blp.route("/devices")
class Devices(MethodView):
    """The register."""

    @blp.arguments(DeviceQuery, location="query")
    @blp.response(200, page_of(AssetSchema))
    def get(self, wanted: dict[str, Any]) -> Any:
        """List devices by serial number, each with where it stands."""
        narrowed = service.DeviceFilter(
            organisations=organisations_under(wanted["organisation"]),
            statuses=tuple(wanted["status"]) if wanted["status"] else None,
            family=wanted["family"], carrier=wanted["carrier"].value if wanted["carrier"] else None,
            warranty_before=wanted["warranty_before"],
        )  # fmt: skip
        return service.list_assets(
            g.session, g.scope, narrowed, text=wanted["text"], under=wanted["position"], cursor=wanted["cursor"],
            limit=wanted["limit"],
        )  # fmt: skip

    @blp.arguments(NewDeviceSchema)
    @blp.response(201, AssetDeviceSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Enter a device; it stands nowhere yet."""
        return service.register_device(g.session, g.scope, purchase=_purchase(new), **new)


@blp.route("/devices/nearest")
class NearestDevices(MethodView):
    """What is close."""

    @blp.arguments(NearQuery, location="query")
    @blp.response(200, AssetSchema(many=True))
    def get(self, place: dict[str, Any]) -> Any:
        """List the devices nearest to a place, the nearest first, each with its distance; at most 200."""
        return service.nearest_assets(g.session, g.scope, **place)


@blp.route("/devices/bulk")
class ManyDevices(MethodView):
    """Many at once."""

    @blp.arguments(BulkSchema)
    @blp.response(200, BulkAnswerSchema)
    def post(self, given: dict[str, Any]) -> Any:
        """Take a step with many devices, or set the same for all; what it does not fit is left and named."""
        plain = {name: given.pop(name) for name in ("device_ids", "step", "reason", "attributes")}
        left = service.change_many(g.session, g.scope, **plain, said=given)
        return {"changed": len(set(plain["device_ids"])) - len(left), "left": left}


@blp.route("/devices/<id:device>")
class OneDevice(MethodView):
    """One of them."""

    @blp.response(200, AssetDeviceSchema)
    def get(self, device: UUID) -> Any:
        """Return one device."""
        return service.device(g.session, g.scope, device)

    @blp.arguments(DeviceChangeSchema)
    @blp.response(200, AssetDeviceSchema)
    def patch(self, said: dict[str, Any], device: UUID) -> Any:
        """Say otherwise what it is, how it was bought, how long its warranty runs."""
        return service.change_device(g.session, g.scope, device_id=device, **said)


@blp.route("/devices/<id:device>/life")
class Life(MethodView):
    """Its record."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(LifeStepSchema))
    def get(self, page: dict[str, Any], device: UUID) -> Any:
        """List what happened in its life, in order."""
        return service.life_of(g.session, g.scope, device, **page)


@blp.route("/devices/<id:device>/parts")
class PartsOfDevice(MethodView):
    """What is part of it."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(AssetDeviceSchema))
    def get(self, page: dict[str, Any], device: UUID) -> Any:
        """List the devices that are directly part of it, by maker and serial number."""
        whole = service.device(g.session, g.scope, device)
        return service.parts_of(g.session, g.scope, whole.id, **page)


@blp.route("/devices/<id:device>/parent")
class Whole(MethodView):
    """What it is part of."""

    @blp.arguments(ParentSchema)
    @blp.response(200, AssetDeviceSchema)
    def put(self, given: dict[str, Any], device: UUID) -> Any:
        """Make it part of another device, or of none."""
        return service.put_into(g.session, g.scope, device_id=device, **given)


@blp.route("/devices/<id:device>/steps")
class Steps(MethodView):
    """Onward."""

    @blp.arguments(StepSchema)
    @blp.response(201, AssetDeviceSchema)
    def post(self, given: dict[str, Any], device: UUID) -> Any:
        """Take a step of its life; 409 where it does not lead on from its status."""
        return service.take_step(g.session, g.scope, device_id=device, **given)


@blp.route("/devices/<id:device>/installations")
class Installations(MethodView):
    """Up."""

    @blp.arguments(NewInstallationSchema)
    @blp.response(201, InstallationSchema)
    def post(self, given: dict[str, Any], device: UUID) -> Any:
        """Put it up at a position; 409 while it stands elsewhere."""
        return service.install(g.session, g.scope, device_id=device, **given)


@blp.route("/devices/<id:device>/removal")
class Removal(MethodView):
    """Down."""

    @blp.arguments(RemovalSchema)
    @blp.response(204)
    def post(self, given: dict[str, Any], device: UUID) -> None:
        """Take it down; its readings and the position's history stay."""
        service.remove(g.session, g.scope, device_id=device, **given)


@blp.route("/positions/<id:position>/devices")
class DevicesHere(MethodView):
    """What stands and stood here."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(StandingSchema))
    def get(self, page: dict[str, Any], position: UUID) -> Any:
        """List devices at a position, those standing there now first."""
        found = service.list_devices_at(g.session, g.scope, position, **page)
        return found.each(lambda row: {"installation": row[0], "device": row[1]})


@blp.route("/positions/<id:position>/life")
class LifeHere(MethodView):
    """What happened here."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(LifeStepSchema))
    def get(self, page: dict[str, Any], position: UUID) -> Any:
        """List the steps taken with devices at a position, the newest first."""
        return service.life_at(g.session, g.scope, position, **page)


@blp.route("/positions/<id:position>/exchange")
class Exchange(MethodView):
    """One for another."""

    @blp.arguments(ExchangeSchema, example={
        "removed_id": "01KASG2V3W4X5Y6Z7A8B9C0D1E", "installed_id": "01KASG2V3W4X5Y6Z7A8B9C0D1F",
        "at": "2026-11-26T09:20:00+08:00", "reason": "dial stuck",
        "registers": [{"point_id": "01KASG2V3W4X5Y6Z7A8B9C0D1G", "final": 48211.4, "initial": 0}],
    })  # fmt: skip
    @blp.response(201, InstallationSchema)
    def post(self, given: dict[str, Any], position: UUID) -> Any:
        """Exchange a device in one go, with what its registers showed; no energy is lost over it."""
        new = given.pop("new_device")
        chosen = given.pop("installed_id")
        swaps = [service.RegisterSwap(**swap) for swap in given.pop("registers")]
        installed = chosen or service.NewDevice(purchase=_purchase(new), **new)
        return service.exchange_device(
            g.session, g.scope, position_id=position, installed=installed, registers=swaps, **given
        )


def _purchase(new: dict[str, Any]) -> service.Purchase:
    return service.Purchase(**{said: new.pop(name) for name, said in _BOUGHT.items()})
