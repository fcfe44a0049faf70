"""Say how points are read: one at an address of a connection, or a whole meter by its family in one step."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask import current_app, g, render_template, request, url_for
from flask_babel import gettext as _

from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse
from backend.kernel.scope import Role
from backend.metering import service
from portal import forms
from portal.forms import Field, Page
from portal.metering.commissioning import at, step_to
from portal.pages import done, pages
from portal.picking import pick, picked
from portal.wires import measure_word
from portal.words import named_here as named
from portal.words import shown_unit

KEEPERS = (Role.ADMINISTRATOR, Role.OPERATOR)
TYPES = ("uint16", "int16", "uint32", "int32", "float32", "uint64", "int64", "float64", "bcd16", "bcd32", "bcd64",
         "mod10_2", "mod10_3", "mod10_4")  # fmt: skip
ORDERS = ("abcd", "cdab", "badc", "dcba")
PHASE = re.compile(r"_l[123](_|$)|_l[123]l[123]")


@pages.route("/connections/<uuid:connection_id>/channels/new", methods=["GET", "POST"])
def new_channel(connection_id: UUID) -> Any:
    """Map a point to an address of a connection."""
    found = _kept(connection_id)
    if not service.list_points(g.session, g.scope, limit=1).items:
        return render_template("metering/no_points.html", found=found, steps=[_step(), step_to(found)])
    point = pick("point", _("Point"), "point", request.args.get("point", ""), is_half=False)
    page = Page(
        _("New channel"), _("Which point is read over %(name)s, and where?", name=named(found)),
        [_step(), step_to(found)], _("Add the channel"), [point, *_fields(found, {}, {}, None)],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        point_id = picked("point", "point")
        service.add_channel(
            g.session, g.scope, current_app.guide, connection_id=found.id, point_id=point_id,
            new=service.NewChannel(**_said(found, {})),
        )  # fmt: skip
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("It is read from now on."), url_for("portal.point", point_id=point_id))


@pages.route("/channels/<uuid:channel_id>/edit", methods=["GET", "POST"])
def edit_channel(channel_id: UUID) -> Any:
    """Say otherwise how a point is read, switch that off, or end it."""
    channel = service.channel(g.session, g.scope, channel_id)
    found = _kept(channel.connection_id)
    point = service.point(g.session, g.scope, channel.point_id)
    enabled = Field("is_enabled", _("Is read"), "1" if channel.is_enabled else "", "check", is_half=False)
    page = Page(
        _("Edit the channel of %(name)s", name=named(point)), _("Where it is read, and what becomes of the value"),
        [_step(), step_to(found)], _("Save"),
        [enabled, *_fields(found, channel.address, channel.decoding, channel)],
        removal=(url_for(".remove_channel", channel_id=channel.id, action="remove"), _("Read it no longer here")),
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        service.change_channel(
            g.session, g.scope, current_app.guide, channel_id=channel.id, is_enabled=forms.checked("is_enabled"),
            **_said(found, channel.address),
        )  # fmt: skip
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Saved. Workers follow within seconds."), at(found.id))


@pages.post("/channels/<uuid:channel_id>/<any(remove):action>")
def remove_channel(channel_id: UUID, action: str) -> Any:
    """Read a point no longer here."""
    channel = service.channel(g.session, g.scope, channel_id)
    service.remove_channel(g.session, g.scope, channel_id=channel_id)
    return done(_("It is no longer read here. The point and its readings stay."), at(channel.connection_id))


@pages.route("/connections/<uuid:connection_id>/meters/new", methods=["GET", "POST"])
def new_meter(connection_id: UUID) -> Any:
    """Take a meter in by its family: choose it, then say where it stands and what of it is read."""
    found = _kept(connection_id)
    steps = [_step(), step_to(found)]
    families = {one.key: one for one in current_app.guide.families()}
    family = families.get(request.values.get("family", ""))
    kept = {
        name: request.values[name] for name in ("sighting", "unit", "position") if request.values.get(name)
    }
    if family is None:
        seen = request.args.getlist("seen")
        offered = sorted(families.values(), key=lambda one: (one.key not in seen, one.maker, one.model))
        return render_template(
            "metering/families.html", found=found, steps=steps, seen=seen,
            families=[(one, url_for(".new_meter", connection_id=found.id, family=one.key, **kept)) for one in offered],
        )  # fmt: skip
    page = Page(
        _("New meter: %(family)s", family=f"{family.maker} {family.model}"),
        _("Where does it stand, and what of it is read? Points and channels are made in one step."), steps,
        _("Add the meter"), _meter_fields(family, kept), {"family": family.key, **_only(kept, "sighting")},
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        chosen = request.form.getlist("measures")
        meter = service.Meter(
            family.key, _unit(), tuple(chosen), forms.text("name", 150), forms.maybe("name_zh", 150),
            _measure_words(family), is_main=forms.checked("is_main"),
        )  # fmt: skip
        if not meter.name:
            raise Refused(
                _("A meter has a name."), field="name", remedy=_("say what it measures, such as Pump hall")
            )
        where = {"position_id": picked("position", "kept_place"), "meter": meter}
        if "sighting" in kept:
            service.adopt_meter(
                g.session, g.scope, current_app.guide, sighting_id=parse(kept["sighting"]), **where
            )
        else:
            service.add_meter(g.session, g.scope, current_app.guide, connection_id=found.id, **where)
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(
        _("%(name)s is read from now on.", name=named({"name": meter.name, "name_zh": meter.name_zh})),
        at(found.id),
    )


# --- parts


def _kept(connection_id: UUID) -> Any:
    """Return a connection the asker keeps."""
    found = service.connection(g.session, g.scope, connection_id)
    g.scope.demand(found.organisation_id, *KEEPERS)
    return found


def _step() -> dict[str, str]:
    return {"name": _("Connections"), "link": url_for("portal.connections")}


def _only(kept: dict[str, str], name: str) -> dict[str, str]:
    return {name: kept[name]} if name in kept else {}


def _of_point(point: Any) -> str:
    unit = shown_unit(point.unit)
    return f"{named(point)} [{unit}]" if unit else named(point)


def _unit() -> int:
    unit = forms.whole("unit")
    if unit is None or not 0 <= unit <= 255:
        raise Refused(_("This is no unit id."), field="unit", value=unit, remedy=_("between 0 and 255"))
    return unit


def _measure_words(family: Any) -> dict[str, tuple[str, str]]:
    """Return each measure's words in both languages, for the names of points."""
    return {one.name: (measure_word(one, "en"), measure_word(one, "zh")) for one in family.measures}


