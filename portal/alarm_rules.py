"""Alarm rules: what is watched and when it calls somebody; and how the alarms do against ISA-18.2."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.alarms import service
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.scope import Role
from backend.metering import service as metering
from portal.address import view_of_request
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.terms import LEVELS, RULE_KINDS, word
from portal.words import named_here as named
from portal.words import plain, shown_unit

AUTHORS = (Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
LIMITS = ("HH", "H", "L", "LL")


@pages.get("/alarms/rules")
def alarm_rules() -> str:
    """Answer: what is watched, and when does it call somebody?"""
    node, text = look(), (request.args.get("text") or "").strip()
    wanted = service.RuleFilter(organisation_id=node.id if node else None, text=text or None)
    page = service.rules(g.session, g.scope, wanted, cursor=request.args.get("after") or None, limit=50)
    following = page.next_cursor and url_for(
        "portal.alarm_rules", at=request.args.get("at"), text=text, after=page.next_cursor
    )
    return render_template(
        "alarms/rules.html", rules=page.items, next=following, text=text, rule_words=_rule_words
    )


@pages.route("/alarms/rules/<uuid:rule_id>", methods=["GET", "POST"])
def alarm_rule(rule_id: UUID) -> str | Response:
    """Show or change one rule."""
    rule = service.rule(g.session, g.scope, rule_id).rule
    if request.method == "POST":
        back = url_for("portal.alarm_rule", rule_id=rule_id)
        try:
            service.change_rule(
                g.session,
                g.scope,
                rule_id,
                revision=request.form.get("revision", type=int),
                **_said(rule.kind.value),
            )
        except EnerfieldError as error:
            return refused(error, back)
        return done(_("Saved. It is in force with the next reading."), back)
    point = metering.point(g.session, g.scope, rule.point_id)
    return _form(named(rule), point, rule.kind.value, rule)


@pages.route("/points/<uuid:point_id>/rules/new", methods=["GET", "POST"])
def new_alarm_rule(point_id: UUID) -> str | Response:
    """Make a rule for a point."""
    point = metering.point(g.session, g.scope, point_id)
    kind = request.values.get("kind", "limit")
    if kind not in RULE_KINDS:
        raise Refused(f"there is no rule kind '{kind}'", field="kind", value=kind)
    if request.method == "GET":
        return _form(_("New alarm rule"), point, kind, None)
    try:
        made = service.create_rule(g.session, g.scope, point_id=point_id, kind=kind, **_said(kind))
    except EnerfieldError as error:
        return refused(error, url_for("portal.new_alarm_rule", point_id=point_id, kind=kind))
    return done(
        _("Saved. It is in force with the next reading."), url_for("portal.alarm_rule", rule_id=made.id)
    )


@pages.post("/alarms/rules/<uuid:rule_id>/wake")
def wake_rule(rule_id: UUID) -> Response:
    """End shelving, or time out of service, before its hour."""
    rule = service.rule(g.session, g.scope, rule_id).rule
    back = url_for("portal.alarm_rule", rule_id=rule_id)
    try:
        if rule.shelved_until is not None:
            service.unshelve(g.session, g.scope, rule_id)
        if rule.out_of_service_until is not None:
            service.return_to_service(g.session, g.scope, rule_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Watching again."), back)


@pages.get("/alarms/statistics")
def alarm_statistics() -> str:
    """Answer: are there too many alarms, and which rules make them?"""
    node = look()
    view = view_of_request(g.zone)
    period = view.period
    found = service.statistics(
        g.session, g.scope, start=period.start, end=period.end, organisation_id=node.id
    )
    return render_template("alarms/statistics.html", view=view, found=found)


def _form(title: str, point: Any, kind: str, rule: Any) -> str:
    may_write = point.organisation_id in frozenset().union(*(g.scope.where(role) for role in AUTHORS))
    return render_template(
        "alarms/rule.html", title=title, point=point, kind=kind, rule=rule, may_write=may_write,
        parameters=rule.parameters if rule else {},
    )  # fmt: skip


def _said(kind: str) -> dict[str, Any]:
    """Read the form of a rule; the service judges what it says."""
    form = request.form
    return {
        "name": form.get("name", ""), "name_zh": form.get("name_zh", "").strip() or None,
        "parameters": _parameters(kind), "priority": form.get("priority", 3, type=int),
        "deadband": _number("deadband"), "on_delay_s": _number("on_delay_s"), "off_delay_s": _number("off_delay_s"),
        "advice": form.get("advice", "").strip() or None, "is_enabled": form.get("is_enabled") == "1",
    }  # fmt: skip


def _parameters(kind: str) -> dict[str, Any]:
    if kind == "limit":
        return {level: _number(level) for level in LIMITS if request.form.get(level, "").strip()}
    if kind == "silence":
        return {"after_s": _number("after_s")}
    try:
        return json.loads(request.form.get("parameters", ""))
    except ValueError:
        raise Refused(_("The parameters are not JSON."), field="parameters") from None


def _number(name: str) -> float:
    text = request.form.get(name, "").strip()
    try:
        return float(text or 0)
    except ValueError:
        raise Refused(_("%(text)s is not a number.", text=text), field=name, value=text) from None


def _rule_words(row: Any) -> str:
    """Return in one line when a rule calls."""
    rule, unit = row.rule, shown_unit(row.unit)
    if rule.kind.value == "limit":
        parts = [
            f"{level} {plain(rule.parameters[level])} {unit}" for level in LIMITS if level in rule.parameters
        ]
        return " · ".join(parts)
    if rule.kind.value == "silence":
        return _("no reading for %(seconds)s s", seconds=plain(rule.parameters.get("after_s")))
    return word(RULE_KINDS, rule.kind) if rule.kind.value not in LEVELS else ""
