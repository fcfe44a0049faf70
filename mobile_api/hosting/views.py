"""Hosted operation: contracts and their months, roster, tickets, patrols, reading rounds."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.workorders.rules.tickets import TicketKind
from backend.workorders.service import hosting as service
from backend.workorders.service.hosting import Duty, NewContract, NewPatrol, NewRound, NewTicket
from mobile_api.fields import Area, PageQuery, page_of
from mobile_api.hosting.schemas import (
    MOST_OPEN,
    DutyShiftSchema,
    HostingContractSchema,
    HostingMonthSchema,
    MonthQuery,
    NewShiftSchema,
    NewTicketSchema,
    PatrolPlanSchema,
    RoundProgressSchema,
    RoundSchema,
    SpanQuery,
    SwapSchema,
    TicketActionSchema,
    TicketSchema,
)

blp = Area("hosting", __name__, url_prefix="/hosting", description="Hosted operation of customers' plants.")


@blp.route("/contracts")
class Contracts(MethodView):
    """Contracts of hosted operation."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(HostingContractSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List contracts by number (staff)."""
        return service.contracts(g.session, g.scope, **page).each(_contract)

    @blp.arguments(HostingContractSchema)
    @blp.response(201, HostingContractSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Write down a contract (managers, administrators)."""
        where = new.pop("organisation_id")
        return _contract(
            service.add_contract(g.session, g.scope, organisation_id=where, new=NewContract(**new))
        )


@blp.route("/contracts/<id:hosting_id>/month")
class HostedMonth(MethodView):
    """A month of a contract."""

    @blp.arguments(MonthQuery, location="query")
    @blp.response(200, HostingMonthSchema)
    def get(self, query: dict[str, Any], hosting_id: UUID) -> Any:
        """Tell what happened in a month; PDF and workbook lie in the customer's documents once it is over."""
        month = date.fromisoformat(f"{query['month']}-01")
        found = service.month_of(g.session, g.scope, contract_id=hosting_id, month=month)
        return vars(found) | {"open_points": found.open_points[:MOST_OPEN], "open": len(found.open_points)}


@blp.route("/shifts")
class Shifts(MethodView):
    """The duty roster."""

    @blp.arguments(SpanQuery, location="query")
    @blp.response(200, page_of(DutyShiftSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List the shifts that touch a period, the earliest first."""
        return service.list_shifts(g.session, g.scope, organisation_id=query.pop("organisation"), **query)

    @blp.arguments(NewShiftSchema)
    @blp.response(201, DutyShiftSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Put somebody on duty; nobody is on duty twice at once (dispatchers, managers, administrators)."""
        return service.add_shift(g.session, g.scope, **new | {"duty": Duty(new["duty"])})


@blp.route("/shifts/<id:shift_id>/swap")
class ShiftSwap(MethodView):
    """A shift that somebody else does."""

    @blp.arguments(SwapSchema)
    @blp.response(200, DutyShiftSchema)
    def post(self, said: dict[str, Any], shift_id: UUID) -> Any:
        """Give a shift to somebody else, with a reason."""
        return service.swap_shift(g.session, g.scope, shift_id=shift_id, **said)


@blp.route("/tickets")
class Tickets(MethodView):
    """Work and switching tickets."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(TicketSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List tickets, the newest first."""
        return service.tickets(g.session, g.scope, **page)

    @blp.arguments(NewTicketSchema)
    @blp.response(201, TicketSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Issue a ticket under the next number of its kind and year."""
        where, kind = new.pop("organisation_id"), TicketKind(new.pop("kind"))
        return service.issue_ticket(g.session, g.scope, organisation_id=where, new=NewTicket(kind, **new))


@blp.route("/tickets/<id:ticket_id>")
class Ticket(MethodView):
    """One ticket."""

    @blp.response(200, TicketSchema)
    def get(self, ticket_id: UUID) -> Any:
        """Return a ticket with its steps."""
        return service.ticket(g.session, g.scope, ticket_id=ticket_id)

    @blp.arguments(TicketActionSchema)
    @blp.response(200, TicketSchema)
    def post(self, said: dict[str, Any], ticket_id: UUID) -> Any:
        """Approve it as the second person, tick the next step, finish it, or make it void with a reason."""
        if said["action"] == "approve":
            return service.approve_ticket(g.session, g.scope, ticket_id=ticket_id)
        if said["action"] == "tick":
            return service.tick_step(g.session, g.scope, ticket_id=ticket_id, place=said["place"])
        if said["action"] == "finish":
            return service.finish_ticket(g.session, g.scope, ticket_id=ticket_id)
        return service.void_ticket(g.session, g.scope, ticket_id=ticket_id, reason=said["reason"])


@blp.route("/patrols")
class Patrols(MethodView):
    """Patrols."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(PatrolPlanSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List the routes that are walked, by name."""
        return service.patrol_plans(g.session, g.scope, **page).each(lambda one: _with_ids(one, "stops"))

    @blp.arguments(PatrolPlanSchema)
    @blp.response(201, PatrolPlanSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Plan a patrol: an inspection order a day; tags scanned on the way count as passed."""
        return _with_ids(service.plan_patrol(g.session, g.scope, new=NewPatrol(**new)), "stops")


@blp.route("/rounds")
class Rounds(MethodView):
    """Reading rounds."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(RoundProgressSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List this month's rounds with what was read, those due first at the top."""
        return service.reading_rounds(g.session, g.scope, **page)

    @blp.arguments(RoundSchema)
    @blp.response(201, RoundProgressSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Plan a reading round."""
        made = service.plan_round(g.session, g.scope, new=NewRound(**new))
        return service.reading_round(g.session, g.scope, round_id=made.id)


def _contract(one: Any) -> dict[str, Any]:
    return _with_ids(one, "position_ids")


def _with_ids(one: Any, name: str) -> dict[str, Any]:
    """Return a row's columns, its list of ids as ids."""
    row = {column.key: getattr(one, column.key) for column in one.__table__.columns}
    return row | {name: [UUID(id_) for id_ in row[name]]}
