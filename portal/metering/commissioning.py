"""Add the ways into the field, change them, give gateways their keys, and have a worker try whether they answer."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import current_app, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backend.kernel.errors import EnerfieldError, Forbidden, NotFound, Refused
from backend.kernel.ids import show
from backend.kernel.scope import Role
from backend.metering import service
from backend.metering.service import Outcome, Protocol
from portal import forms
from portal.forms import Field, Page
from portal.pages import done, pages, refused
from portal.picking import pick, picked
from portal.sites import may_keep, nodes_of
from portal.terms import PROTOCOLS
from portal.words import named_here as named

KEEPERS = (Role.ADMINISTRATOR, Role.OPERATOR)
POLICIES = ("Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss", "None")
WAYS = {
    "modbus": _l("Meters behind a gateway, or with a network socket of their own; we ask them."),
    "mqtt": _l("A broker to which devices publish JSON; we listen."),
    "sparkplug": _l("A broker with Sparkplug edge nodes, which introduce themselves."),
    "opcua": _l("A controller or server that offers variables; we subscribe."),
    "http": _l("A gateway or program that sends its readings to us, with a key of its own."),
}
OUTCOMES = {
    Outcome.ANSWERS: ("good", _l("It answers."), ""),
    Outcome.QUIET: ("act", _l("The gateway is reached, but the device behind it does not answer."),
                    _l("Check the unit id and the wiring behind the gateway.")),
    Outcome.UNKNOWN_HOST: ("act", _l("No address is known for this host name."),
                           _l("Check the name, or use the IP address.")),
    Outcome.FORBIDDEN_HOST: ("act", _l("No device can stand at this address."), _l("Give the device's own address.")),
    Outcome.UNREACHABLE: ("act", _l("Nothing takes a connection at this host and port."),
                          _l("Check host, port, cable and firewall.")),
    Outcome.SILENT: ("act", _l("A connection is taken, but nothing answers in time."),
                     _l("Check that the port is the protocol's, and that the device takes one more connection.")),
    Outcome.REFUSES: ("act", _l("The other side refuses us."), _l("Check user, secret, certificate and security.")),
    Outcome.FOREIGN: ("act", _l("Something answers, but not in this protocol."),
                      _l("Check the port and the protocol.")),
    Outcome.UNUSABLE: ("act", _l("The worker cannot use this address."), _l("Edit the connection.")),
}  # fmt: skip


@pages.route("/connections/new", methods=["GET", "POST"])
def new_connection() -> Any:
    """Choose how the field speaks, then say where it is."""
    if not g.scope.holds(*KEEPERS):
        raise Forbidden(
            "connections are added by administrators and plant operators", remedy="ask one of them"
        )
    protocol = request.values.get("protocol", "")
    if protocol not in WAYS:
        ways = [{"name": PROTOCOLS[key], "words": words, "link": _new(key)} for key, words in WAYS.items()]
        return render_template("metering/ways.html", ways=ways)
    owner = pick(
        "organisation", _("Belongs to"), "kept_organisation", request.args.get("at", ""), is_half=False
    )
    page = Page(
        _("New connection: %(protocol)s", protocol=str(PROTOCOLS[protocol])), str(WAYS[protocol]), [_step()],
        _("Add the connection"), [owner, *_fields(protocol, {}, None)], {"protocol": protocol}, _aside(protocol),
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        new = service.NewConnection(
            protocol=Protocol(protocol), address=_address(protocol, {}), **_said(), **_periods(protocol)
        )
        made = service.add_connection(
            g.session,
            g.scope,
            current_app.guide,
            organisation_id=picked("organisation", "kept_organisation"),
            new=new,
        )
        key = (
            service.issue_gateway_key(g.session, g.scope, connection_id=made.id)
            if protocol == "http"
            else None
        )
    except EnerfieldError as error:
        return forms.show(page, error)
    if key:
        return _key_page(made, key)
    said = (
        _("%(name)s is added. Try it now, then say what is read over it.", name=named(made))
        if may_keep(made.organisation_id, Role.ADMINISTRATOR)
        else _(
            "%(name)s is added. Next say what is read over it; an administrator can have it tried before.",
            name=named(made),
        )
    )
    return done(said, at(made.id))


@pages.route("/connections/<uuid:connection_id>/edit", methods=["GET", "POST"])
def edit_connection(connection_id: UUID) -> Any:
    """Say otherwise where a connection goes and how patient it is."""
    found = service.connection(g.session, g.scope, connection_id)
    g.scope.demand(found.organisation_id, *KEEPERS)
    protocol = found.protocol.value
    page = Page(
        _("Edit %(name)s", name=named(found)), str(WAYS.get(protocol, "")), [_step(), step_to(found)], _("Save"),
        _fields(protocol, found.address, found), aside=_aside(protocol),
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        service.change_connection(
            g.session, g.scope, current_app.guide, connection_id=found.id, address=_address(protocol, found.address),
            **_said(), **_periods(protocol),
        )  # fmt: skip
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Saved. Workers follow within seconds."), at(found.id))


@pages.post(
    "/connections/<uuid:connection_id>/<any(switch_on,switch_off,remove,new_key,revoke_key,try_now):action>"
)
def change_connection(connection_id: UUID, action: str) -> Any:
    """Switch a connection, remove it, give it a key or take it, or have it tried."""
    session, scope, which = g.session, g.scope, {"connection_id": connection_id}
    found = service.connection(session, scope, connection_id)
    try:
        if action == "new_key":
            return _key_page(found, service.issue_gateway_key(session, scope, **which))
        if action == "try_now":
            service.ask_for_trial(session, scope, unit=forms.whole("unit"), **which)
            return done(_("A worker is trying it."), f"{at(connection_id)}#trial")
        if action == "remove":
            service.remove_connection(session, scope, **which)
            return done(_("%(name)s is removed.", name=named(found)), url_for("portal.connections"))
        if action == "revoke_key":
            service.revoke_gateway_key(session, scope, **which)
            return done(_("The key is revoked: it opens nothing any more."), at(connection_id))
        service.enable_connection(session, scope, is_enabled=action == "switch_on", **which)
    except (NotFound, Forbidden):
        raise
    except EnerfieldError as error:
        error.message, error.remedy = forms.said(error), None
        return refused(error, at(connection_id))
    return done(_("Switched on.") if action == "switch_on" else _("Switched off."), at(connection_id))


def around(connection_id: UUID) -> dict[str, Any]:
    """Return what the page of a connection offers beside its state: what the asker may do, the last trial."""
    found = service.connection(g.session, g.scope, connection_id)
    may_write = may_keep(found.organisation_id)
    return {
        "one": found, "may_write": may_write, "trial": _trial(connection_id),
        "may_try": found.protocol is not Protocol.HTTP and may_keep(found.organisation_id, Role.ADMINISTRATOR),
        "key_state": None if found.protocol is not Protocol.HTTP else found.key_hash is not None,
        "example": example("POINT", "KEY"),
    }  # fmt: skip


def at(connection_id: UUID) -> str:
    """Return the address of a connection's page."""
    return url_for("portal.connection", connection_id=connection_id)


