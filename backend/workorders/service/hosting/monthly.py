"""The monthly report of a hosted customer: told from what happened in the local month, kept as it was told."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, paging, periods
from backend.kernel.errors import Refused
from backend.kernel.periods import Period
from backend.kernel.scope import Role, Scope
from backend.kernel.units import Carrier
from backend.metering import service as metering
from backend.network import service as network
from backend.tenancy import service as tenancy
from backend.workorders.models import HostingContract, MonthlyReport, OrderKind
from backend.workorders.queries import hosting as queries
from backend.workorders.queries import monthly, packs
from backend.workorders.rules import monthly as rules
from backend.workorders.rules.machine import OVER, OrderStatus
from backend.workorders.rules.monthly import Month, OpenPoint, Share, Use
from backend.workorders.rules.sla import Clock
from backend.workorders.service.hosting.patrols import walks
from backend.workorders.service.hosting.rounds import progress_of
from backend.workorders.service.look import clocks_of

MAKERS = (Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
DONE = frozenset(
    {OrderStatus.CLOSED, OrderStatus.VERIFIED, OrderStatus.VERIFYING, OrderStatus.FIELD_COMPLETE}
)


def tell_month(session: Session, scope: Scope, *, contract_id: UUID, month: date) -> Month:
    """Tell a month of a contract from what happened in it; one that is not over is told up to now."""
    contract = queries.contract(session, scope, contract_id)
    scope.demand(contract.organisation_id, *MAKERS)
    zone, currency, roots = _ground(session, scope, contract)
    span = periods.month(month, zone)
    assert span.end is not None, "months end"
    if span.start > clock.now():
        raise Refused("this month has not begun", field="month", value=f"{month:%Y-%m}")
    places = monthly.places(session, scope, roots)
    customer = tenancy.organisation(session, scope, contract.customer_id)
    operator = tenancy.organisation(session, scope, contract.organisation_id)
    orders = monthly.orders(
        session, scope, customer_id=customer.id, positions=places, start=span.start, end=span.end
    )
    repairs = [one for one in orders if one.kind is OrderKind.REPAIR]
    clocks = clocks_of(session, scope, repairs)
    watched = packs.verifications(session, scope, [one.id for one in repairs])
    walked, stops = _patrols(session, scope, contract, span, zone)
    rounds, registers = _rounds(session, scope, contract, span, zone)
    inspections = [one for one in orders if one.kind is OrderKind.INSPECTION]
    promises = {
        which: rules.kept(
            (found[which].stopped_at is not None, found[which].is_breached)
            for found in clocks.values() if which in found
        )
        for which in Clock
    }  # fmt: skip
    return Month(
        month=f"{month:%Y-%m}", zone=zone, contract=contract.number, title=contract.title, customer=customer.name,
        customer_zh=customer.name_zh, operator=operator.name, operator_zh=operator.name_zh,
        made_at=clock.now().isoformat(), currency=currency, use=_use(session, scope, contract, month, zone),
        alarms=monthly.alarms_by_priority(session, scope, positions=places, start=span.start, end=span.end),
        orders=len(orders), repairs=len(repairs), response=promises[Clock.RESPONSE],
        restoration=promises[Clock.RESTORATION],
        first_time=rules.first_time_fixed(
            (str(one.work_order_id), one.cycle, one.attempt, one.verdict) for one in watched
        ),
        inspections=Share(sum(one.status in DONE for one in inspections), len(inspections)),
        patrols=walked, stops=stops, rounds=rounds, registers=registers,
        open_points=[
            OpenPoint(one.number, one.title, one.status.value, one.reported_at.isoformat(), one.title_zh)
            for one in orders if one.status not in OVER
        ],
        cost=str(sum((one.cost or Decimal(0) for one in orders), Decimal(0)).quantize(Decimal("0.01"))),
    )  # fmt: skip


def keep_report(session: Session, scope: Scope, *, contract_id: UUID, month: date) -> MonthlyReport:
    """Write the report of a month that is over; it stays as it was written, again returns it."""
    contract = queries.contract(session, scope, contract_id)
    scope.demand(contract.organisation_id, *MAKERS)
    first = month.replace(day=1)
    known = queries.report(session, scope, contract_id, first)
    if known is not None:
        return known
    zone, _currency, _roots = _ground(session, scope, contract)
    if (periods.month(first, zone).end or clock.now()) > clock.now():
        raise Refused("this month is not over", field="month", value=f"{month:%Y-%m}")
    told = tell_month(session, scope, contract_id=contract_id, month=first)
    made = MonthlyReport(
        id=ids.new_id(), organisation_id=contract.organisation_id, contract_id=contract.id, month=first,
        made_at=clock.now(), content=told.as_plain(), document_ids=[],
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(session, scope, action="hosting.report_written", entity="monthly_report", entity_id=made.id,
                 organisation_id=contract.organisation_id,
                 after={"contract": contract.number, "month": f"{first:%Y-%m}"})  # fmt: skip
    return made


def month_of(session: Session, scope: Scope, *, contract_id: UUID, month: date) -> Month:
    """Return a month as it was written, or as it would be told now."""
    known = queries.report(session, scope, contract_id, month.replace(day=1))
    if known is not None:
        return Month.read(known.content)
    return tell_month(session, scope, contract_id=contract_id, month=month.replace(day=1))


def reports(
    session: Session, scope: Scope, *, contract_id: UUID, cursor: str | None = None, limit: int = 50
) -> paging.Page[MonthlyReport]:
    """Return a page of the reports of a contract, the newest first."""
    return queries.reports(session, scope, contract_id, cursor=cursor, limit=limit)


def due_reports(session: Session, scope: Scope) -> list[tuple[UUID, date]]:
    """Return contracts whose last month is over and not written yet, each with that month."""
    found = []
    for contract in paging.every(lambda cursor: queries.contracts(session, scope, cursor=cursor)):
        zone, _currency, _roots = _ground(session, scope, contract)
        today = periods.local_date(clock.now(), zone)
        month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
        last_day = today.replace(day=1) - timedelta(days=1)
        runs = contract.starts_on <= last_day and (contract.ends_on is None or contract.ends_on >= month)
        if runs and queries.report(session, scope, contract.id, month) is None:
            found.append((contract.id, month))
    return found


def _ground(session: Session, scope: Scope, contract: HostingContract) -> tuple[str, str, frozenset[UUID]]:
    """Return a contract's time zone, currency, and the places it is about."""
    said = frozenset(UUID(one) for one in contract.position_ids)
    supplied = {
        one.position_id for one in network.supply_agreements(session, scope)
        if one.organisation_id == contract.customer_id
    }  # fmt: skip
    roots = said or frozenset(supplied)
    for place in sorted(roots):
        site = network.site_of(session, scope, place)
        return site.timezone, site.currency, roots
    return "UTC", "CNY", roots


