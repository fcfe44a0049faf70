"""Which plants are planned together, and the cables and pipes between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Role, Scope
from backend.optimisation import queries
from backend.optimisation.models import CoordinationMember, ExchangeLine, SitePlant
from backend.optimisation.rules.model.document import UNITS
from backend.optimisation.service.plants import described
from backend.tenancy import service as tenancy

ASKERS = (Role.MANAGER,)
"""Roles that join a plant to others, keep lines, ask for rounds and targets, and answer."""

MEMBERS_MOST = 8
"""Plants planned together at most: their 247 coalitions are planned within minutes."""


@dataclass(frozen=True)
class Agreed:
    """What a plant agrees to when it joins (see `CoordinationMember`)."""

    bears: Decimal = Decimal(0)
    refusals_a_month: int = 3
    counters_most: int = 2


@dataclass(frozen=True)
class NewLine:
    """A line as it is told (see `ExchangeLine`)."""

    name: str
    carrier: str
    one_id: UUID
    other_id: UUID
    most: float
    most_back: float
    share: float = 1.0
    fee: float = 0.0


def join(session: Session, scope: Scope, *, plant_id: UUID, agreed: Agreed) -> CoordinationMember:
    """Let a plant be planned together with others, or change what it has agreed to."""
    plant = queries.plant(session, scope, plant_id)
    scope.demand(plant.organisation_id, *ASKERS)
    if agreed.bears < 0 or min(agreed.refusals_a_month, agreed.counters_most) < 0:
        raise Refused(
            "what is agreed to is from 0 up", field="bears", value=str(agreed.bears), remedy="give 0 for none"
        )
    found = queries.member(session, scope, plant_id)
    made = found or CoordinationMember(
        id=ids.new_id(), organisation_id=plant.organisation_id, plant_id=plant_id, joined_at=clock.now()
    )
    if found is not None and found.left_at is not None:
        made.joined_at = clock.now()
    made.bears, made.refusals_a_month = agreed.bears, agreed.refusals_a_month
    made.counters_most, made.left_at = agreed.counters_most, None
    session.add(made)
    session.flush()
    _note(session, scope, "coordination.joined", plant, {"bears": str(agreed.bears)})
    return made


def leave(session: Session, scope: Scope, *, plant_id: UUID) -> None:
    """Let a plant be planned alone from now on; what it accepted before stands."""
    plant = queries.plant(session, scope, plant_id)
    scope.demand(plant.organisation_id, *ASKERS)
    found = queries.member(session, scope, plant_id)
    if found is None or found.left_at is not None:
        raise Conflict(
            "this plant is not planned together with others", field="plant_id", remedy="load it again"
        )
    found.left_at = clock.now()
    session.flush()
    _note(session, scope, "coordination.left", plant, {})


def member(session: Session, scope: Scope, *, plant_id: UUID) -> CoordinationMember | None:
    """Return a plant's membership, None where it has none or left."""
    queries.plant(session, scope, plant_id)
    found = queries.member(session, scope, plant_id)
    return None if found is None or found.left_at is not None else found


def members(session: Session, scope: Scope, *, organisation_id: UUID) -> Sequence[Any]:
    """Return (member, plant, its site's position) of the plants below an organisation, by name."""
    below = {one.id for one in tenancy.subtree(session, scope, organisation_id)}
    return queries.members(session, scope, below)


def add_line(session: Session, scope: Scope, *, organisation_id: UUID, new: NewLine) -> ExchangeLine:
    """Tell of a line between two plants below an organisation.

    Raises Refused for ends that lie elsewhere, a carrier one of them does not have, and figures that are none.
    """
    scope.demand(organisation_id, *ASKERS)
    below = {one.id for one in tenancy.subtree(session, scope, organisation_id)}
    if new.one_id == new.other_id:
        raise Refused(
            "a line has two ends", field="other_id", value=ids.show(new.other_id), remedy="name two plants"
        )
    for field, plant_id in (("one_id", new.one_id), ("other_id", new.other_id)):
        plant = queries.plant(session, scope, plant_id)
        if plant.organisation_id not in below:
            raise Refused(
                "this plant lies elsewhere", field=field, value=ids.show(plant_id), remedy="name one below"
            )
        model = described(session, scope, plant_id=plant_id).model
        if new.carrier not in model.carriers:
            raise Refused(
                f"{model.name} has no {new.carrier}", field="carrier", value=new.carrier,
                remedy="use one of " + ", ".join(model.carriers),
            )  # fmt: skip
    _check(new)
    made = ExchangeLine(
        id=ids.new_id(), organisation_id=organisation_id, created_at=clock.now(),
        **(vars(new) | {"name": new.name.strip()}),
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(
        session, scope, action="line.added", entity="exchange_line", entity_id=made.id, organisation_id=organisation_id,
        after={"name": made.name, "carrier": made.carrier, "most": made.most},
    )  # fmt: skip
    return made


def _check(new: NewLine) -> None:
    if not 1 <= len(new.name.strip()) <= 200:
        raise Refused(
            "a name has 1 to 200 characters", field="name", value=new.name[:200], remedy="name the line"
        )
    unit = UNITS[new.carrier]
    for field, value, most in (
        ("most", new.most, 1e9), ("most_back", new.most_back, 1e9), ("fee", new.fee, 1e6), ("share", new.share, 1.0),
    ):  # fmt: skip
        if not (0 <= value <= most and (value > 0 or field != "share")):
            raise Refused(
                f"{field} is no figure for {unit} an hour", field=field, value=value,
                remedy=f"give a number from 0 to {most:g}",
            )  # fmt: skip


def end_line(session: Session, scope: Scope, *, line_id: UUID) -> None:
    """Say that a line is no longer there; rounds that were made keep it."""
    found = queries.line(session, scope, line_id)
    scope.demand(found.organisation_id, *ASKERS)
    if found.ended_at is not None:
        raise Conflict("this line is gone already", field="line_id", remedy="load the list again")
    found.ended_at = clock.now()
    session.flush()
    audit.record(
        session, scope, action="line.ended", entity="exchange_line", entity_id=found.id,
        organisation_id=found.organisation_id, after={"name": found.name},
    )  # fmt: skip


def lines(
    session: Session, scope: Scope, *, organisation_id: UUID, cursor: str | None = None, limit: int = 50
) -> paging.Page[ExchangeLine]:
    """Return a page of the lines an organisation keeps, by name."""
    tenancy.organisation(session, scope, organisation_id)
    return queries.lines(session, scope, organisation_id, cursor=cursor, limit=limit)


def _note(session: Session, scope: Scope, action: str, plant: SitePlant, after: dict[str, Any]) -> None:
    audit.record(
        session, scope, action=action, entity="plant_model", entity_id=plant.id,
        organisation_id=plant.organisation_id, after=after,
    )  # fmt: skip
