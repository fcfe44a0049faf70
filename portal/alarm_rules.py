"""Alarm rules: what is watched and when it calls somebody; and how the alarms do against ISA-18.2."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.alarms import service
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.scope import Role
from backend.metering import service as metering
from portal import forms
from portal.address import asked, following, view_of_request
from portal.forms import Field
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.picking import pick, picked
from portal.terms import LEVELS, PRIORITIES, RULE_KINDS, word
from portal.words import named_here as named
from portal.words import plain, shown_unit

AUTHORS = (Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
LIMITS = ("HH", "H", "L", "LL")


@pages.get("/alarms/rules")
def alarm_rules() -> str:
    """Answer: what is watched, and when does it call somebody?"""
    node, text = look(), (request.args.get("text") or "").strip()
    wanted = service.RuleFilter(organisation_id=node.id if node else None, text=text or None)
    page = service.rules(g.session, g.scope, wanted, cursor=asked(), limit=50)
    return render_template(
        "alarms/rules.html",
        rules=page.items,
        next=following(page),
        text=text,
        rule_words=_rule_words,
        may_write=g.scope.holds(*AUTHORS),
    )


@pages.route("/alarms/rules/new", methods=["GET", "POST"])
def start_alarm_rule() -> Any:
    """Choose what a new rule watches, and how."""
    node = look()
    steps = [{"link": url_for("portal.alarms"), "name": _("Alarms")},
             {"link": url_for("portal.alarm_rules"), "name": _("Rules")}]  # fmt: skip
    page = forms.Page(
        _("New alarm rule"), _("Which point does it watch?"), steps, _("Continue"),
        [pick("point", _("Point"), "watched_point", is_half=False, at=node.id),
         Field("kind", _("It calls by"), "limit", "select", options=list(RULE_KINDS.items()))],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        point_id = picked("point", "watched_point", at=node.id)
        kind = forms.among("kind", RULE_KINDS)
    except EnerfieldError as error:
        return forms.show(page, error)
    return redirect(url_for("portal.new_alarm_rule", point_id=point_id, kind=kind), code=303)


@pages.route("/alarms/rules/<uuid:rule_id>", methods=["GET", "POST"])
def alarm_rule(rule_id: UUID) -> Any:
    """Show or change one rule."""
    rule = service.rule(g.session, g.scope, rule_id).rule
    point = metering.point(g.session, g.scope, rule.point_id)
    kind, title, fields = rule.kind.value, named(rule), _fields(point, rule.kind.value, rule)
    if request.method == "GET":
        return _form(title, point, kind, rule, fields)
    try:
        with g.session.begin_nested():  # a rule that is refused is drawn again as it was
            service.change_rule(
                g.session,
                g.scope,
                rule_id,
                revision=request.form.get("revision", type=int),
                **_said(kind, rule),
            )
    except EnerfieldError as error:
        return _form(title, point, kind, rule, fields, error)
    return done(
        _("Saved. It is in force with the next reading."), url_for("portal.alarm_rule", rule_id=rule_id)
    )


@pages.route("/points/<uuid:point_id>/rules/new", methods=["GET", "POST"])
def new_alarm_rule(point_id: UUID) -> Any:
    """Make a rule for a point."""
    point = metering.point(g.session, g.scope, point_id)
    kind = request.values.get("kind", "limit")
    if kind not in RULE_KINDS:
        raise Refused(f"there is no rule kind '{kind}'", field="kind", value=kind)
    fields = _fields(point, kind, None)
    if request.method == "GET":
        return _form(_("New alarm rule"), point, kind, None, fields)
    try:
        made = service.create_rule(g.session, g.scope, point_id=point_id, kind=kind, **_said(kind))
    except EnerfieldError as error:
        return _form(_("New alarm rule"), point, kind, None, fields, error)
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


def _form(
    title: str, point: Any, kind: str, rule: Any, fields: list[Field], error: EnerfieldError | None = None
) -> Any:
    may_write = point.organisation_id in frozenset().union(*(g.scope.where(role) for role in AUTHORS))
    drawn = render_template(
        "alarms/rule.html", title=title, point=point, kind=kind, rule=rule, may_write=may_write,
        **forms.judged(fields, error),
    )  # fmt: skip
    return drawn if error is None else (drawn, 422)


def _fields(point: Any, kind: str, rule: Any) -> list[Field]:
    """Return what is asked of a rule: what it watches by its kind, and how it calls."""
    unit, zero = shown_unit(point.unit), {"step": "any", "min": "0"}
    levels = [(level, f"P{level} · {PRIORITIES[level]}") for level in (1, 2, 3, 4)]

    def number(name: str, label: Any) -> Field:
        return Field(name, label, getattr(rule, name, 0), kind="number", is_required=False, attributes=zero)

    return [
        Field("name", _("Name in English"), rule.name if rule else ""),
        Field("name_zh", _("Name in Chinese"), rule.name_zh or "" if rule else "", is_required=False),
        *_watched(kind, unit, rule.parameters if rule else {}),
        Field("priority", _("Priority"), rule.priority if rule else 3, kind="select", options=levels),
        number("deadband", f"{_('Deadband')} [{unit}]"),
        number("on_delay_s", _("Calls only after [s]")),
        number("off_delay_s", _("Over only after [s]")),
        Field("advice", _("What to do then"), rule.advice or "" if rule else "", kind="note", is_required=False,
              is_half=False),
        Field("is_enabled", _("Watching"), rule.is_enabled if rule else True, kind="check", is_half=False),
    ]  # fmt: skip


def _watched(kind: str, unit: str, parameters: dict[str, Any]) -> list[Field]:
    if kind == "limit":
        return [
            Field(level, f"{word(LEVELS, level)} [{unit}]", parameters.get(level, ""), kind="number",
                  is_required=False, attributes={"step": "any"})
            for level in LIMITS
        ]  # fmt: skip
    if kind == "silence":
        label = _("Calls after so many seconds without a reading")
        return [Field("after_s", label, parameters.get("after_s", 900), kind="number", is_half=False,
                      attributes={"min": "10"})]  # fmt: skip
    said = json.dumps(parameters, indent=1, ensure_ascii=False)
    hint = _("As JSON; the words of each kind stand in the guide.")
    return [Field("parameters", _("Parameters"), said, kind="area", hint=hint, is_half=False)]


def _said(kind: str, rule: Any = None) -> dict[str, Any]:
    """Read the form of a rule; the service judges what it says."""
    return {
        "name": forms.text("name"), "name_zh": forms.maybe("name_zh"), "parameters": _parameters(kind, rule),
        "priority": int(forms.among("priority", (1, 2, 3, 4))), "deadband": forms.number("deadband") or 0.0,
        "on_delay_s": forms.number("on_delay_s") or 0.0, "off_delay_s": forms.number("off_delay_s") or 0.0,
        "advice": forms.maybe("advice", 2_000), "is_enabled": forms.checked("is_enabled"),
    }  # fmt: skip


def _parameters(kind: str, rule: Any) -> dict[str, Any]:
    if kind == "limit":
        given = {level: forms.number(level) for level in LIMITS}
        limits: dict[str, Any] = {level: limit for level, limit in given.items() if limit is not None}
        of_levels = (rule.parameters.get("priorities") or {}) if rule else {}  # not on the form, and kept
        kept = {level: priority for level, priority in of_levels.items() if level in limits}
        return limits | ({"priorities": kept} if kept else {})
    if kind == "silence":
        return {"after_s": forms.number("after_s")}
    return forms.as_json("parameters") or {}


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
