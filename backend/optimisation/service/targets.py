"""Targets a region asks of plants, and the answers; what is accepted binds the plans that follow."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, paging, periods
from backend.kernel.errors import Refused
from backend.kernel.events import publish
from backend.kernel.scope import Scope
from backend.network import service as network
from backend.optimisation import events, queries
from backend.optimisation.models import CoordinationTarget, SitePlant
from backend.optimisation.rules import hours
from backend.optimisation.rules import model as rules
from backend.optimisation.rules.coordination import asking
from backend.optimisation.rules.coordination.asking import Ask, Mandate, Reason, Standing, State
from backend.optimisation.rules.targets import Kind, Target
from backend.optimisation.service import joining
from backend.optimisation.service.collecting import collect, now_of
from backend.optimisation.service.making import MAKERS, as_system, newest_plan
from backend.optimisation.service.plants import described
from backend.tenancy import service as tenancy


@dataclass(frozen=True)
class NewTarget:
    """What a region asks (see `CoordinationTarget`)."""

    kind: Kind
    most: float
    begins_at: datetime
    ends_at: datetime
    answer_by: datetime
    carrier: str = ""
    pays: Decimal = Decimal(0)
    round_id: UUID | None = None


def propose(
    session: Session, scope: Scope, *, organisation_id: UUID, plant_id: UUID, new: NewTarget
) -> CoordinationTarget:
    """Ask a plant below an organisation for something; what it means to the plant is worked out and kept.

    Raises Refused for a plant that is not joined or lies elsewhere, and for hours that cannot be planned yet.
    """
    scope.demand(organisation_id, *joining.ASKERS)
    plant = queries.plant(session, scope, plant_id)
    below = {one.id for one in tenancy.subtree(session, scope, organisation_id)}
    if plant.organisation_id not in below or joining.member(session, scope, plant_id=plant_id) is None:
        raise Refused(
            "this plant is not joined here", field="plant_id", value=ids.show(plant_id), remedy="let it join"
        )
    now = clock.now()
    _check(new, now)
    target = Target(new.kind, new.most, new.begins_at, new.ends_at, new.carrier)
    facts, unit, currency = _facts(session, scope, plant, target, now)
    made = CoordinationTarget(
        id=ids.new_id(), organisation_id=plant.organisation_id, region_id=organisation_id, plant_id=plant_id,
        round_id=new.round_id, kind=new.kind, carrier=new.carrier, most=new.most, unit=unit, begins_at=new.begins_at,
        ends_at=new.ends_at, pays=new.pays, currency=currency, answer_by=new.answer_by, state=State.PROPOSED,
        counters=0, remark="", natural=facts.natural, cost=facts.cost,
        least=facts.least if np.isfinite(facts.least) else None,
        asked_at=now, asked_by=scope.actor_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    _note(session, scope, made, "target.proposed")
    return made


def accept(session: Session, scope: Scope, *, target_id: UUID) -> CoordinationTarget:
    """Let a plant accept; its plans keep to it from then on."""
    return _answered(session, scope, target_id, lambda ask, _facts, _mandate, now: asking.accept(ask, now))


def counter(
    session: Session, scope: Scope, *, target_id: UUID, amount: float, wants: Decimal
) -> CoordinationTarget:
    """Let a plant offer something looser, for a price [currency]."""
    return _answered(
        session, scope, target_id,
        lambda ask, facts, mandate, now: asking.counter(
            ask, amount, float(wants), facts=facts, mandate=mandate, at=now
        ),
    )  # fmt: skip


def refuse(
    session: Session, scope: Scope, *, target_id: UUID, reason: Reason, remark: str = ""
) -> CoordinationTarget:
    """Let a plant refuse within the limits it agreed to."""
    return _answered(
        session, scope, target_id,
        lambda ask, facts, mandate, now: asking.refuse(ask, reason, remark, facts=facts, mandate=mandate, at=now),
    )  # fmt: skip


def agree(session: Session, scope: Scope, *, target_id: UUID) -> CoordinationTarget:
    """Let the region take a plant's counter."""
    return _settled(session, scope, target_id, asking.agree, "target.agreed")


def revise(
    session: Session, scope: Scope, *, target_id: UUID, most: float, pays: Decimal, answer_by: datetime
) -> CoordinationTarget:
    """Let the region ask anew after a counter."""
    return _settled(
        session,
        scope,
        target_id,
        lambda ask: asking.revise(ask, most, float(pays), answer_by),
        "target.revised",
    )


def withdraw(session: Session, scope: Scope, *, target_id: UUID) -> CoordinationTarget:
    """Let the region take back what is not settled."""
    return _settled(session, scope, target_id, asking.withdraw, "target.withdrawn")


def target(session: Session, scope: Scope, *, target_id: UUID) -> CoordinationTarget:
    """Return one target; raises NotFound."""
    return queries.target(session, scope, target_id)


