"""Hosted operation: contracts, rosters, shift books, tickets, patrols, rounds; all of the scope's organisations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, text
from sqlalchemy.orm import Session

from backend.assets.models import Installation, Tag, TagSighting
from backend.kernel import ids, paging
from backend.kernel.db import required
from backend.kernel.scope import Scope
from backend.workorders.models import (
    Duty,
    DutyShift,
    HostingContract,
    MonthlyReport,
    Patrol,
    PatrolPass,
    PatrolPlan,
    Permit,
    ReadingRound,
    ShiftEntry,
    ShiftLog,
    WorkOrder,
    WorkTicket,
)
from backend.workorders.rules.machine import OVER
from backend.workorders.rules.tickets import TicketKind, TicketStatus


def contracts(
    session: Session, scope: Scope, *, on: date | None = None, organisations: Collection[UUID] | None = None,
    cursor: str | None = None, limit: int = paging.MOST,
) -> paging.Page[HostingContract]:  # fmt: skip
    """Contracts by number; on: those that run on a day."""
    statement = select(HostingContract).where(HostingContract.organisation_id.in_(scope.organisations))
    if on is not None:
        statement = statement.where(
            HostingContract.starts_on <= on, or_(HostingContract.ends_on.is_(None), HostingContract.ends_on >= on)
        )  # fmt: skip
    if organisations is not None:
        statement = statement.where(HostingContract.organisation_id.in_(organisations))
    by = (HostingContract.number, HostingContract.id)
    return paging.page(session, statement, by=by, cursor=cursor, limit=limit)


def has_contract(session: Session, scope: Scope, organisation_id: UUID, number: str) -> bool:
    """Whether an organisation has a contract of this number."""
    found = select(HostingContract.id).where(
        HostingContract.organisation_id == organisation_id, HostingContract.number == number,
        HostingContract.organisation_id.in_(scope.organisations),
    )  # fmt: skip
    return session.scalar(select(found.exists())) or False


def contract(session: Session, scope: Scope, contract_id: UUID) -> HostingContract:
    """One contract; raises NotFound."""
    statement = select(HostingContract).where(
        HostingContract.id == contract_id, HostingContract.organisation_id.in_(scope.organisations)
    )
    return required(session, statement, "there is no such contract", contract_id=contract_id)


def staff(session: Session, scope: Scope, organisation_id: UUID) -> dict[UUID, str]:
    """Who may be on duty at a node: people who hold a working role there or above it, with their names."""
    if organisation_id not in scope.organisations:
        return {}
    rows = session.execute(
        text(
            "SELECT person_id, name FROM unnest(CAST(:roles AS text[])) role,"
            " LATERAL holders_of_role(:node, role) ORDER BY name"
        ),
        {"roles": ["dispatcher", "technician", "operator", "manager"], "node": organisation_id},
    )
    return {row[0]: row[1] for row in rows}


def shifts(
    session: Session, scope: Scope, *, start: datetime, end: datetime, organisation_id: UUID | None = None,
    people: Collection[UUID] | None = None,
) -> Sequence[DutyShift]:  # fmt: skip
    """All shifts that touch [start, end), the earliest first."""
    statement = _shifts(scope, start, end, organisation_id)
    if people is not None:
        statement = statement.where(DutyShift.person_id.in_(people))
    return session.scalars(statement.order_by(DutyShift.starts_at, DutyShift.id)).all()


def working_shifts(
    session: Session, scope: Scope, *, start: datetime, end: datetime, people: Collection[UUID]
) -> Sequence[DutyShift]:
    """Shifts of people that touch [start, end) and in which they can be sent: not those at the dispatchers' desk."""
    found = shifts(session, scope, start=start, end=end, people=people)
    return [one for one in found if one.duty is not Duty.DISPATCH]


def shifts_page(
    session: Session, scope: Scope, *, start: datetime, end: datetime, organisation_id: UUID | None,
    cursor: str | None, limit: int,
) -> paging.Page[DutyShift]:  # fmt: skip
    """A page of the shifts that touch [start, end), the earliest first."""
    query = _shifts(scope, start, end, organisation_id)
    return paging.page(session, query, by=(DutyShift.starts_at, DutyShift.id), cursor=cursor, limit=limit)


def _shifts(
    scope: Scope, start: datetime, end: datetime, organisation_id: UUID | None
) -> Select[tuple[DutyShift]]:
    statement = select(DutyShift).where(
        DutyShift.organisation_id.in_(scope.organisations),
        DutyShift.starts_at < end,
        DutyShift.ends_at > start,
    )
    if organisation_id is not None:
        statement = statement.where(DutyShift.organisation_id == organisation_id)
    return statement


