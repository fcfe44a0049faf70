"""Exceptions of validation: the list, one of them on its curve, and accepting, editing, making again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.wrappers import Response

from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.units import PointKind
from backend.metering import service
from backend.metering.service import Check, ExceptionFilter, ExceptionState, Method, Rule, Severity
from backend.network import service as network
from backend.tenancy import service as tenancy
from portal import navigation
from portal.address import asked, following, here
from portal.metering.vee_settings import may_set
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.plots import Series, plot
from portal.words import named_here as named
from portal.words import plain, shown_unit

CHECKS = {
    Check.MISSING: _l("Not read"), Check.DUPLICATE: _l("Said twice"), Check.SPIKE: _l("Spike"),
    Check.NEGATIVE: _l("Below zero"), Check.HIGH: _l("Unusually high"), Check.LOW: _l("Unusually low"),
    Check.REGISTER: _l("Register and intervals differ"), Check.PARENT: _l("Sub-meters and parent differ"),
    Check.DEAD: _l("Stands still"), Check.CLOCK: _l("Clock is off"), Check.EXCHANGE: _l("Exchange not recorded"),
}  # fmt: skip
SEVERITIES = {Severity.NOTE: _l("note"), Severity.LOOK: _l("have a look"), Severity.HOLD: _l("hold the bill")}
SIGNS = {Severity.NOTE: "unknown", Severity.LOOK: "attention", Severity.HOLD: "act"}
STATES = {
    ExceptionState.OPEN: _l("open"), ExceptionState.ACCEPTED: _l("accepted"), ExceptionState.EDITED: _l("edited"),
    ExceptionState.RERUN: _l("made again"),
}  # fmt: skip
METHODS = {
    Method.MEASURED: _l("measured"), Method.ESTIMATED: _l("estimated"), Method.EDITED: _l("edited"),
    Method.WITHDRAWN: _l("withdrawn"),
}  # fmt: skip
RULES = {
    Rule.INTERVAL: _l("as read"), Rule.REGISTER: _l("read off the register"),
    Rule.INTERPOLATED: _l("the register's straight line"), Rule.BREAK: _l("the register stepped back"),
    Rule.NONE: _l("nothing is left"), Rule.LINE: _l("a line between its neighbours"),
    Rule.DAY_TYPE: _l("days of the same kind"), Rule.EDGED: _l("days of the same kind, tied to its neighbours"),
    Rule.WEATHER: _l("the weather"), Rule.SIBLINGS: _l("alike points"), Rule.ZERO: _l("nothing flowed"),
    Rule.MANUAL: _l("said by a person"), Rule.VIRTUAL: _l("made of other points"),
}  # fmt: skip
MOST_EDITED = 192
"""Intervals that are edited on the page; longer stretches go over the API."""
LEAST_AROUND, MOST_AROUND = timedelta(hours=6), timedelta(days=3)


@pages.get("/exceptions")
def exceptions() -> str:
    """Answer: which amounts can bills not rest on yet, and why?"""
    node = look()
    show = request.args.get("show", "open")
    states = (
        [ExceptionState.OPEN]
        if show == "open"
        else [s for s in ExceptionState if s is not ExceptionState.OPEN]
    )
    wanted = ExceptionFilter(states, organisations=navigation.below(node) if node else None)
    page = service.exceptions(g.session, g.scope, wanted, cursor=asked(), limit=50)
    return render_template(
        "metering/exceptions.html", rows=[_row(one) for one in page.items], next=following(page), show=show,
        tab=lambda name: here(show=name, after=None), may_set=node is not None and may_set(node.id),
    )  # fmt: skip


@pages.get("/exceptions/<uuid:exception_id>")
def vee_exception(exception_id: UUID) -> str:
    """Answer: what was read, what was made of it, and what shall it be?"""
    look()
    row = service.vee_exception(g.session, g.scope, exception_id)
    g.zone = network.site_of(g.session, g.scope, row.point.position_id).timezone
    length = row.exception.ends_at - row.exception.starts_at
    told = service.story(
        g.session, g.scope, exception_id, around=min(max(length / 2, LEAST_AROUND), MOST_AROUND)
    )
    return render_template(
        "metering/exception.html", row=_row(row), point=row.point, curve=_curve(told), register=_register(told),
        versions=_versions(told), intervals=_inside(told), gaps=[gap for gap in told.gaps if gap.rule is not None],
        rule_name=lambda code: RULES[Rule(code)], unit=shown_unit(row.point.unit), may_act=_may_act(row),
        settled_by=_person(row.exception.settled_by),
    )  # fmt: skip


@pages.post("/exceptions/<uuid:exception_id>/accept")
def accept_exception(exception_id: UUID) -> Response:
    """Say that it is right as it is."""
    return _settled(
        exception_id, service.accept_exception, _("Accepted."), reason=request.form.get("reason", "")
    )


@pages.post("/exceptions/<uuid:exception_id>/rerun")
def rerun_exception(exception_id: UUID) -> Response:
    """Have it made again."""
    return _settled(
        exception_id, service.rerun_exception, _("It is being made again; that takes some seconds."),
        reason=request.form.get("reason", ""),
    )  # fmt: skip


@pages.post("/exceptions/<uuid:exception_id>/edit")
def edit_exception(exception_id: UUID) -> Response:
    """Say what the intervals were."""
    try:
        said = [_said(name, value) for name, value in request.form.items() if name.startswith("amount-")]
    except EnerfieldError as error:
        return refused(error, url_for("portal.vee_exception", exception_id=exception_id))
    return _settled(
        exception_id, service.edit_exception, _("Edited; every version before is kept."), said=said,
        reason=request.form.get("reason", ""),
    )  # fmt: skip


def _settled(exception_id: UUID, deed: Any, words: str, **said: Any) -> Response:
    back = url_for("portal.vee_exception", exception_id=exception_id)
    try:
        deed(g.session, g.scope, exception_id, **said)
    except EnerfieldError as error:
        return refused(error, back)
    return done(words, back)


def _said(name: str, value: str) -> tuple[datetime, float]:
    try:
        start = datetime.fromtimestamp(int(name.removeprefix("amount-")), UTC)
        return start, float(value.replace(",", "."))
    except (ValueError, OverflowError) as error:
        raise Refused("an amount is not a number", field="intervals", value=value[:40]) from error


def _row(one: Any) -> dict[str, Any]:
    """Return an exception as the pages show it."""
    unit = shown_unit(one.point.unit)
    found = one.exception
    return {
        "id": found.id, "name": CHECKS[one.check], "sign": SIGNS[one.severity], "grave": SEVERITIES[one.severity],
        "point": named(one.point), "place": named(one.place), "carrier": one.point.carrier.value,
        "words": _words(one.check, found, one.point, unit), "starts_at": found.starts_at, "ends_at": found.ends_at,
        "found_at": found.found_at, "state": STATES[found.state], "is_open": found.state is ExceptionState.OPEN,
        "reason": found.reason, "settled_at": found.settled_at,
        "link": url_for("portal.vee_exception", exception_id=found.id),
    }  # fmt: skip


def _words(check: Check, found: Any, point: Any, unit: str) -> str:
    """Say what was found, in the reader's language and the point's unit."""
    measured, limit = found.measured, found.limit
    if check in (Check.HIGH, Check.LOW, Check.REGISTER, Check.PARENT):
        measured, limit = (service.in_units(one, point.unit) for one in (measured, limit))
    about = {"measured": plain(measured), "limit": plain(limit), "unit": unit}
    said = {
        Check.DUPLICATE: _("Two values for one instant, %(measured)s %(unit)s apart", **about),
        Check.SPIKE: _("%(measured)s times the third highest interval of its day", **about),
        Check.NEGATIVE: _("A reading of %(measured)s %(unit)s", **about),
        Check.HIGH: _("A day of %(measured)s %(unit)s; up to %(limit)s is usual", **about),
        Check.LOW: _("A day of %(measured)s %(unit)s; %(limit)s and more is usual", **about),
        Check.REGISTER: _("The intervals are %(measured)s %(unit)s off their register", **about),
        Check.PARENT: _("The sub-meters are %(measured)s %(unit)s off their parent", **about),
        Check.DEAD: _("Nothing counted for %(measured)s h; up to %(limit)s h is usual", **about),
        Check.CLOCK: _("The device's clock is %(measured)s s off", **about),
        Check.EXCHANGE: _("The register steps back by %(measured)s %(unit)s", **about),
    }  # fmt: skip
    missing = ngettext(
        "%(num)s interval was not read", "%(num)s intervals were not read", int(found.measured)
    )
    return said.get(check, missing)


def _curve(told: Any) -> dict[str, Any]:
    """Return the curve of the intervals, and of the versions before them."""
    unit, carrier = told.row.point.unit, told.row.point.carrier.value
    now = [(one.start, service.in_units(one.amount, unit)) for one in told.intervals]
    current = {one.start: one.version for one in told.intervals}
    before: dict[datetime, float] = {}
    for one in told.versions:
        if one.version < current.get(one.start, 0):
            before.setdefault(one.start, service.in_units(one.amount, unit))
    series = [Series(_("now"), carrier, now, kind="bar")]
    if before:
        series.insert(
            0, Series(_("version before"), carrier, sorted(before.items()), kind="bar", is_before=True)
        )
    return {
        "picture": plot(series, unit, told.period, g.zone, height=300, zero=True), "carrier": carrier,
        "words": _("Intervals of %(name)s", name=named(told.row.point)), "has_before": bool(before),
    }  # fmt: skip


def _register(told: Any) -> dict[str, Any] | None:
    """Return the curve of a register as it was read."""
    point = told.row.point
    if point.kind is not PointKind.REGISTER:
        return None
    curve = service.curve(g.session, g.scope, point_id=point.id, period=told.period)
    read = [
        (datetime.fromtimestamp(at / 1e6, UTC), None if value != value else value)
        for at, value in zip(curve.at_us.tolist(), curve.value.tolist(), strict=True)
    ]
    series = [Series(_("as read"), point.carrier.value, read)]
    return {
        "picture": plot(series, point.unit, told.period, g.zone, height=220), "carrier": point.carrier.value,
        "words": _("Register of %(name)s as it was read", name=named(point)),
    }  # fmt: skip


def _inside(told: Any) -> list[dict[str, Any]]:
    """Return the intervals that can be edited here; none where they are too many."""
    found, length = told.row.exception, timedelta(minutes=told.row.point.interval_minutes)
    inside = [
        one for one in told.intervals if one.start < found.ends_at and one.start + length > found.starts_at
    ]
    if len(inside) > MOST_EDITED:
        return []
    return [
        {
            "key": int(one.start.timestamp()), "start": one.start,
            "amount": service.in_units(one.amount, told.row.point.unit), "method": METHODS[Method(one.method)],
        }
        for one in inside
    ]  # fmt: skip


def _versions(told: Any) -> list[dict[str, Any]]:
    """Return every version of the intervals there are several of, as rows."""
    several = {one.start for one in told.versions if one.version > 0}
    people = {one.author_id: _person(one.author_id) for one in told.versions if one.author_id}
    return [
        {
            "start": one.start, "version": one.version, "amount": service.in_units(one.amount, told.row.point.unit),
            "method": METHODS[Method(one.method)], "rule": RULES[Rule(one.rule)],
            "author": people.get(one.author_id, _("by rule")),
        }
        for one in told.versions
        if one.start in several
    ]  # fmt: skip


def _person(person_id: UUID | None) -> str:
    if person_id is None:
        return ""
    return tenancy.names(g.session, g.scope, [person_id]).get(person_id, _("somebody"))


def _may_act(row: Any) -> bool:
    return row.exception.state is ExceptionState.OPEN and any(
        row.exception.organisation_id in g.scope.where(role) for role in service.MENDERS
    )
