"""Contracts with customers: whom they supply, with what, at which tariff, and how they are billed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import ContractPoint, SupplyContract
from backend.billing.queries import contracts as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules import shares
from backend.billing.rules.disconnection import MOST_EMERGENCY_CREDIT
from backend.billing.rules.periods import BillingCalendar
from backend.billing.service.tariffs import parsed
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict, Refused
from backend.kernel.periods import day
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.network import service as network
from backend.tenancy import service as tenancy


@dataclass(frozen=True)
class NewContractPoint:
    """A point a contract pays for. register: what it is in the tariff; share: [millionths], for a shared meter."""

    point_id: UUID
    register: str = "import"
    share: int = shares.WHOLE


@dataclass(frozen=True)
class NewSupplyContract:
    """What is agreed; see SupplyContract. facts: what the tariff asks of it, exact numbers."""

    customer_id: UUID
    number: str
    tariff_id: UUID
    starts_on: date
    points: Sequence[NewContractPoint]
    ends_on: date | None = None
    calendar: BillingCalendar = field(default_factory=BillingCalendar)
    due_days: int = 14
    facts: Mapping[str, Decimal] = field(default_factory=dict)
    payer: str | None = None
    low_balance: Decimal | None = None
    is_prepaid: bool = False
    is_protected: bool = False
    emergency_credit: Decimal | None = None


def create_contract(
    session: Session, scope: Scope, *, organisation_id: UUID, new: NewSupplyContract
) -> SupplyContract:
    """Write down a contract; where its customer is not supplied at a point's place yet, they are from then on."""
    scope.demand(organisation_id, *KEEPERS)
    tenancy.organisation(session, scope, new.customer_id)
    number = new.number.strip()
    if not 1 <= len(number) <= 60:
        raise Refused("a contract has a number of 1 to 60 characters", field="number", value=number[:60])
    if queries.has_contract(session, scope, organisation_id, number):
        raise Conflict("this number is taken", field="number", value=number)
    if new.ends_on is not None and new.ends_on <= new.starts_on:
        raise Refused("a contract ends after it starts", field="ends_on", value=new.ends_on.isoformat())
    if not 0 <= new.due_days <= 365:
        raise Refused("bills are due within a year", field="due_days", value=new.due_days)
    _demand_small(new)
    version, tariff = parsed(session, scope, tariff_id=new.tariff_id)
    if version.organisation_id != organisation_id:
        raise Refused("this is another operator's tariff", field="tariff_id", value=ids.show(new.tariff_id))
    if lacking := sorted(tariff.needs() - new.facts.keys()):
        raise Refused(f"the tariff needs '{lacking[0]}'", field="facts", remedy="say " + ", ".join(lacking))
    made = SupplyContract(
        id=ids.new_id(), organisation_id=organisation_id, customer_id=new.customer_id, number=number,
        tariff_id=new.tariff_id, zone=tariff.zone, currency=tariff.currency, starts_on=new.starts_on,
        ends_on=new.ends_on, months=new.calendar.months, day=new.calendar.day, first=new.calendar.first,
        due_days=new.due_days, facts={name: str(value) for name, value in new.facts.items()}, payer=new.payer,
        low_balance=new.low_balance, is_prepaid=new.is_prepaid, is_protected=new.is_protected, created_at=clock.now(),
        emergency_credit=new.emergency_credit,
    )  # fmt: skip
    session.add(made)
    session.flush()
    for one in new.points:
        add_point(session, scope, contract=made, new=one)
    audit.record(
        session, scope, action="contract.created", entity="supply_contract", entity_id=made.id,
        organisation_id=organisation_id,
        after={"number": number, "customer": ids.show(new.customer_id), "starts_on": new.starts_on.isoformat()},
    )  # fmt: skip
    return made


def _demand_small(new: NewSupplyContract) -> None:
    if new.emergency_credit is None:
        return
    if not new.is_prepaid:
        raise Refused("only who pays in advance has emergency credit", field="emergency_credit",
                      value=str(new.emergency_credit))  # fmt: skip
    if not 0 < new.emergency_credit <= MOST_EMERGENCY_CREDIT:
        raise Refused(
            f"emergency credit is above 0 and at most {MOST_EMERGENCY_CREDIT}", field="emergency_credit",
            value=str(new.emergency_credit),
        )  # fmt: skip