def targets(
    session: Session, scope: Scope, *, plant_id: UUID | None = None, region_id: UUID | None = None,
    organisations: Collection[UUID] | None = None, cursor: str | None = None, limit: int = 50,
) -> paging.Page[CoordinationTarget]:  # fmt: skip
    """Return a page of targets, of a plant, of some organisations' or of those a region asked for, the newest first."""
    return queries.targets(
        session, scope, plant_id=plant_id, region_id=region_id, organisations=organisations, cursor=cursor, limit=limit
    )  # fmt: skip


def state_now(found: CoordinationTarget) -> State:
    """Return how far a target has come: what nobody answered in time has lapsed."""
    return asking.lapse(_ask(found), clock.now()).state


def _check(new: NewTarget, now: datetime) -> None:
    if not now < new.answer_by <= new.begins_at:
        raise Refused(
            "an answer is due after now and before the target begins", field="answer_by",
            value=new.answer_by.isoformat(), remedy="leave time to answer",
        )  # fmt: skip
    if new.ends_at <= new.begins_at:
        raise Refused(
            "a target ends after it begins",
            field="ends_at",
            value=new.ends_at.isoformat(),
            remedy="give its hours",
        )
    if new.pays < 0:
        raise Refused("a price is from 0 up", field="pays", value=str(new.pays), remedy="give 0 for none")
    if (new.kind is Kind.CO2) != (new.carrier == ""):
        raise Refused(
            "CO2 counts all carriers, a peak or an energy one", field="carrier", value=new.carrier,
            remedy="name the carrier, or none for CO2",
        )  # fmt: skip


def _facts(
    session: Session, scope: Scope, plant: SitePlant, target: Target, now: datetime
) -> tuple[Standing, str, str]:
    """Return what a target means to a plant, its unit, and the currency."""
    about = described(session, scope, plant_id=plant.id)
    site = network.site_of(session, scope, plant.site_id)
    start = hours.quarter(now) + hours.QUARTER
    planned = hours.horizon(
        start, max(target.ends_at, start + hours.QUARTER), about.model.fine_h, site.timezone
    )
    before = newest_plan(session, scope, plant.id)
    given, _ = collect(session, as_system(scope, plant), about, planned, now_of(about, now, before))
    task = rules.task(about.model, given, currency=site.currency)
    return asking.standing(task, target), target.unit(task.plant), site.currency


Answer = Callable[[Ask, Standing, Mandate, datetime], Ask]


def _answered(session: Session, scope: Scope, target_id: UUID, answer: Answer) -> CoordinationTarget:
    found = queries.target(session, scope, target_id, is_held=True)
    scope.demand(found.organisation_id, *MAKERS)
    now = clock.now()
    least = float("inf") if found.least is None else found.least
    after = answer(
        _ask(found), Standing(found.natural, least, found.cost), _mandate(session, scope, found, now), now
    )
    _keep(found, after)
    found.answered_at, found.answered_by = now, scope.actor_id
    session.flush()
    _note(session, scope, found, f"target.{after.state.value}")
    return found


def _settled(
    session: Session, scope: Scope, target_id: UUID, step: Callable[[Ask], Ask], action: str
) -> CoordinationTarget:
    found = queries.target(session, scope, target_id, is_held=True)
    scope.demand(found.region_id, *joining.ASKERS)
    _keep(found, step(_ask(found)))
    session.flush()
    _note(session, scope, found, action)
    return found


def _mandate(session: Session, scope: Scope, found: CoordinationTarget, now: datetime) -> Mandate:
    agreed = queries.member(session, scope, found.plant_id)
    zone = network.site_of(session, scope, queries.plant(session, scope, found.plant_id).site_id).timezone
    since = periods.month(periods.local_date(now, zone), zone).start
    if agreed is None:
        return Mandate()
    used = queries.own_refusals(session, scope, found.plant_id, since)
    return Mandate(float(agreed.bears), agreed.refusals_a_month - used, agreed.counters_most)


def _ask(found: CoordinationTarget) -> Ask:
    target = Target(found.kind, found.most, found.begins_at, found.ends_at, found.carrier)
    wants = None if found.wants is None else float(found.wants)
    return Ask(target, float(found.pays), found.answer_by, found.state, found.counters, found.counter, wants,
               found.reason, found.remark)  # fmt: skip


def _keep(found: CoordinationTarget, after: Ask) -> None:
    found.state, found.counters, found.counter, found.reason = (
        after.state,
        after.counters,
        after.counter,
        after.reason,
    )
    found.most, found.answer_by, found.remark = after.target.most, after.answer_by, after.remark
    found.pays = found.pays if float(found.pays) == after.pays else Decimal(repr(after.pays))
    found.wants = None if after.wants is None else Decimal(repr(after.wants))


def _note(session: Session, scope: Scope, found: CoordinationTarget, action: str) -> None:
    audit.record(
        session, scope, action=action, entity="coordination_target", entity_id=found.id,
        organisation_id=found.organisation_id,
        after={"state": found.state.value, "most": found.most, "pays": str(found.pays), "remark": found.remark},
    )  # fmt: skip
    body = {"target_id": str(found.id), "plant_id": str(found.plant_id), "state": found.state.value}
    publish(session, events.event(events.TARGET_MOVED, found.organisation_id, body, actor_id=scope.actor_id))