def _use(session: Session, scope: Scope, contract: HostingContract, month: date, zone: str) -> list[Use]:
    """Return what the meters that count for the customer say of the month, the one before and that of last year."""
    first = month.replace(day=1)
    spans = [
        periods.month(day, zone)
        for day in (first, first - timedelta(days=1), first.replace(year=first.year - 1))
    ]
    points = metering.total_points(
        session, scope, organisations=scope.organisations, direction=metering.Direction.IN
    )
    holders = metering.holders(session, scope, points=points)
    mine = [one for one in points if contract.customer_id in holders[one.id]
            and (not contract.carriers or one.carrier.value in contract.carriers)]  # fmt: skip
    counted = [
        metering.counted_of_many(session, scope, points=mine, period=span, zone=zone) for span in spans
    ]
    together: dict[tuple[Carrier, str], list[UUID]] = {}
    for point in mine:
        together.setdefault((point.carrier, point.unit), []).append(point.id)
    return [
        Use(carrier.value, unit, *rules.beside(meters, *counted))
        for (carrier, unit), meters in sorted(together.items())
    ]


def _patrols(
    session: Session, scope: Scope, contract: HostingContract, span: Period, zone: str
) -> tuple[Share, Share]:
    """Return patrols walked of those owed, and stops passed of all; a walk counts when no stop was missed."""
    routes = paging.every(
        lambda cursor: queries.patrol_plans(
            session, scope, only_active=False, contract_id=contract.id, cursor=cursor
        )
    )
    plans = [one.id for one in routes]
    days = _days(span, zone)
    walked = walks(session, scope, plan_ids=plans, since=days[0], until=days[1]) if plans else []
    passed = sum(len(one.passed) for one in walked)
    done = sum(len(one.passed) == len(one.patrol.stops) for one in walked)
    return Share(done, max(contract.patrols, len(walked))), Share(
        passed, sum(len(one.patrol.stops) for one in walked)
    )


def _rounds(
    session: Session, scope: Scope, contract: HostingContract, span: Period, zone: str
) -> tuple[Share, Share]:
    """Return reading rounds done of those owed, and registers read of all."""
    mine = paging.every(lambda cursor: queries.rounds(session, scope, contract_id=contract.id, cursor=cursor))
    found = progress_of(session, scope, rounds=list(mine), month=_days(span, zone)[0])
    done = sum(one.done == len(one.stops) for one in found)
    return Share(done, max(contract.rounds, len(found))), Share(
        sum(one.done for one in found), sum(len(one.stops) for one in found)
    )


def _days(span: Period, zone: str) -> tuple[date, date]:
    assert span.end is not None, "months end"
    return periods.local_date(span.start, zone), periods.local_date(span.end - timedelta(hours=1), zone)