def add_point(session: Session, scope: Scope, *, contract: SupplyContract, new: NewContractPoint) -> None:
    """Have a contract pay for a point; its customer is supplied there from then on."""
    scope.demand(contract.organisation_id, *KEEPERS)
    point = metering.point(session, scope, new.point_id)
    if not 0 < new.share <= shares.WHOLE:
        raise Refused("a share is above nothing, and at most the whole", field="share", value=new.share)
    others = [
        (row.starts_on, row.ends_on, row.share)
        for row in queries.sharers(session, scope, [point.id]) if row.register == new.register
    ]  # fmt: skip
    shares.demand_room(others, (contract.starts_on, contract.ends_on, new.share))
    session.add(
        ContractPoint(
            id=ids.new_id(), organisation_id=contract.organisation_id, contract_id=contract.id, point_id=point.id,
            register=new.register, share=new.share,
        )
    )  # fmt: skip
    session.flush()
    _supply(session, scope, contract, point.position_id)


def _supply(session: Session, scope: Scope, contract: SupplyContract, position_id: UUID) -> None:
    """Have the customer supplied at a place for the contract's time, unless they are already."""
    starts_at, ends_at = _instants(contract)
    position = network.positions_by_id(session, scope, [position_id])[position_id]
    for known in network.agreements_at(session, scope, position=position, at=starts_at):
        if known.organisation_id == contract.customer_id and (
            known.ends_at is None or (ends_at is not None and ends_at <= known.ends_at)
        ):
            return
    network.create_supply_agreement(
        session, scope, customer_id=contract.customer_id, operator_id=contract.organisation_id,
        position_id=position_id, starts_at=starts_at, ends_at=ends_at,
    )  # fmt: skip


def end_contract(session: Session, scope: Scope, *, contract_id: UUID, ends_on: date) -> SupplyContract:
    """End a contract on a local day, and with it what the customer sees of the places only it covers.

    raises Refused where a bill goes beyond that day
    """
    found = queries.kept_contract(session, scope, contract_id)
    scope.demand(found.organisation_id, *KEEPERS)
    if ends_on <= found.starts_on:
        raise Refused("a contract ends after it starts", field="ends_on", value=ends_on.isoformat())
    billed = queries.last_day(session, scope, contract_id)
    if billed is not None and billed > ends_on:
        raise Refused(
            f"it is billed until {billed}", field="ends_on", value=ends_on.isoformat(),
            remedy=f"end it on {billed} or later, or correct that bill first",
        )  # fmt: skip
    before, found.ends_on = found.ends_on, ends_on
    session.flush()
    _end_supply(session, scope, found)
    audit.record(
        session, scope, action="contract.ended", entity="supply_contract", entity_id=found.id,
        organisation_id=found.organisation_id, before={"ends_on": before and before.isoformat()},
        after={"ends_on": ends_on.isoformat()},
    )  # fmt: skip
    return found


def _end_supply(session: Session, scope: Scope, contract: SupplyContract) -> None:
    ends_at = _instants(contract)[1]
    assert ends_at is not None, "an ended contract has an end"
    places = {point.position_id for _, point in queries.points_of(session, scope, [contract.id])}
    kept = _still_supplied(session, scope, contract)
    for position in network.positions_by_id(session, scope, places - kept).values():
        for known in network.agreements_at(session, scope, position=position, at=ends_at):
            if known.organisation_id == contract.customer_id and known.position_id == position.id:
                network.end_supply_agreement(session, scope, agreement_id=known.id, ends_at=ends_at)


def _still_supplied(session: Session, scope: Scope, ended: SupplyContract) -> set[UUID]:
    """Return the places another contract of the same customer goes on to cover."""
    assert ended.ends_on is not None, "an ended contract has an end"
    others = [
        one.id for one in queries.customers_contracts(session, scope, ended.customer_id)
        if one.id != ended.id and (one.ends_on is None or one.ends_on > ended.ends_on)
    ]  # fmt: skip
    return {point.position_id for _, point in queries.points_of(session, scope, others)}


def _instants(contract: SupplyContract) -> tuple[datetime, datetime | None]:
    """Return the instants at which a contract's local days begin and end."""
    ends_at = None if contract.ends_on is None else day(contract.ends_on, contract.zone).start
    return day(contract.starts_on, contract.zone).start, ends_at


def place_of(session: Session, scope: Scope, *, contract_id: UUID) -> UUID | None:
    """Return the position of a contract's first point; None for one without points."""
    rows = queries.points_of(session, scope, [contract_id])
    return rows[0][1].position_id if rows else None


def contract(session: Session, scope: Scope, *, contract_id: UUID) -> SupplyContract:
    """Return one contract; raises NotFound."""
    return queries.contract(session, scope, contract_id)


def contracts(
    session: Session, scope: Scope, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[SupplyContract]:
    """Return a page of contracts by number."""
    return queries.contracts(session, scope, cursor=cursor, limit=limit)