def step_to(found: Any) -> dict[str, str]:
    """Return the step of the trail that leads to a connection."""
    return {"name": named(found), "link": at(found.id)}


def example(point: str, key: str) -> str:
    """Return a first push as it is typed into a terminal."""
    return (
        f"curl -X POST {current_app.settings.base_url}/api/v1/gateway/readings \\\n"
        f'  -H "Authorization: Bearer {key}" -H "Content-Type: application/json" \\\n'
        f"""  -d '{{"readings": [{{"point": "{point}", "read_at": "'$(date -u +%FT%TZ)'", "value": 12.5}}]}}'"""
    )


def _trial(connection_id: UUID) -> dict[str, Any] | None:
    trial = service.last_trial(g.session, g.scope, connection_id)
    if trial is None:
        return None
    detail = trial.detail or {}
    if trial.outcome is None:
        state, words, remedy = (
            "unknown",
            _("No worker has taken it up. Is one running for this protocol?"),
            "",
        )
    else:
        state, words, remedy = OUTCOMES[trial.outcome]
    families = {one.key: f"{one.maker} {one.model}" for one in current_app.guide.families()}
    return {
        "is_under_way": service.is_under_way(trial), "state": state, "words": words, "remedy": remedy,
        "at": trial.answered_at or trial.asked_at, "milliseconds": detail.get("milliseconds"),
        "unit": detail.get("unit"), "messages": detail.get("messages"),
        "families": [families[key] for key in detail.get("families", ()) if key in families],
    }  # fmt: skip


