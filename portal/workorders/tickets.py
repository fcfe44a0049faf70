"""Work and switching tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backend.kernel.errors import EnerfieldError
from backend.network import service as network
from backend.tenancy import service as tenancy
from backend.workorders import service as work
from backend.workorders.rules.tickets import done as steps_done
from backend.workorders.rules.tickets import shown
from backend.workorders.service import hosting as service
from backend.workorders.service.hosting import NewTicket, TicketKind, WorkTicket
from portal import forms, language
from portal.address import asked, following
from portal.forms import Field, Page
from portal.navigation import below, look
from portal.pages import done, pages, refused
from portal.words import named_here as named
from reports import tickets as paper

KINDS = {"work": _l("Work ticket"), "switching": _l("Switching ticket")}
STATES = {
    "issued": _l("waits for approval"),
    "approved": _l("approved"),
    "finished": _l("finished"),
    "void": _l("void"),
}


@pages.get("/tickets")
def tickets() -> str:
    """Answer: which tickets are being worked off, and which were?"""
    node = look()
    is_over = request.args.get("show") == "over"
    page = service.tickets(g.session, g.scope, organisations=below(node), is_open=not is_over, cursor=asked())
    return render_template(
        "workorders/hosting/tickets.html", found=page.items, next=following(page),
        is_over=is_over, kinds=KINDS, states=STATES, shown=shown, steps_done=steps_done,
    )  # fmt: skip


@pages.route("/tickets/new", methods=["GET", "POST"])
def new_ticket() -> Any:
    """Issue a ticket."""
    node = look()
    page = Page(
        _("New ticket"), _("What is done, step by step?"),
        [{"link": url_for("portal.tickets"), "name": _("Tickets")}], _("Issue it"),
        [Field("kind", _("Kind"), kind="select", options=list(KINDS.items()), is_half=False),
         Field("title", _("Task"), is_half=False),
         Field("steps", _("Steps, one a line, in their order"), kind="area", is_half=False)],
        aside=_("A second person approves it before work begins."),
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        new = NewTicket(
            TicketKind(forms.among("kind", KINDS)),
            forms.text("title"),
            forms.text("steps", 20_000).splitlines(),
            g.zone,
        )
        made = service.issue_ticket(g.session, g.scope, organisation_id=node.id, new=new)
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Issued."), url_for("portal.ticket", ticket_id=made.id))


@pages.get("/tickets/<uuid:ticket_id>")
def ticket(ticket_id: UUID) -> str:
    """Answer: what is the next step?"""
    look()
    found = service.ticket(g.session, g.scope, ticket_id=ticket_id)
    return render_template(
        "workorders/hosting/ticket.html", found=found, number=shown(found.kind, found.year, found.number), kinds=KINDS,
        states=STATES, names=_names(found), following=steps_done(found.steps), instants=_instants(found),
        is_mine=found.issued_by == g.scope.actor_id,
    )  # fmt: skip


@pages.post("/tickets/<uuid:ticket_id>/<any(approve,tick,finish,void):action>")
def act_on_ticket(ticket_id: UUID, action: str) -> Any:
    """Approve it, do a step, finish it or make it void."""
    back = url_for("portal.ticket", ticket_id=ticket_id)
    about = {"ticket_id": ticket_id}
    try:
        if action == "approve":
            service.approve_ticket(g.session, g.scope, **about)
        elif action == "tick":
            service.tick_step(g.session, g.scope, **about, place=forms.whole("place") or 0)
        elif action == "finish":
            service.finish_ticket(g.session, g.scope, **about)
        else:
            service.void_ticket(g.session, g.scope, **about, reason=forms.text("reason", 500))
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Done."), back)


@pages.get("/tickets/<uuid:ticket_id>/print")
def print_ticket(ticket_id: UUID) -> Response:
    """Hand out a ticket as PDF."""
    look()
    found = service.ticket(g.session, g.scope, ticket_id=ticket_id)
    names, zone = _names(found), ZoneInfo(g.zone)

    def signed(at: datetime | None, by: UUID | None) -> str:
        return f"{names.get(by, '')} {at.astimezone(zone):%Y-%m-%d %H:%M}".strip() if at else "–"

    place = network.positions_by_id(g.session, g.scope, [found.position_id] if found.position_id else [])
    orders = work.orders_by_id(
        g.session, g.scope, order_ids=[found.work_order_id] if found.work_order_id else []
    )
    number = shown(found.kind, found.year, found.number)
    steps = [
        (one["text"], f"{at.astimezone(zone):%m-%d %H:%M}" if at else "", names.get(by, "") if by else "")
        for one, (at, by) in zip(found.steps, _instants(found), strict=True)
    ]
    said = paper.Ticket(
        found.kind.value, number, found.title, " ".join(named(one) for one in place.values()) or "–",
        " ".join(one.number for one in orders) or "–", signed(found.issued_at, found.issued_by),
        signed(found.approved_at, found.approved_by), signed(found.ended_at, found.ended_by), steps,
        found.void_reason or "",
    )  # fmt: skip
    answer = Response(paper.pdf(said, language.current()), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    return answer


def _instants(found: WorkTicket) -> list[tuple[datetime | None, UUID | None]]:
    """Return when each step was done and by whom."""
    return [
        (datetime.fromisoformat(one["done_at"]), _person(one["done_by"])) if one["done_at"] else (None, None)
        for one in found.steps
    ]


def _person(said: str) -> UUID | None:
    return UUID(said) if said != "system" else None


def _names(found: WorkTicket) -> dict[UUID | None, str]:
    people = {found.issued_by, found.approved_by, found.ended_by, *(by for _at, by in _instants(found))} - {
        None
    }
    names: dict[UUID | None, str] = {None: ""}
    names.update(tenancy.names(g.session, g.scope, [one for one in people if one]).items())
    return names