def _meter_fields(family: Any, kept: dict[str, str]) -> list[Field]:
    usual = [one.name for one in family.measures if not PHASE.search(one.name)]
    measures = [
        (one.name, f"{measure_word(one)} [{shown_unit(one.unit)}]" if shown_unit(one.unit) else measure_word(one))
        for one in family.measures
    ]  # fmt: skip
    return [
        pick("position", _("At"), "kept_place", kept.get("position", ""),
             hint=_("no place in the list? add a site first")),
        Field("unit", _("Unit id"), kept.get("unit", "1"), "number", attributes={"min": "0", "max": "255"},
              hint=_("its number behind the gateway; set at the meter")),
        Field("name", _("Name in English"), attributes={"maxlength": "150"},
              hint=_("stands before each measure: Pump hall")),
        Field("name_zh", _("Name in Chinese"), is_required=False),
        Field("is_main", _("Main meter: its energy counts in the totals"), "", "check", is_half=False),
        Field("measures", _("What is read"), usual, "checks", options=measures, is_half=False),
    ]  # fmt: skip


def _fields(found: Any, address: dict[str, Any], decoding: dict[str, Any], channel: Any) -> list[Field]:
    own = _ADDRESS_FIELDS.get(found.protocol.value, lambda *_given: [])(found, address, decoding)
    scale, offset = (channel.scale, channel.offset) if channel else (1.0, 0.0)
    polls = [] if found.protocol.value in ("http", "mqtt", "sparkplug", "opcua") else [
        Field("poll_seconds", _("Asks every [s]"),
              f"{channel.poll_seconds:g}" if channel and channel.poll_seconds else "",
              "number", is_required=False, hint=_("empty: as the connection"), attributes={"step": "any", "min": "0.1"})
    ]  # fmt: skip
    return [
        *own,
        Field("scale", _("Scale"), f"{scale:g}", "number", attributes={"step": "any"},
              hint=_("value = what is read × scale + offset, in the point's unit")),
        Field("offset", _("Offset"), f"{offset:g}", "number", attributes={"step": "any"}), *polls,
    ]  # fmt: skip


def _http_fields(_found: Any, address: dict[str, Any], _decoding: dict[str, Any]) -> list[Field]:
    return [
        Field("tag", _("Tag"), address.get("tag", ""), is_required=False,
              hint=_("the name the gateway uses; empty: it names the point by its id")),
        *_label_fields(address),
    ]  # fmt: skip


def _label_fields(address: dict[str, Any]) -> list[Field]:
    return [
        Field("label", _("Amounts per interval carry"), address.get("label", ""), "select",
              options=[("", _("the start of the interval")), ("end", _("the end of the interval"))]),
        Field("minutes", _("Interval"), address.get("minutes", ""), "select",
              options=[("", "–"), *((n, _("%(minutes)s min", minutes=n)) for n in (5, 15, 30, 60))]),
    ]  # fmt: skip


