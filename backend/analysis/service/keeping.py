"""What operators keep beside drivers: own factors, standard quotas, measures, purchases; each change is audited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.analysis.models import Measure, OwnFactor, Purchase, UseQuota
from backend.analysis.queries import drivers as queries
from backend.analysis.rules import factors
from backend.analysis.rules.benefit import Investment
from backend.analysis.rules.factors import Kind
from backend.analysis.rules.peers import Basis
from backend.analysis.service import subject as subjects
from backend.analysis.service.drivers import EDITORS
from backend.billing.service import tariffs
from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Role, Scope
from backend.kernel.units import Carrier
from backend.metering import service as metering

ACCOUNTANTS = (Role.MANAGER, Role.ADMINISTRATOR)


@dataclass(frozen=True)
class NewMeasure:
    """Something done to use less; see Measure."""

    name: str
    begun_on: date
    outlay: Decimal
    yearly: Decimal
    years: int
    rate: Decimal
    carrier: Carrier | None = None
    currency: str = "CNY"


@dataclass(frozen=True)
class NewPurchase:
    """What is bought through an intake's meter; see Purchase."""

    point_id: UUID
    tariff_id: UUID
    starts_on: date
    ends_on: date | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NewQuota:
    """What a standard allows a trade in a year; see UseQuota."""

    trade: str
    carrier: Carrier
    basis: Basis
    from_on: date
    value: float
    source: str


def record_factor(
    session: Session, scope: Scope, *, organisation_id: UUID, carrier: Carrier, kind: Kind, from_on: date,
    value: Decimal, source: str,
) -> OwnFactor:  # fmt: skip
    """Say what a unit of a carrier counts as from a day on, for the organisation and all below it."""
    scope.demand(organisation_id, *EDITORS)
    factors.demand_sound(carrier, value, source)
    for known in queries.own_factors(session, scope, [organisation_id]):
        if (known.carrier, known.kind, known.from_on) == (carrier, kind, from_on):
            raise Conflict("this factor is said from that day on already", field="from_on", value=from_on.isoformat(),
                           remedy="remove that one first, or say it from another day on")  # fmt: skip
    made = OwnFactor(id=ids.new_id(), organisation_id=organisation_id, carrier=carrier, kind=kind, from_on=from_on,
                     value=value, source=source.strip(), **_entered(scope))  # fmt: skip
    return _kept(session, scope, made, {"carrier": carrier.value, "kind": kind.value, "value": str(value)})


def record_quota(session: Session, scope: Scope, *, organisation_id: UUID, new: NewQuota) -> UseQuota:
    """Keep what a standard allows a trade to use in a year."""
    scope.demand(organisation_id, *EDITORS)
    factors.unit_of(new.carrier)
    if not 0 < new.value < 1e9:
        raise Refused(
            "a quota is above nothing", field="value", value=new.value, remedy="write it per unit and year"
        )
    if not new.trade.strip():
        raise Refused(
            "a quota is for a trade", field="trade", value="", remedy="write it as the organisations say it"
        )
    if len(new.source.strip()) < 3:
        raise Refused("a quota says which standard it is from", field="source", value=new.source,
                      remedy="name the standard, such as GB/T 51161-2016")  # fmt: skip
    for known in queries.quotas(session, scope, [organisation_id]):
        if (known.trade, known.carrier, known.basis, known.from_on) == (
            new.trade.strip(), new.carrier, new.basis, new.from_on,
        ):  # fmt: skip
            raise Conflict("this quota is kept from that day on already", field="from_on",
                           value=new.from_on.isoformat(), remedy="remove that one first")  # fmt: skip
    made = UseQuota(id=ids.new_id(), organisation_id=organisation_id, trade=new.trade.strip(), carrier=new.carrier,
                    basis=new.basis, from_on=new.from_on, value=new.value, source=new.source.strip(),
                    **_entered(scope))  # fmt: skip
    return _kept(
        session, scope, made, {"trade": made.trade, "carrier": new.carrier.value, "value": new.value}
    )


