"""Alarms: the dispatcher's board, the list, one alarm with its history; acknowledging, commenting, shelving."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.alarms import service
from backend.kernel import clock
from backend.kernel.errors import EnerfieldError
from backend.kernel.paging import Page
from backend.workorders import service as work
from backend.workorders.rules.machine import OrderStatus
from portal import figures, navigation, wires
from portal.address import asked, following, here, view_of_request
from portal.navigation import look, may_acknowledge
from portal.pages import done, own_path, pages, refused
from portal.terms import DEEDS, word

ORDERS_SHOWN = 6
"""Work orders shown on the board; the list has all."""
AROUND = timedelta(hours=3)
"""How much of the curve is shown before an alarm."""


@pages.get("/board")
def board() -> str:
    """Answer: what burns, who has seen it, what is silent?"""
    node = look()
    open_alarms = _open(node, ["unacknowledged", "returned"], 30)
    return render_template(
        "alarms/board.html", node=node, counts=_counts(node), alarms=open_alarms, may_act=may_acknowledge(),
        seen_to=_open(node, ["acknowledged"], 12), silent=wires.silent(), unsorted=_unsorted(node), due=_due(node),
    )  # fmt: skip


def _unsorted(node: Any) -> list[work.OrderRow]:
    """Return what was reported and waits for somebody to say how grave it is, the newest first."""
    wanted = work.OrderFilter(
        statuses=[OrderStatus.REPORTED, OrderStatus.REOPENED], organisations=_below(node)
    )
    return list(work.orders(g.session, g.scope, wanted, limit=ORDERS_SHOWN).items)


def _due(node: Any) -> list[tuple[work.OrderRow, Any]]:
    """Return the orders whose promise ends next, each with the clock that runs out first."""
    page = work.orders(g.session, g.scope, work.OrderFilter(organisations=_below(node)), limit=100)
    running = [
        (row, min(clocks, key=lambda one: one.left))
        for row in page.items
        if (clocks := [one for one in row.clocks.values() if one.stopped_at is None and not one.is_paused])
    ]
    return sorted(running, key=lambda pair: pair[1].left)[:ORDERS_SHOWN]


def _below(node: Any) -> frozenset[UUID] | None:
    return navigation.below(node) if node else None


@pages.get("/alarms")
def alarms() -> str:
    """Answer: what is wrong, since when, and who has seen it?"""
    node = look()
    show = request.args.get("show", "open")
    chosen = request.args.get("priority", type=int)
    page = _listed(node, show, chosen)
    counts = _counts(node)
    return render_template(
        "alarms/alarms.html",
        alarms=page.items,
        next=following(page),
        counts=counts,
        total=sum(count.open for count in counts.values()),
        show=show,
        chosen=chosen,
        may_act=may_acknowledge(),
        is_staff=navigation.is_staff(),
        tab=lambda name: here(show=name, priority=None, after=None),
        of_priority=lambda level: here(priority=None if level == chosen else level, after=None),
    )


@pages.get("/alarms/rows")
def alarm_rows() -> str:
    """Give the overview's short list again, after something about alarms changed."""
    node = look()
    return render_template("alarms/rows.html", alarms=_open(node, None, 6))


@pages.get("/alarms/count")
def alarm_count() -> str:
    """Give the number beside the bell again, after something about alarms changed."""
    look()
    return str(navigation.waiting_alarms())


@pages.get("/alarms/<uuid:alarm_id>")
def alarm(alarm_id: UUID) -> str:
    """Show one alarm: its curve, what happened, and what can be done."""
    found = service.alarm(g.session, g.scope, alarm_id)
    view = view_of_request()
    point = figures.point_of(found.point_id)
    lines = service.history(g.session, g.scope, alarm_id, cursor=asked("earlier"), limit=50)
    events = [
        {
            "at": one.at, "words": word(DEEDS, one.kind), "value": one.value, "actor": one.actor,
            "comment": one.comment,
        }
        for one in lines.items
    ]  # fmt: skip
    orders = work.orders(
        g.session,
        g.scope,
        work.OrderFilter(statuses=list(OrderStatus), alarm_id=found.id),
        limit=ORDERS_SHOWN,
    ).items
    limit = found.limit if found.unit == point.unit and found.kind != "silence" else None
    until = min(clock.now(), (found.closed_at or clock.now()) + AROUND)
    return render_template(
        "alarms/alarm.html", alarm=found, events=events, may_act=may_acknowledge(), view=view, point=point,
        curve=figures.around(point, found.raised_at - AROUND, until, limit), orders=orders,
        rule_link=_rule_link(found),
        earlier=following(lines, "earlier"),
    )  # fmt: skip


@pages.post("/alarms/<uuid:alarm_id>/acknowledge")
def acknowledge(alarm_id: UUID) -> Response:
    """Say that somebody has seen an alarm and sees to it."""
    back = own_path(request.form.get("next"))
    try:
        service.acknowledge(
            g.session, g.scope, alarm_id, comment=request.form.get("comment", "").strip() or None
        )
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Acknowledged."), back)


@pages.post("/alarms/<uuid:alarm_id>/comment")
def comment_alarm(alarm_id: UUID) -> Response:
    """Write something into the history of an alarm."""
    back = url_for("portal.alarm", alarm_id=alarm_id)
    try:
        service.comment(g.session, g.scope, alarm_id, text=request.form.get("comment", ""))
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Added."), back)


@pages.post("/alarms/<uuid:alarm_id>/shelve")
def shelve(alarm_id: UUID) -> Response:
    """Hide a rule's alarms for some hours, with a reason."""
    found = service.alarm(g.session, g.scope, alarm_id)
    hours = request.form.get("hours", 1, type=int)
    try:
        service.shelve(
            g.session, g.scope, found.rule_id, until=clock.now() + timedelta(hours=min(max(hours, 1), 168)),
            reason=request.form.get("comment", ""),
        )  # fmt: skip
    except EnerfieldError as error:
        return refused(error, url_for("portal.alarm", alarm_id=alarm_id))
    return done(_("Shelved; it comes back by itself."), url_for("portal.alarms"))


def _open(node: Any, states: list[str] | None, limit: int) -> Any:
    wanted = service.AlarmFilter(states=states, organisation_id=_wanted(node))
    return service.alarms(g.session, g.scope, wanted, limit=limit).items


def _listed(node: Any, show: str, priority: int | None) -> Page[Any]:
    wanted = service.AlarmFilter(
        states=["normal"] if show == "history" else None, priorities=[priority] if priority else None,
        organisation_id=_wanted(node), suppressed=show == "shelved",
    )  # fmt: skip
    order = "newest" if show == "history" else "urgent"
    return service.alarms(g.session, g.scope, wanted, order=order, cursor=asked(), limit=50)


def _counts(node: Any) -> Any:
    return service.open_counts(g.session, g.scope, organisation_id=_wanted(node))


def _wanted(node: Any) -> UUID | None:
    """Staff look at an organisation; a customer's alarms are those at their positions, whoever owns these."""
    return node.id if node is not None and navigation.is_staff() else None


def _rule_link(found: Any) -> str:
    is_mine = found.organisation_id in g.scope.staff_organisations
    return url_for("portal.alarm_rule", rule_id=found.rule_id) if is_mine else ""