def shift(session: Session, scope: Scope, shift_id: UUID) -> DutyShift:
    """One shift, locked; raises NotFound."""
    statement = select(DutyShift).where(
        DutyShift.id == shift_id, DutyShift.organisation_id.in_(scope.organisations)
    )
    return required(session, statement.with_for_update(), "there is no such shift", shift_id=shift_id)


def open_log(session: Session, scope: Scope, organisation_id: UUID, *, lock: bool = False) -> ShiftLog | None:
    """The book that is being written at a node."""
    statement = select(ShiftLog).where(
        ShiftLog.organisation_id == organisation_id, ShiftLog.organisation_id.in_(scope.organisations),
        ShiftLog.taken_at.is_(None),
    )  # fmt: skip
    return session.scalar(statement.with_for_update() if lock else statement)


def logs(
    session: Session, scope: Scope, organisation_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[ShiftLog]:
    """Books of a node, the newest first."""
    statement = select(ShiftLog).where(
        ShiftLog.organisation_id == organisation_id, ShiftLog.organisation_id.in_(scope.organisations)
    )
    return paging.page(session, statement, by=(ShiftLog.id.desc(),), cursor=cursor, limit=limit)


def entries(session: Session, scope: Scope, log_ids: Collection[UUID]) -> Sequence[ShiftEntry]:
    """Lines of books, in order."""
    return session.scalars(
        select(ShiftEntry)
        .where(ShiftEntry.shift_log_id.in_(log_ids), ShiftEntry.organisation_id.in_(scope.organisations))
        .order_by(ShiftEntry.id)
    ).all()


def open_orders(session: Session, scope: Scope, organisations: Collection[UUID]) -> Sequence[WorkOrder]:
    """Orders that are not over, the most urgent first."""
    return session.scalars(
        select(WorkOrder)
        .where(
            WorkOrder.organisation_id.in_(scope.organisations), WorkOrder.organisation_id.in_(organisations),
            WorkOrder.status.not_in(OVER), WorkOrder.is_rehearsal.is_(False),
        )
        .order_by(WorkOrder.priority.nulls_last(), WorkOrder.reported_at)
        .limit(paging.MOST)
    ).all()  # fmt: skip


def open_permits(
    session: Session, scope: Scope, organisations: Collection[UUID]
) -> Sequence[tuple[Permit, WorkOrder]]:
    """Permits not handed back, with their orders."""
    rows = session.execute(
        select(Permit, WorkOrder)
        .join(WorkOrder, WorkOrder.id == Permit.work_order_id)
        .where(
            Permit.organisation_id.in_(scope.organisations), Permit.organisation_id.in_(organisations),
            Permit.handed_back_at.is_(None),
        )
        .order_by(Permit.issued_at)
        .limit(paging.MOST)
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def take_number(session: Session, scope: Scope, organisation_id: UUID, kind: TicketKind, year: int) -> int:
    """The next number of a kind in a year. Its row stays locked until the ticket is kept, so none is left out."""
    assert organisation_id in scope.organisations, "numbers are an organisation's own"
    number: int = session.execute(
        text(
            "INSERT INTO ticket_counter (id, organisation_id, kind, year, last) VALUES (:id, :node, :kind, :year, 1)"
            " ON CONFLICT (organisation_id, kind, year) DO UPDATE SET last = ticket_counter.last + 1 RETURNING last"
        ),
        {"id": ids.new_id(), "node": organisation_id, "kind": kind.value, "year": year},
    ).scalar_one()
    return number


def tickets(
    session: Session, scope: Scope, *, organisations: Collection[UUID] | None = None,
    statuses: Collection[TicketStatus] | None = None, cursor: str | None = None, limit: int = 50,
) -> paging.Page[WorkTicket]:  # fmt: skip
    """Tickets, the newest first."""
    statement = select(WorkTicket).where(WorkTicket.organisation_id.in_(scope.organisations))
    if organisations is not None:
        statement = statement.where(WorkTicket.organisation_id.in_(organisations))
    if statuses is not None:
        statement = statement.where(WorkTicket.status.in_(statuses))
    return paging.page(session, statement, by=(WorkTicket.id.desc(),), cursor=cursor, limit=limit)


def ticket(session: Session, scope: Scope, ticket_id: UUID, *, lock: bool = False) -> WorkTicket:
    """One ticket; raises NotFound. lock: where it is not over (the database lets nobody lock one that is)."""
    statement = select(WorkTicket).where(
        WorkTicket.id == ticket_id, WorkTicket.organisation_id.in_(scope.organisations)
    )
    if lock:
        session.scalar(statement.with_for_update().execution_options(populate_existing=True))
    return required(session, statement, "there is no such ticket", ticket_id=ticket_id)


def patrol_plans(
    session: Session, scope: Scope, *, only_active: bool = True, contract_id: UUID | None = None,
    organisations: Collection[UUID] | None = None, cursor: str | None = None, limit: int = paging.MOST,
) -> paging.Page[PatrolPlan]:  # fmt: skip
    """Routes by name."""
    statement = select(PatrolPlan).where(PatrolPlan.organisation_id.in_(scope.organisations))
    if only_active:
        statement = statement.where(PatrolPlan.is_active)
    if contract_id is not None:
        statement = statement.where(PatrolPlan.contract_id == contract_id)
    if organisations is not None:
        statement = statement.where(PatrolPlan.organisation_id.in_(organisations))
    return paging.page(session, statement, by=(PatrolPlan.name, PatrolPlan.id), cursor=cursor, limit=limit)


def patrol_plan(session: Session, scope: Scope, plan_id: UUID, *, lock: bool = False) -> PatrolPlan:
    """One route; raises NotFound."""
    statement = select(PatrolPlan).where(
        PatrolPlan.id == plan_id, PatrolPlan.organisation_id.in_(scope.organisations)
    )
    if lock:
        statement = statement.with_for_update()
    return required(session, statement, "there is no such patrol", patrol_id=plan_id)


def patrols(
    session: Session, scope: Scope, *, plan_ids: Collection[UUID], since: date, until: date
) -> Sequence[Patrol]:
    """Walks of plans from a day up to a day (both included), the newest first."""
    return session.scalars(
        select(Patrol)
        .where(
            Patrol.plan_id.in_(plan_ids), Patrol.organisation_id.in_(scope.organisations),
            Patrol.walked_on >= since, Patrol.walked_on <= until,
        )
        .order_by(Patrol.walked_on.desc(), Patrol.id)
    ).all()  # fmt: skip


def passes(session: Session, scope: Scope, patrol_ids: Collection[UUID]) -> Sequence[PatrolPass]:
    """Who passed which stops of walks."""
    return session.scalars(
        select(PatrolPass).where(
            PatrolPass.patrol_id.in_(patrol_ids), PatrolPass.organisation_id.in_(scope.organisations)
        )
    ).all()


def rounds(
    session: Session, scope: Scope, *, contract_id: UUID | None = None,
    organisations: Collection[UUID] | None = None, cursor: str | None = None, limit: int = paging.MOST,
) -> paging.Page[ReadingRound]:  # fmt: skip
    """Reading rounds by due day."""
    statement = select(ReadingRound).where(
        ReadingRound.organisation_id.in_(scope.organisations), ReadingRound.is_active
    )
    if contract_id is not None:
        statement = statement.where(ReadingRound.contract_id == contract_id)
    if organisations is not None:
        statement = statement.where(ReadingRound.organisation_id.in_(organisations))
    by = (ReadingRound.due_day, ReadingRound.name, ReadingRound.id)
    return paging.page(session, statement, by=by, cursor=cursor, limit=limit)


def reading_round(session: Session, scope: Scope, round_id: UUID) -> ReadingRound:
    """One reading round; raises NotFound."""
    statement = select(ReadingRound).where(
        ReadingRound.id == round_id, ReadingRound.organisation_id.in_(scope.organisations)
    )
    return required(session, statement, "there is no such reading round", round_id=round_id)


def reports(
    session: Session, scope: Scope, contract_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[MonthlyReport]:
    """Monthly reports of a contract, the newest first."""
    query = select(MonthlyReport).where(
        MonthlyReport.contract_id == contract_id, MonthlyReport.organisation_id.in_(scope.organisations)
    )
    by = (MonthlyReport.month.desc(), MonthlyReport.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def report(session: Session, scope: Scope, contract_id: UUID, month: date) -> MonthlyReport | None:
    """The report of a month, where it was written."""
    return session.scalar(
        select(MonthlyReport).where(
            MonthlyReport.contract_id == contract_id, MonthlyReport.month == month,
            MonthlyReport.organisation_id.in_(scope.organisations),
        )
    )  # fmt: skip


def scans(
    session: Session, scope: Scope, *, positions: Collection[UUID], start: datetime, end: datetime
) -> Sequence[tuple[UUID, datetime, UUID | None]]:
    """Tags of places, or of what stands there, scanned by people in [start, end): place, when, who; in order."""
    place = func.coalesce(Tag.position_id, Installation.position_id)
    rows = session.execute(
        select(place, TagSighting.at, TagSighting.actor_id)
        .join(Tag, Tag.id == TagSighting.tag_id)
        .outerjoin(
            Installation,
            and_(
                Installation.device_id == Tag.device_id, Installation.installed_at <= TagSighting.at,
                or_(Installation.removed_at.is_(None), Installation.removed_at > TagSighting.at),
            ),
        )
        .where(
            TagSighting.organisation_id.in_(scope.organisations), TagSighting.at >= start, TagSighting.at < end,
            TagSighting.actor_id.is_not(None), place.in_(positions),
        )
        .order_by(TagSighting.at)
        .limit(10_000)
    )  # fmt: skip
    return [(row[0], row[1], row[2]) for row in rows]