def record_measure(session: Session, scope: Scope, *, organisation_id: UUID, new: NewMeasure) -> Measure:
    """Keep something that was done to use less, with what it cost and what it is to save."""
    scope.demand(organisation_id, *EDITORS)
    if not new.name.strip():
        raise Refused("a measure has a name", field="name", value="", remedy="write what was done")
    if len(new.currency) != 3 or not new.currency.isalpha():
        raise Refused("a currency is three letters", field="currency", value=new.currency, remedy="write CNY")
    Investment(new.outlay, new.yearly, new.years, new.rate)
    made = Measure(id=ids.new_id(), organisation_id=organisation_id, name=new.name.strip(), carrier=new.carrier,
                   begun_on=new.begun_on, outlay=new.outlay, currency=new.currency.upper(), yearly=new.yearly,
                   years=new.years, rate=new.rate, **_entered(scope))  # fmt: skip
    return _kept(
        session, scope, made, {"name": made.name, "outlay": str(new.outlay), "yearly": str(new.yearly)}
    )


def record_purchase(session: Session, scope: Scope, *, organisation_id: UUID, new: NewPurchase) -> Purchase:
    """Say at which tariff an organisation buys what an intake's meter counts."""
    scope.demand(organisation_id, *ACCOUNTANTS)
    point = metering.point(session, scope, new.point_id)
    tariffs.parsed(session, scope, tariff_id=new.tariff_id)
    if point.kind not in ("register", "interval"):
        raise Refused(
            "only what is counted is bought", field="point_id", value=point.name, remedy="choose a meter"
        )
    if new.ends_on is not None and new.ends_on <= new.starts_on:
        raise Refused(
            "it ends after it starts", field="ends_on", value=new.ends_on.isoformat(), remedy="mend it"
        )
    for known in queries.purchases_through(session, scope, point.id):
        is_before = known.ends_on is not None and known.ends_on <= new.starts_on
        is_after = new.ends_on is not None and new.ends_on <= known.starts_on
        if not is_before and not is_after:
            raise Conflict("what this meter counts is bought at another tariff then", field="starts_on",
                           value=new.starts_on.isoformat(), remedy="end that one first")  # fmt: skip
    made = Purchase(id=ids.new_id(), organisation_id=organisation_id, point_id=point.id, tariff_id=new.tariff_id,
                    starts_on=new.starts_on, ends_on=new.ends_on, facts=dict(new.facts), **_entered(scope))  # fmt: skip
    return _kept(session, scope, made, {"point": ids.show(point.id), "tariff": ids.show(new.tariff_id)})


def quotas(session: Session, scope: Scope, *, organisation_id: UUID) -> Sequence[UseQuota]:
    """Return what standards allow, as an organisation or those above it keep it."""
    one = subjects.subject(session, scope, organisation_id)
    return queries.quotas(session, scope, one.path)


def purchases(session: Session, scope: Scope, *, organisation_id: UUID) -> Sequence[Purchase]:
    """Return what an organisation and those below buy."""
    one = subjects.subject(session, scope, organisation_id)
    return queries.purchases(session, scope, one.organisations)


FINDERS = {
    "factor": queries.own_factor, "quota": queries.quota, "measure": queries.measure, "purchase": queries.purchase,
}  # fmt: skip


def remove(session: Session, scope: Scope, *, kind: str, id_: UUID) -> None:
    """Take back one of FINDERS' kinds; raises NotFound."""
    found: Any = FINDERS[kind](session, scope, id_)
    scope.demand(found.organisation_id, *(ACCOUNTANTS if kind == "purchase" else EDITORS))
    audit.record(session, scope, action=f"{kind}.removed", entity=found.__tablename__, entity_id=found.id,
                 organisation_id=found.organisation_id)  # fmt: skip
    session.delete(found)
    session.flush()


def _entered(scope: Scope) -> dict[str, Any]:
    return {"entered_at": clock.now(), "entered_by": scope.actor_id}


def _kept(session: Session, scope: Scope, made: Any, after: dict[str, Any]) -> Any:
    session.add(made)
    session.flush()
    audit.record(session, scope, action=f"{made.__tablename__}.recorded", entity=made.__tablename__, entity_id=made.id,
                 organisation_id=made.organisation_id, after=after)  # fmt: skip
    return made
