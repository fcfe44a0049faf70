"""The dispatchers' day: time line, list and map; proposals with reasons, accepted whole or one by one."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.kernel import clock
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse, show
from backend.kernel.scope import Role
from backend.wiring import planning
from backend.workorders import service as work
from backend.workorders.rules.machine import ENDED
from backend.workorders.service import hosting
from backend.workorders.service import propose as service
from backend.workorders.service.board import Board
from backend.workorders.service.board import board as day_of
from backend.workorders.service.propose import Placement, Proposed
from portal import cartography, places
from portal.navigation import below, look
from portal.pages import done, own_path, pages, refused
from portal.workorders import drawn


@pages.get("/dispatch")
def dispatch_day() -> str | Response:
    """Answer: who is where today, what still waits, and what would be better?

    A proposal takes seconds: the page comes at once, with the day as it is, and sends itself for the proposal; until
    that is here the day stays on the screen and can be worked with.
    """
    node = look()
    if "order" in request.args and (there := _where(request.args["order"])):
        return redirect(there)
    on = _day()
    planning.warm()
    asked = {"organisation_id": node.id, "on": on, "zone": g.zone}
    proposed: Proposed | None = None
    try:
        if request.args.get("plan") == "now":
            proposed = service.propose(
                g.session, g.scope, **asked, planner=planning.planner(), roads=planning.roads()
            )
        elif "urgent" in request.args:
            proposed = service.place_emergency(
                g.session, g.scope, **asked, order_id=parse(request.args["urgent"]), roads=planning.roads()
            )
    except EnerfieldError as error:
        return refused(error, url_for("portal.dispatch_day", **_kept()))
    board = proposed.board if proposed else day_of(g.session, g.scope, **asked)
    parts = drawn.on_map(places.layers(below(node), {}), board, proposed)
    return render_template(
        "workorders/board.html", node=node, board=board, proposed=proposed, on=on, steps=_steps(on),
        lanes=drawn.lanes(board, proposed), hours=drawn.hours(board), waiting=drawn.waiting(board),
        coming=url_for("portal.dispatch_day", **_kept(), plan="now") if request.args.get("plan") == "all" else None,
        within_s=planning.WITHIN_S, changes=drawn.changes(proposed) if proposed else (),
        unserved=drawn.unserved(proposed) if proposed else (),
        troubles=drawn.troubles(board), unsent=drawn.unsent(board),
        chosen=_chosen(board), may_plan=g.scope.holds(Role.DISPATCHER, Role.MANAGER),
        there=hosting.on_duty(g.session, g.scope, organisations=below(node)),
        drawn=cartography.draw(parts, url_for("portal.dispatch_map", **_kept())), kept=_kept(),
    )  # fmt: skip


@pages.get("/dispatch.json")
def dispatch_map() -> Response:
    """Give the day's places as GeoJSON."""
    node = look()
    board = day_of(g.session, g.scope, organisation_id=node.id, on=_day(), zone=g.zone)
    return jsonify(drawn.on_map(places.layers(below(node), {}), board, None))


@pages.post("/dispatch/accept")
def accept_proposal() -> Response:
    """Carry out the changes that were ticked, or the one whose button was pressed."""
    back = own_path(request.form.get("next"))
    try:
        taken = request.form.getlist("one") or request.form.getlist("take")
        if not taken:
            raise Refused("nothing was ticked", field="take", remedy="tick the changes to carry out")
        visits = service.accept(g.session, g.scope, placements=[_placement(one) for one in taken])
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("%(count)s planned, not sent yet.", count=len(visits)), f"{back}#send" if visits else back)


@pages.post("/dispatch/send")
def send_visits() -> Response:
    """Send what is planned to its technicians: all that was listed, or the one whose button was pressed."""
    back = own_path(request.form.get("next"))
    try:
        asked = request.form.getlist("one") or request.form.getlist("send")
        if not asked:
            raise Refused("nothing was listed", field="send", remedy="plan a visit first")
        for order in sorted({parse(one) for one in asked}):
            work.dispatch(g.session, g.scope, order_id=order)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("%(count)s sent.", count=len(set(asked))), back)


@pages.post("/dispatch/move")
def move_visit() -> Response:
    """Give a visit or a waiting order a technician and a time, or take it off the day."""
    look()
    back = own_path(request.form.get("next"))
    try:
        who = request.form.get("technician") or None
        start = None if "withdraw" in request.form or who is None else _start()
        placement = Placement(
            parse(request.form.get("subject", "")), request.form.get("rev", 0, type=int),
            parse(who) if start and who else None, start,
        )  # fmt: skip
        service.accept(g.session, g.scope, placements=[placement])
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Taken off the day.") if start is None else _("Planned."), back)


def _where(number: str) -> str | None:
    """Return where the board shows an order: chosen, on the day of its visit, or that it is agreed for."""
    found = work.orders(g.session, g.scope, work.OrderFilter(text=number), limit=2).items
    row = next((one for one in found if one.order.number == number), None)
    if row is None:
        return None
    zone = ZoneInfo(g.zone)
    visit = next((one for one in row.visits if one.status not in ENDED), None)
    at = visit.planned_start if visit else row.order.window_starts_at
    on = max(at, clock.now()) if at and not visit else at or clock.now()
    kept = {name: request.args[name] for name in ("at",) if request.args.get(name)}
    subject = show(visit.id if visit else row.order.id)
    day = on.astimezone(zone).date().isoformat()
    return url_for("portal.dispatch_day", **kept, on=day, chosen=subject, _anchor="chosen")


def _day() -> date:
    typed = request.args.get("on") or request.form.get("on")
    if typed:
        try:
            return date.fromisoformat(typed)
        except ValueError:
            raise Refused("this is not a day", field="on", value=typed, remedy="write 2026-11-28") from None
    return clock.now().astimezone(ZoneInfo(g.zone)).date()


def _start() -> datetime:
    try:
        at = time.fromisoformat(request.form.get("start", ""))
    except ValueError:
        raise Refused("this is not a time", field="start", value=request.form.get("start"),
                      remedy="write 14:30") from None  # fmt: skip
    return datetime.combine(_day(), at, ZoneInfo(g.zone))


def _placement(said: str) -> Placement:
    """Read 'subject~rev~technician~start'; the last two are empty for what leaves the day."""
    try:
        subject, rev, technician, start = said.split("~")
        return Placement(
            parse(subject), int(rev), parse(technician) if technician else None,
            datetime.fromisoformat(start) if start else None,
        )  # fmt: skip
    except ValueError:
        raise Refused("this change cannot be read", field="take", value=said[:80],
                      remedy="propose the day again") from None  # fmt: skip


def _kept() -> dict[str, str]:
    return {name: request.args[name] for name in ("at", "on") if request.args.get(name)}


def _steps(on: date) -> dict[str, str]:
    at = {name: request.args[name] for name in ("at",) if request.args.get(name)}
    days = {"before": on.fromordinal(on.toordinal() - 1), "after": on.fromordinal(on.toordinal() + 1)}
    return {name: url_for("portal.dispatch_day", **at, on=day.isoformat()) for name, day in days.items()}


def _chosen(board: Board) -> Any:
    """Return what was chosen to be moved, with what speaks for and against each technician."""
    typed = request.args.get("chosen")
    if not typed or not typed.strip():
        return None
    subject: UUID = parse(typed)
    try:
        board.subject(subject)
    except StopIteration:
        return None
    return drawn.chosen(board, subject)
