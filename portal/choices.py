"""What can be chosen in a form, where there may be many: how each kind is found by a text, and what it is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import g

from backend.assets import service as assets
from backend.assets.service import DeviceFilter, DeviceStatus
from backend.forecasting import service as forecasts
from backend.forecasting.service import weather
from backend.kernel import paging
from backend.kernel.scope import Role, Scope
from backend.kernel.units import PointKind
from backend.metering import service as metering
from backend.network import service as network
from backend.tenancy import service as tenancy
from backend.tenancy.service import Application, OrganisationKind
from backend.workorders.service import hosting
from portal.navigation import below
from portal.places import full_names
from portal.terms import PART_UNITS, POSITION_KINDS, word
from portal.words import TIERS, in_full, shown_unit
from portal.words import named_here as named

KEEPERS = (Role.ADMINISTRATOR, Role.OPERATOR)
SUPPLIERS = (*KEEPERS, Role.MANAGER)
ENOUGH = 200
"""So many are looked through where a kind is told apart after the question."""

About = dict[str, UUID]
"""What a search is narrowed by: `at` an organisation and below, `under` a position, `like` a point."""


@dataclass(frozen=True)
class Choice:
    """One thing that can be chosen; under: what tells it from another of the same name."""

    value: UUID
    words: str
    under: str = ""


@dataclass(frozen=True)
class Kind:
    """find: so many that fit a text, by name; name: of one; application: as of the pages that ask (access.py)."""

    find: Callable[[Scope, str, int, About], Sequence[Choice]]
    name: Callable[[Scope, UUID], str]
    application: Application | None = Application.MAINTENANCE


def _organisations(
    *roles: Role,
    tier: OrganisationKind | None = None,
    application: Application | None = Application.MANAGEMENT,
) -> Kind:
    def find(scope: Scope, text: str, limit: int, about: About) -> Sequence[Choice]:
        among = _held(scope, roles) if roles else scope.organisations
        if "at" in about:
            among &= _below(scope, about)
        found = tenancy.find_organisations(g.session, scope, text=text, among=among, kind=tier, limit=limit)
        return [Choice(one.id, named(one), str(TIERS[one.kind.value])) for one in found]

    return Kind(find, lambda scope, key: named(tenancy.organisation(g.session, scope, key)), application)


def _places(*roles: Role, application: Application = Application.MAINTENANCE) -> Kind:
    def find(scope: Scope, text: str, limit: int, about: About) -> Sequence[Choice]:
        owners = _held(scope, roles) if roles else _below(scope, about) if "at" in about else None
        found = network.list_positions(
            g.session, scope, organisations=owners, search=text or None, limit=limit
        ).items
        sites = network.positions_by_id(g.session, scope, {one.site_id for one in found})
        return [
            Choice(one.id, in_full(one, sites.get(one.site_id)), _joined(word(POSITION_KINDS, one.kind), one.code))
            for one in found
        ]  # fmt: skip

    return Kind(
        find, lambda scope, key: full_names([key]).get(key, named(network.position(g.session, scope, key))), application
    )  # fmt: skip


def _points(kind: PointKind | None = None, application: Application = Application.MAINTENANCE) -> Kind:
    def find(scope: Scope, text: str, limit: int, about: About) -> Sequence[Choice]:
        like = metering.point(g.session, scope, about["like"]) if "like" in about else None
        found = metering.list_points(
            g.session, scope, organisations=_below(scope, about) if "at" in about else None,
            under=about.get("under"), kind=kind, carrier=like.carrier if like else None, search=text or None,
            limit=ENOUGH if like else limit,
        ).items  # fmt: skip
        if like is not None:
            found = [one for one in found if one.quantity == like.quantity and one.id != like.id][:limit]
        where = full_names({one.position_id for one in found})
        return [
            Choice(one.id, f"{named(one)} [{shown_unit(one.unit) or '1'}]", where.get(one.position_id, ""))
            for one in found
        ]  # fmt: skip

    return Kind(find, lambda scope, key: named(metering.point(g.session, scope, key)), application)


def _counted(scope: Scope, text: str, limit: int, about: About) -> Sequence[Choice]:
    """Find points that count amounts: registers and interval points."""
    found = [
        one
        for kind in (PointKind.REGISTER, PointKind.INTERVAL)
        for one in metering.list_points(
            g.session, scope, organisations=_below(scope, about) if "at" in about else None, kind=kind,
            search=text or None, limit=limit,
        ).items
    ]  # fmt: skip
    found = sorted(found, key=lambda one: (one.name, one.id))[:limit]
    where = full_names({one.position_id for one in found})
    return [
        Choice(one.id, f"{named(one)} [{shown_unit(one.unit) or '1'}]", where.get(one.position_id, ""))
        for one in found
    ]


def _weather_places(scope: Scope, text: str, limit: int, _about: About) -> Sequence[Choice]:
    every = paging.every(lambda at: weather.list_places(g.session, scope, cursor=at))
    fitting = [one for one in every if text.lower() in f"{one.name} {one.name_zh or ''}".lower()]
    return [Choice(one.id, named(one), f"{one.latitude:g}°, {one.longitude:g}°") for one in fitting[:limit]]


def _parts(scope: Scope, text: str, limit: int, _about: About) -> Sequence[Choice]:
    found = assets.list_parts(g.session, scope, text=text or None, limit=limit).items
    return [
        Choice(one.id, f"{one.number} {named(one)}", str(word(PART_UNITS, one.unit))) for one, _total in found
    ]


def _stored_devices(scope: Scope, text: str, limit: int, _about: About) -> Sequence[Choice]:
    wanted = DeviceFilter(statuses=(DeviceStatus.STORED,))
    stored = assets.list_assets(g.session, scope, wanted, text=text or None, limit=limit).items
    found = [one.device for one in stored]
    return [Choice(one.id, f"{one.manufacturer} {one.model}", one.serial_number) for one in found]


def _staff(scope: Scope, text: str, limit: int, about: About) -> Sequence[Choice]:
    there = hosting.staff(g.session, scope, organisation_id=about["at"])
    fitting = [(who, name) for who, name in there.items() if text.lower() in name.lower()]
    return [Choice(who, name) for who, name in fitting[:limit]]


def _technicians(scope: Scope, text: str, limit: int, about: About) -> Sequence[Choice]:
    people = tenancy.people(g.session, scope, about["at"], search=text or None, limit=ENOUGH).items
    held = tenancy.memberships(g.session, scope, [one.id for one in people])
    technicians = {one.person_id for one in held if one.role == "technician"}
    return [Choice(one.id, one.name) for one in people if one.id in technicians][:limit]


def _person(scope: Scope, key: UUID) -> str:
    return tenancy.names(g.session, scope, {key}).get(key, "")


def _device(scope: Scope, key: UUID) -> str:
    found = assets.device(g.session, scope, key)
    return f"{found.manufacturer} {found.model} · {found.serial_number}"


def _held(scope: Scope, roles: Sequence[Role]) -> frozenset[UUID]:
    return frozenset().union(*(scope.where(role) for role in roles))


def _below(scope: Scope, about: About) -> frozenset[UUID]:
    return below(tenancy.organisation(g.session, scope, about["at"]))


def _joined(*parts: object) -> str:
    return " · ".join(str(part) for part in parts if part)


KINDS = {
    "kept_organisation": _organisations(*KEEPERS),
    "supplied_organisation": _organisations(*SUPPLIERS),
    "administered_organisation": _organisations(Role.ADMINISTRATOR, application=None),
    "hosted_customer": _organisations(tier=OrganisationKind.CUSTOMER, application=Application.MAINTENANCE),
    "place": _places(),
    "kept_place": _places(*KEEPERS),
    "point": _points(),
    "register": _points(PointKind.REGISTER),
    "watched_point": _points(application=Application.MONITORING),
    "meter_above": _points(application=Application.MANAGEMENT),
    "forecast_organisation": _organisations(*forecasts.KEEPERS),
    "forecast_place": _places(*forecasts.KEEPERS, application=Application.MANAGEMENT),
    "counted_point": Kind(
        _counted, lambda scope, key: named(metering.point(g.session, scope, key)), Application.MANAGEMENT
    ),
    "weather_place": Kind(
        _weather_places,
        lambda scope, key: named(weather.place(g.session, scope, key)),
        Application.MANAGEMENT,
    ),
    "part": Kind(_parts, lambda scope, key: named(assets.part(g.session, scope, key))),
    "stored_device": Kind(_stored_devices, _device),
    "billed_customer": _organisations(tier=OrganisationKind.CUSTOMER, application=Application.SERVICES),
    "billed_point": _points(application=Application.SERVICES),
    "staff": Kind(_staff, _person),
    "technician": Kind(_technicians, _person),
}