def _modbus_fields(_found: Any, address: dict[str, Any], decoding: dict[str, Any]) -> list[Field]:
    by_family = f"{address.get('family', '')}/{address.get('measure', '')}" if "family" in address else ""
    families = [
        (None, (f"{one.maker} {one.model}",
                [(f"{one.key}/{measure.name}", f"{measure.name} [{measure.unit}]") for measure in one.measures]))
        for one in current_app.guide.families()
    ]  # fmt: skip
    return [
        Field("unit", _("Unit id"), address.get("unit", 1), "number", attributes={"min": "0", "max": "255"}),
        Field("measure", _("Measure of a family"), by_family, "select",
              options=[("", _("none: the register below")), *families]),
        Field("register", _("Register"), address.get("register", ""), "number", is_required=False,
              attributes={"min": "0", "max": "65535"}, hint=_("counted from 0, as on the wire")),
        Field("function", _("Function"), address.get("function", 3), "select",
              options=[(3, _("3: holding registers")), (4, _("4: input registers")), (1, _("1: coils")),
                       (2, _("2: discrete inputs"))]),
        Field("type", _("Type"), decoding.get("type", "uint16"), "select", options=[(one, one) for one in TYPES]),
        Field("order", _("Order of bytes"), decoding.get("order", "abcd"), "select",
              options=[(one, one) for one in ORDERS],
              hint=_("abcd: most significant first; cdab: least significant word first")),
    ]  # fmt: skip


def _opcua_fields(_found: Any, address: dict[str, Any], _decoding: dict[str, Any]) -> list[Field]:
    return [Field("node", _("Node"), address.get("node", ""), is_half=False, hint="ns=2;s=Meter.Power")]


def _mqtt_fields(found: Any, address: dict[str, Any], _decoding: dict[str, Any]) -> list[Field]:
    caught = [
        Field(name, _("{%(name)s} in the topic", name=name), address.get(name, ""), is_required=False)
        for name in _placeholders(found)
    ]
    return [
        *caught,
        Field("path", _("Path of the value"), address.get("path", ""), is_required=False,
              hint=_("below the values, such as power or phases[0].power")),
        Field("tag", _("Tag"), address.get("tag", ""), is_required=False, hint=_("where the template names a list")),
        *_label_fields(address),
    ]  # fmt: skip


def _placeholders(found: Any) -> list[str]:
    topics = " ".join(str(one.get("topic", "")) for one in found.address.get("messages", []))
    return [name for name in dict.fromkeys(re.findall(r"\{(\w+)\}", topics)) if name not in ("path", "tag")]


def _sparkplug_fields(found: Any, address: dict[str, Any], _decoding: dict[str, Any]) -> list[Field]:
    is_fixed = found.address.keys() >= {"group", "node"}
    return [
        Field("node", _("Edge node"), address.get("node", ""), is_required=not is_fixed,
              hint=_("written as group/node")),
        Field("device", _("Device"), address.get("device", ""), is_required=False,
              hint=_("empty: the node's own metric")),
        Field("metric", _("Metric"), address.get("metric", "")),
        *_label_fields(address),
    ]  # fmt: skip


_ADDRESS_FIELDS = {
    "http": _http_fields, "modbus": _modbus_fields, "opcua": _opcua_fields, "mqtt": _mqtt_fields,
    "sparkplug": _sparkplug_fields,
}  # fmt: skip


def _said(found: Any, before: dict[str, Any]) -> dict[str, Any]:
    """Return what the form says of a channel."""
    protocol = found.protocol.value
    scale, offset = forms.number("scale"), forms.number("offset")
    said: dict[str, Any] = {"scale": 1.0 if scale is None else scale, "offset": offset or 0.0}
    if protocol == "modbus":
        address, decoding = _modbus_address()
        return said | {"address": address, "decoding": decoding, "poll_seconds": forms.number("poll_seconds")}
    names = {
        "http": ("tag",), "opcua": ("node",), "mqtt": (*_placeholders(found), "path", "tag"),
        "sparkplug": ("node", "device", "metric"),
    }.get(protocol, ())  # fmt: skip
    address = {name: value for name in names if (value := forms.maybe(name, 500))}
    if forms.text("label") == "end":
        address |= {"label": "end", "minutes": forms.whole("minutes")}
    return said | {"address": address or ({} if protocol == "http" else address)}


def _modbus_address() -> tuple[dict[str, Any], dict[str, Any]]:
    unit, measure = _unit(), forms.text("measure")
    if measure:
        family, _slash, name = measure.partition("/")
        return {"unit": unit, "family": family, "measure": name}, {}
    register = forms.whole("register")
    if register is None:
        raise Refused(
            _("A channel names a measure or a register."), field="register", remedy=_("choose one of the two")
        )
    place = {"unit": unit, "function": forms.whole("function"), "register": register}
    return place, {"type": forms.text("type"), "order": forms.text("order")}