def _key_page(found: Any, key: str) -> Any:
    response = make_response(
        render_template(
            "metering/key.html", found=found, key=key, example=example("POINT", key), link=at(found.id)
        )
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _new(protocol: str) -> str:
    return url_for("portal.new_connection", protocol=protocol, at=request.args.get("at"))


def _step() -> dict[str, str]:
    return {"name": _("Connections"), "link": url_for("portal.connections", at=request.args.get("at"))}


# --- what a form asks and says


def _fields(protocol: str, address: dict[str, Any], found: Any) -> list[Field]:
    names = [
        Field("name", _("Name in English"), found.name if found else "", attributes={"maxlength": "200"}),
        Field("name_zh", _("Name in Chinese"), (found.name_zh if found else "") or "", is_required=False),
    ]
    silence = _seconds(
        "silence_seconds", _("Counts as silent after [s]"), found.silence_seconds if found else 120
    )
    periods = [silence]
    if protocol in ("modbus", "opcua"):
        periods = [
            _seconds("poll_seconds", _("Asks every [s]"), found.poll_seconds if found else 10),
            _seconds("timeout_seconds", _("An answer may take [s]"), found.timeout_seconds if found else 1), silence,
        ]  # fmt: skip
    return [*names, *_ADDRESS_FIELDS[protocol](address), *periods]


def _seconds(name: str, label: str, value: float) -> Field:
    return Field(name, label, f"{value:g}", "number", attributes={"step": "any", "min": "0.1"})


def _modbus_fields(address: dict[str, Any]) -> list[Field]:
    first, last = address.get("scan") or ("", "")
    unit = {"min": "0", "max": "255"}
    return [
        Field("host", _("Host"), address.get("host", ""), hint=_("name or IP address, such as 192.168.1.50")),
        Field("port", _("Port"), address.get("port", 502), "number", attributes={"min": "1", "max": "65535"}),
        Field("scan_first", _("Look for new meters from unit"), first, "number", is_required=False, attributes=unit,
              hint=_("they are offered under 'Devices seen'")),
        Field("scan_last", _("… to unit"), last, "number", is_required=False, attributes=unit),
    ]  # fmt: skip


def _opcua_fields(address: dict[str, Any]) -> list[Field]:
    return [
        Field("url", _("Address"), address.get("url", ""), is_half=False, hint="opc.tcp://192.168.1.60:4840/path"),
        Field("policy", _("Security policy"), address.get("policy", POLICIES[0]), "select",
              options=[(one, one if one != "None" else _("none: only on a line you trust")) for one in POLICIES]),
        Field("mode", _("Security mode"), address.get("mode", "SignAndEncrypt"), "select",
              options=[("SignAndEncrypt", _("sign and encrypt")), ("Sign", _("sign"))]),
        *_user_fields(address),
        Field("fingerprint", _("Fingerprint of its certificate"), address.get("fingerprint", ""), is_required=False,
              is_half=False, hint=_("SHA-256 in hex; without it the first certificate seen is kept")),
    ]  # fmt: skip


def _user_fields(address: dict[str, Any]) -> list[Field]:
    return [
        Field("user", _("User"), address.get("user", ""), is_required=False),
        Field("secret_name", _("Name of the secret"), address.get("secret_name", ""), is_required=False,
              hint=_("the worker's environment variable with the password; it begins with FIELD_")),
    ]  # fmt: skip


def _broker_fields(address: dict[str, Any]) -> list[Field]:
    return [
        Field("url", _("Broker"), address.get("url", ""), is_required=False, is_half=False,
              hint=_("mqtt://host:1883 or mqtts://host:8883; empty: this installation's own broker")),
        *_user_fields(address),
    ]  # fmt: skip


def _mqtt_fields(address: dict[str, Any]) -> list[Field]:
    templates = address.get("messages") or [{}]
    first, more = templates[0], templates[1:]
    return [
        *_broker_fields(address),
        Field("topic", _("Topic"), first.get("topic", ""), is_half=False,
              hint=_("{device} catches a level of the topic: plant/{device}/up")),
        Field("values", _("Where the values stand"), first.get("values", ""), is_required=False,
              hint=_("path of the object with the values, such as data; empty: the message itself")),
        Field("time", _("Where the time stands"), first.get("time", ""), is_required=False,
              hint=_("path of the instant, such as ts")),
        Field("time_unit", _("The time is written as"), first.get("time_unit", "iso"), "select",
              options=[("iso", "2026-01-31T08:00:00Z"), ("s", _("seconds since 1970")),
                       ("ms", _("milliseconds since 1970")), ("us", _("microseconds since 1970"))]),
        Field("sequence", _("Where the number of the message stands"), first.get("sequence", ""), is_required=False,
              hint=_("gaps in it are counted as missed")),
        Field("each", _("Path of a list"), first.get("each", ""), is_required=False,
              hint=_("where one message holds a list of samples or values")),
        Field("tag", _("Name within the list"), first.get("tag", ""), is_required=False),
        Field("value", _("Value within the list"), first.get("value", ""), is_required=False),
        Field("share", _("Shared by"), address.get("share", ""), is_required=False,
              hint=_("a name, where several workers divide the messages")),
        Field("more", _("More templates"), json.dumps(more, ensure_ascii=False, indent=1) if more else "", "area",
              is_required=False, is_half=False, hint=_("as a JSON list; the words stand in the guide")),
    ]  # fmt: skip


def _sparkplug_fields(address: dict[str, Any]) -> list[Field]:
    return [
        *_broker_fields(address),
        Field("group", _("Group"), address.get("group", ""), is_required=False,
              hint=_("empty: all groups of the broker")),
        Field("node", _("Edge node"), address.get("node", ""), is_required=False,
              hint=_("empty: all nodes of the group")),
        Field("host_id", _("We are their primary host as"), address.get("host_id", ""), is_required=False,
              hint=_("only where the nodes wait for a primary host")),
    ]  # fmt: skip


_ADDRESS_FIELDS = {
    "modbus": _modbus_fields, "opcua": _opcua_fields, "mqtt": _mqtt_fields, "sparkplug": _sparkplug_fields,
    "http": lambda _address: [], "file": lambda _address: [],
}  # fmt: skip


def _said() -> dict[str, Any]:
    return {"name": forms.text("name"), "name_zh": forms.maybe("name_zh")}


def _periods(protocol: str) -> dict[str, float]:
    names = ("poll_seconds", "timeout_seconds", "silence_seconds")
    wanted = names if protocol in ("modbus", "opcua") else names[2:]
    return {name: value for name in wanted if (value := forms.number(name)) is not None}


def _address(protocol: str, before: dict[str, Any]) -> dict[str, Any]:
    """Return the address the form says; what no form asks for (pauses, certificates) stays as it was."""
    asked = {"host", "port", "scan", "url", "policy", "mode", "user", "secret_name", "fingerprint", "messages", "share",
             "group", "node", "host_id"}  # fmt: skip
    kept = {name: value for name, value in before.items() if name not in asked}
    texts = {
        "modbus": ("host",), "opcua": ("url", "policy", "mode", "user", "secret_name", "fingerprint"),
        "mqtt": ("url", "user", "secret_name", "share"),
        "sparkplug": ("url", "user", "secret_name", "group", "node", "host_id"),
    }.get(protocol, ())  # fmt: skip
    said: dict[str, Any] = {name: forms.maybe(name, 500) for name in texts}
    if protocol == "modbus":
        said |= {"port": forms.whole("port"), "scan": _scan()}
    if protocol == "mqtt":
        said["messages"] = _templates(before.get("messages") or [{}])
    return kept | {name: value for name, value in said.items() if value is not None}


def _scan() -> list[int] | None:
    first, last = forms.whole("scan_first"), forms.whole("scan_last")
    if first is None and last is None:
        return None
    if first is None or last is None or not 0 <= first <= last <= 255:
        raise Refused(
            _("Units %(first)s to %(last)s are no range.", first=first, last=last), field="scan_first",
            remedy=_("give both, between 0 and 255, or none"),
        )  # fmt: skip
    return [first, last]


def _templates(before: list[dict[str, Any]]) -> list[Any]:
    asked = ("topic", "values", "time", "time_unit", "sequence", "each", "tag", "value")
    first = {name: value for name, value in before[0].items() if name not in asked}
    first |= {name: value for name in asked if (value := forms.maybe(name, 500))}
    more = forms.as_json("more") or []
    if not isinstance(more, list):
        raise Refused(_("More templates are a list."), field="more", remedy=_("put them in [ ]"))
    return [first, *more]


def _aside(protocol: str) -> str:
    """Say what is special about this installation's own broker."""
    if protocol not in ("mqtt", "sparkplug"):
        return ""
    mine = request.args.get("at") or show(nodes_of(*KEEPERS)[0].id)
    return _(
        "On this installation's own broker topics (and Sparkplug groups) begin with the organisation's id: %(id)s.",
        id=mine,
    )  # fmt: skip
