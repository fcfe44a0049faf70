"""The duty roster week by week, and the book of the shift with its hand-over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.kernel import clock
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse
from backend.kernel.scope import Role
from backend.tenancy import service as tenancy
from backend.workorders.rules.roster import YEARS
from backend.workorders.service import hosting as service
from backend.workorders.service.hosting import Duty
from portal import forms
from portal.address import asked, following
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.picking import picked
from portal.workorders.hosting import DUTIES, day, today


@pages.get("/roster")
def roster() -> str:
    """Answer: who is on duty when?"""
    node, week = look(), _week()
    start, end = service.week_of(week, g.zone)
    zone = ZoneInfo(g.zone)
    days: dict[date, list[Any]] = {week + timedelta(days=number): [] for number in range(7)}
    found = service.shifts(g.session, g.scope, organisation_id=node.id, start=start, end=end)
    for one in found:
        days[max(one.starts_at.astimezone(zone).date(), week)].append(one)
    people = {one.person_id for one in found} | {one.before_id for one in found if one.before_id}
    may_plan = g.scope.holds(Role.DISPATCHER, Role.MANAGER, Role.ADMINISTRATOR)
    return render_template(
        "workorders/hosting/roster.html", days=days, week=week, duties=DUTIES, now=clock.now(), today=today(),
        names=tenancy.names(g.session, g.scope, people), may_plan=may_plan,
        node=node,
        before=week - timedelta(days=7), after=week + timedelta(days=7), zone=zone,
    )  # fmt: skip


@pages.post("/roster")
def add_shift() -> Response:
    """Put somebody on duty."""
    node = look()
    back = _back()
    try:
        service.add_shift(
            g.session, g.scope, organisation_id=node.id, person_id=picked("person", "staff", at=look().id),
            duty=Duty(forms.among("duty", DUTIES)), on=day("on"), begins=forms.text("begins"),
            ends=forms.text("ends"), zone=g.zone,
        )  # fmt: skip
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Put on duty."), back)


@pages.post("/roster/repeat")
def repeat_roster() -> Response:
    """Lay the week over those after it."""
    node = look()
    try:
        added, left = service.repeat_week(
            g.session,
            g.scope,
            organisation_id=node.id,
            week=day("week"),
            weeks=forms.whole("weeks") or 1,
            zone=g.zone,
        )
    except EnerfieldError as error:
        return refused(error, _back())
    return done(
        _("%(added)s shifts added, %(left)s left out: on duty then already.", added=added, left=left), _back()
    )


@pages.post("/roster/<uuid:shift_id>/swap")
def swap_shift(shift_id: UUID) -> Response:
    """Give a shift to somebody else."""
    look()
    try:
        service.swap_shift(g.session, g.scope, shift_id=shift_id, person_id=picked("person", "staff", at=look().id),
                           reason=forms.text("reason"))  # fmt: skip
    except EnerfieldError as error:
        return refused(error, _back())
    return done(_("Swapped."), _back())


@pages.post("/roster/<uuid:shift_id>/removal")
def remove_shift(shift_id: UUID) -> Response:
    """Take away a shift that has not begun."""
    look()
    try:
        service.remove_shift(g.session, g.scope, shift_id=shift_id)
    except EnerfieldError as error:
        return refused(error, _back())
    return done(_("Taken away."), _back())


@pages.get("/shift-log")
def shift_log() -> str:
    """Answer: what happened in this shift, and what is open when it ends?"""
    node = look()
    book = service.open_book(g.session, g.scope, organisation_id=node.id)
    page = service.books(g.session, g.scope, organisation_id=node.id, cursor=asked(), limit=8)
    books = page.items
    past = [one for one in books if one.log.taken_at]
    people = {who for one in books for who in (one.log.started_by, one.log.left_by, one.log.taken_by) if who}
    people |= {line.person_id for one in books for line in one.entries if line.person_id}
    is_left = bool(book and book.log.left_at)
    open_now = book.log.handed_over if book and is_left else service.open_things(
        g.session, g.scope, organisation_id=node.id
    )  # fmt: skip
    return render_template(
        "workorders/hosting/shift_log.html", id_of=parse, book=book, past=past, next=following(page),
        is_left=is_left, open=open_now,
        names=tenancy.names(g.session, g.scope, people),
        may_write=g.scope.holds(Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR),
    )  # fmt: skip


@pages.post("/shift-log")
def write_shift() -> Response:
    """Write a line."""
    node = look()
    try:
        service.write_entry(g.session, g.scope, organisation_id=node.id, text=forms.text("text", 2_000))
    except EnerfieldError as error:
        return refused(error, url_for("portal.shift_log"))
    return done(_("Written."), url_for("portal.shift_log"))


@pages.post("/shift-log/hand-over")
def hand_over_shift() -> Response:
    """Sign as the one who leaves."""
    node = look()
    try:
        service.hand_over(g.session, g.scope, organisation_id=node.id, note=forms.text("note", 2_000))
    except EnerfieldError as error:
        return refused(error, url_for("portal.shift_log"))
    return done(_("Handed over. The one who arrives signs now."), url_for("portal.shift_log"))


@pages.post("/shift-log/take-over")
def take_over_shift() -> Response:
    """Sign as the one who arrives."""
    node = look()
    try:
        service.take_over(g.session, g.scope, organisation_id=node.id)
    except EnerfieldError as error:
        return refused(error, url_for("portal.shift_log"))
    return done(_("Taken over. A new book is open, the old one is locked."), url_for("portal.shift_log"))


def _week() -> date:
    typed = request.values.get("week")
    try:
        found = date.fromisoformat(typed) if typed else today()
        if found.year not in YEARS:
            raise ValueError(typed)
    except ValueError:
        raise Refused("this is not a day", field="week", value=typed, remedy="write 2026-11-28") from None
    return found - timedelta(days=found.weekday())


def _back() -> str:
    return url_for("portal.roster", week=request.form.get("week") or None)
