"""Plants as data: checked, kept version by version, switched on and off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.rules.tariff.document import Findings
from backend.forecasting import service as forecasting
from backend.forecasting.service import weather
from backend.kernel import audit, clock, ids, paging, units
from backend.kernel.errors import NotFound, Refused
from backend.kernel.scope import Role, Scope
from backend.kernel.units import PointKind
from backend.metering import service as metering
from backend.network import service as network
from backend.optimisation import queries
from backend.optimisation.models import PlantVersion, SitePlant
from backend.optimisation.rules import model as rules
from backend.optimisation.rules.model import PlantModel

KEEPERS = (Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
"""Roles that say what a plant is."""

COUNTS = (PointKind.REGISTER, PointKind.INTERVAL)
Objection = tuple[str, Any, str, str]
"""Field, value, message, remedy."""
WANTED = {"meters": COUNTS, "taken": COUNTS, "state": (PointKind.STATE,)}
"""Last word of a binding -> the kinds of point that fit it; any where it is not named."""


@dataclass(frozen=True)
class Described:
    """A plant with the version that holds at an instant, read."""

    plant: SitePlant
    version: PlantVersion
    model: PlantModel


def check_plant(session: Session, scope: Scope, *, site_id: UUID, document: Mapping[str, Any]) -> PlantModel:
    """Read a plant's document and look whether what it is bound to is there.

    raises Refused with all that is wrong: context['findings']
    """
    site = network.position(session, scope, site_id)
    scope.demand(site.organisation_id, *KEEPERS)
    model = rules.parse(document)
    findings = Findings()
    for field, value, message, remedy in _unbound(session, scope, model):
        findings.add(field, value, message, remedy)
    findings.refuse()
    return model


def store_plant(
    session: Session, scope: Scope, *, site_id: UUID, document: Mapping[str, Any], valid_from: datetime | None = None
) -> PlantVersion:  # fmt: skip
    """Keep what a site's plant is from an instant on (now where none is said); what says the same is no news.

    raises Refused with all that is wrong with it
    """
    model = check_plant(session, scope, site_id=site_id, document=document)
    position = network.position(session, scope, site_id)
    if position.parent_id is not None:
        raise Refused(
            "a plant is of a whole site", field="site_id", value=ids.show(site_id), remedy="name its site"
        )
    plant = queries.plant_of_site(session, scope, site_id)
    now = clock.now()
    if plant is None:
        plant = SitePlant(
            id=ids.new_id(), organisation_id=position.organisation_id, site_id=site_id, is_active=True, created_at=now
        )  # fmt: skip
        session.add(plant)
        session.flush()
    plain, since = rules.dump(model), valid_from or now
    before = queries.version_at(session, scope, plant.id, since)
    if before is not None and before.document == plain:
        return before
    made = PlantVersion(
        id=ids.new_id(), organisation_id=plant.organisation_id, plant_id=plant.id, valid_from=since, document=plain,
        number=queries.last_number(session, scope, plant.id) + 1, created_at=now, created_by=scope.actor_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(
        session, scope, action="plant.described", entity="plant_model", entity_id=plant.id,
        organisation_id=plant.organisation_id, after={"number": made.number, "valid_from": since.isoformat()},
    )  # fmt: skip
    return made


def switch_plant(session: Session, scope: Scope, *, plant_id: UUID, is_active: bool) -> SitePlant:
    """Plan for a plant by the clock, or no more."""
    plant = queries.plant(session, scope, plant_id)
    scope.demand(plant.organisation_id, *KEEPERS)
    if plant.is_active != is_active:
        plant.is_active = is_active
        session.flush()
        audit.record(
            session, scope, action="plant.switched", entity="plant_model", entity_id=plant.id,
            organisation_id=plant.organisation_id, before={"is_active": not is_active}, after={"is_active": is_active},
        )  # fmt: skip
    return plant


def described(session: Session, scope: Scope, *, plant_id: UUID, at: datetime | None = None) -> Described:
    """Return a plant as it is described at an instant; raises NotFound, Refused where nothing holds yet."""
    plant = queries.plant(session, scope, plant_id)
    version = queries.version_at(session, scope, plant.id, at or clock.now())
    if version is None:
        raise Refused(
            "nothing is said of this plant for now",
            field="valid_from",
            remedy="describe it from an earlier day on",
        )
    return Described(plant, version, rules.parse(version.document))


def plant_of_site(session: Session, scope: Scope, *, site_id: UUID) -> SitePlant | None:
    """Return the plant of a site, None where none is described."""
    return queries.plant_of_site(session, scope, site_id)


def plants(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None = None, cursor: str | None = None,
    limit: int = 50,
) -> paging.Page[Any]:  # fmt: skip
    """Return a page of (plant, its site's position) by the site's name."""
    return queries.plants(session, scope, organisations=organisations, cursor=cursor, limit=limit)


def versions(
    session: Session, scope: Scope, *, plant_id: UUID, cursor: str | None = None, limit: int = 50
) -> paging.Page[PlantVersion]:
    """Return a page of what was said of a plant, the newest first."""
    plant = queries.plant(session, scope, plant_id)
    return queries.versions(session, scope, plant.id, cursor=cursor, limit=limit)


def _unbound(session: Session, scope: Scope, model: PlantModel) -> Iterator[Objection]:
    """Yield bindings that lead nowhere, to what is not the keeper's, or to what counts something else."""
    for field, point_id in model.points().items():
        try:
            point = metering.point(session, scope, point_id)
        except NotFound:
            yield field, ids.show(point_id), "there is no such point", "take its id from the point's page"
            continue
        wanted = WANTED.get(_last_word(field))
        if wanted is not None and point.kind not in wanted:
            kinds = " or ".join(one.value for one in wanted)
            yield (
                field,
                point.name,
                f"is a point of kind {point.kind.value}, not {kinds}",
                "bind another point",
            )
        elif (unit := model.counted_in(field)) is not None and wanted == COUNTS:
            yield from _other_unit(field, point.name, point.unit, unit)
    yield from _unbound_forecasts(session, scope, model)
    places = model.places()
    known = network.positions_by_id(session, scope, set(places.values()))
    for field, position_id in places.items():
        if position_id not in known:
            yield field, ids.show(position_id), "there is no such position", "take its id from its page"


def _unbound_forecasts(session: Session, scope: Scope, model: PlantModel) -> Iterator[Objection]:
    """Yield forecasts and weather places that the keeper does not see: the clock reads them with more rights."""
    for field, target_id in model.targets().items():
        try:
            target = forecasting.target(session, scope, target_id)
        except NotFound:
            yield (
                field,
                ids.show(target_id),
                "there is no such forecast",
                "take its id from the forecast's page",
            )
            continue
        if (unit := model.counted_in(field)) is not None:
            yield from _other_unit(field, target.name, target.unit, unit)
    if model.outdoor is not None and model.outdoor.place is not None:
        try:
            weather.place(session, scope, model.outdoor.place)
        except NotFound:
            yield (
                "outdoor.place",
                ids.show(model.outdoor.place),
                "there is no such weather place",
                "take its id from the weather's page",
            )


def _other_unit(field: str, name: str, counted: str, planned: str) -> Iterator[Objection]:
    """Yield amounts of another kind than a plan's, which would be taken for them one to one."""
    if units.unit(counted).dimension != units.unit(planned).dimension:
        remedy = f"say how many {planned} are in one {counted}: times of a demand, per_billed of a supply"
        yield field, name, f"is counted in {counted}, and planned in {planned}", remedy


def _last_word(field: str) -> str:
    return field.rpartition(".")[2].partition("[")[0]
