"""Says, before a connection or channel is stored, whether a worker could use it: by the workers' own rules.

People's words are trusted less than the installation's own: a name of a secret must be one meant for
devices, a host must not be one that only this machine's neighbours know (see `ingest/README.md`).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from backend.kernel import ids
from backend.kernel.errors import Refused
from backend.metering.ports import FamilyView, MeasureView
from ingest.devices.families import families
from ingest.fields import Field, check_table
from ingest.modbus import mapping as modbus
from ingest.mqtt.decode import NO_PLACEHOLDERS, shapes_of
from ingest.mqtt.mapping import path, topic_pattern
from ingest.plan import Channel, Connection

SECRET = re.compile(r"FIELD_[A-Z0-9_]{1,60}")
"""Environment variables a connection may name: no other secret of this installation is sent to a device."""

KEYS_FOLDER = re.compile(r"/etc/enerfield/[\w./-]+")
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
BROKER_FIELDS = {
    "url": Field(str, None), "user": Field(str, None), "secret_name": Field(str, None), "tls": Field(dict, None),
}  # fmt: skip
MQTT_FIELDS = BROKER_FIELDS | {"share": Field(str, None), "messages": Field(list)}
SPARKPLUG_FIELDS = BROKER_FIELDS | {
    "group": Field(str, None), "node": Field(str, None), "host_id": Field(str, None),
}  # fmt: skip
LABEL_FIELDS = {
    "label": Field(str, None, among=("start", "end")),
    "minutes": Field(int, None, among=(5, 15, 30, 60)),
}
TAG_FIELDS = {"tag": Field(str, None)} | LABEL_FIELDS
METRIC_FIELDS = {"metric": Field(str), "device": Field(str, None), "node": Field(str, None)} | LABEL_FIELDS
WORD = re.compile(r"[^/+#\x00-\x1f]{1,200}")

_NO_ID = UUID(int=0)
_WHERE = re.compile(r"^(connection 'new'|channel of point 0|channel|address)(\.|:)? ?")


class Guide:
    """The workers' rules as backend/metering asks for them (`backend.metering.ports.FieldGuide`)."""

    def check_connection(
        self, protocol: str, address: Mapping[str, Any], *, organisation_id: UUID
    ) -> dict[str, Any]:
        """Return the address without what is not said; raises Refused naming field, value and remedy."""
        said = {name: value for name, value in address.items() if value is not None and value != ""}
        with _in_short():
            _CONNECTIONS[protocol](said, ids.show(organisation_id))
        return said

    def check_channel(
        self,
        protocol: str,
        connection: Mapping[str, Any],
        address: Mapping[str, Any],
        decoding: Mapping[str, Any],
    ) -> None:
        """Raise Refused where a worker could not read this address over the connection."""
        with _in_short():
            if decoding and protocol != "modbus":
                raise Refused(
                    "only Modbus values are decoded from registers", field="decoding", value=sorted(decoding),
                    remedy="leave it out",
                )  # fmt: skip
            _CHANNELS[protocol](connection, address, decoding)

    def families(self) -> Sequence[FamilyView]:
        """Return the families there are tables for, by maker and model."""
        return _families()


@cache
def _families() -> tuple[FamilyView, ...]:
    found = [
        FamilyView(
            key, family.maker, family.model, family.carrier,
            tuple(MeasureView(m.name, m.quantity, m.unit, m.kind, m.direction) for m in family.measures.values()),
        )
        for key, family in families().items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.maker, one.model)))


# --- hosts and secrets


def demand_device_host(host: str) -> None:
    """Refuse what is no host name, and addresses at which no device stands (see `is_device_address`)."""
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        if not HOST.fullmatch(host):
            raise Refused(
                f"'{host[:100]}' is no host", field="host", value=host[:100],
                remedy="give a name or an IP address, such as 192.168.1.50",
            ) from None  # fmt: skip
        return
    if not is_device_address(literal):
        raise Refused(
            f"no device stands at {host}", field="host", value=host,
            remedy="link-local, multicast and unspecified addresses are not called",
        )  # fmt: skip


def is_device_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether a device may stand there; link-local ones hold cloud machines' own secrets."""
    plain = getattr(address, "ipv4_mapped", None) or address
    return not (plain.is_link_local or plain.is_multicast or plain.is_unspecified)


def _secret(said: Mapping[str, Any]) -> None:
    name = said.get("secret_name")
    if name is not None and not SECRET.fullmatch(name):
        raise Refused(
            f"'{name[:80]}' is not the name of a device's secret", field="secret_name", value=name[:80],
            remedy="name an environment variable of the worker that begins with FIELD_",
        )  # fmt: skip


def _broker(said: Mapping[str, Any]) -> None:
    """Check where a broker is and who we are there."""
    _secret(said)
    for name, file in (said.get("tls") or {}).items():
        if (
            name not in ("ca", "certificate", "key")
            or not KEYS_FOLDER.fullmatch(str(file))
            or ".." in str(file)
        ):
            raise Refused(
                f"tls.{name} is '{str(file)[:80]}'", field="tls", value=str(file)[:80],
                remedy="name ca, certificate and key by files under /etc/enerfield/",
            )  # fmt: skip
    if "url" not in said:
        return
    parts = _url(said["url"], ("mqtt", "mqtts"), "mqtt://host:1883")
    if parts.username or parts.password:
        raise Refused(
            "the address holds a user or password", field="url", value=f"{parts.scheme}://…@{parts.hostname}",
            remedy="use user and secret_name",
        )  # fmt: skip


def _url(text: str, schemes: tuple[str, ...], example: str) -> Any:
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_whole = False
    if not is_whole:
        raise Refused(
            f"'{text[:200]}' is no address", field="url", value=text[:200], remedy=f"write {example}"
        )
    try:
        demand_device_host(parts.hostname or "")
    except Refused as error:
        error.field = "url"
        raise
    return parts


# --- connections by protocol


def _mqtt(said: Mapping[str, Any], owner: str) -> None:
    check_table("address", said, MQTT_FIELDS)
    _broker(said)
    if not all(isinstance(table, dict) for table in said["messages"]):
        raise Refused(
            "a template is an object", field="messages", remedy='write [{"topic": "plant/{device}/up"}]'
        )
    if not all(
        isinstance(word, str) for table in said["messages"] for word in _values(table.get("qualities"))
    ):
        raise Refused("qualities map words to qualities", field="qualities", remedy='write {"192": "good"}')
    if "share" in said and not WORD.fullmatch(said["share"]):
        raise Refused(
            f"'{said['share'][:80]}' cannot name a share", field="share", value=said["share"][:80],
            remedy="use letters and digits",
        )  # fmt: skip
    for shape in shapes_of(said):
        topic_pattern(shape.topic)
        is_misplaced = "#" in shape.topic.removesuffix("/#") and shape.topic != "#"
        if not shape.topic or is_misplaced or shape.topic.startswith("$"):
            raise Refused(
                f"'{shape.topic}' is not a topic template", field="topic", value=shape.topic,
                remedy="write plant/{device}/up; # may stand last",
            )  # fmt: skip
        if "url" not in said and not shape.topic.startswith(f"{owner}/"):
            raise Refused(
                f"'{shape.topic}' is not among your topics on this installation's own broker", field="topic",
                value=shape.topic, remedy=f"begin it with {owner}/, or give the url of your own broker",
            )  # fmt: skip


def _values(table: Any) -> list[Any]:
    return list(table.values()) if isinstance(table, dict) else []


def _sparkplug(said: Mapping[str, Any], owner: str) -> None:
    check_table("address", said, SPARKPLUG_FIELDS)
    _broker(said)
    for name in ("group", "node", "host_id"):
        if name in said and not WORD.fullmatch(said[name]):
            raise Refused(
                f"{name} is '{said[name][:80]}'", field=name, value=said[name][:80],
                remedy="a word without /, + and #",
            )  # fmt: skip
    if "url" not in said and said.get("group") != owner:
        raise Refused(
            "on this installation's own broker your group is your organisation's id", field="group",
            value=said.get("group"), remedy=f"use {owner}, or give the url of your own broker",
        )  # fmt: skip


def _modbus(said: Mapping[str, Any], _owner: str) -> None:
    modbus.gateway(_connection("modbus", said))
    demand_device_host(said["host"])


def _opcua(said: Mapping[str, Any], _owner: str) -> None:
    from ingest.opcua.mapping import server  # its library takes a second to load

    server(_connection("opcua", said))
    _url(said["url"], ("opc.tcp",), "opc.tcp://host:4840/path")
    _secret(said)
    if "fingerprint" in said and not re.fullmatch("[0-9a-fA-F]{64}", said["fingerprint"]):
        raise Refused(
            "a fingerprint is SHA-256 in hex", field="fingerprint", value=said["fingerprint"][:80],
            remedy="give 64 hexadecimal digits",
        )  # fmt: skip


def _http(said: Mapping[str, Any], _owner: str) -> None:
    check_table("address", said, {})


# --- channels by protocol


def _mqtt_channel(
    connection: Mapping[str, Any], address: Mapping[str, Any], _decoding: Mapping[str, Any]
) -> None:
    shapes = shapes_of(connection)
    caught = {name for shape in shapes for name in re.findall(r"\{(\w+)\}", shape.topic)}
    for name, value in address.items():
        if name not in caught | NO_PLACEHOLDERS:
            raise Refused(
                f"no template catches '{name}'", field=name, value=str(value)[:100],
                remedy="use one of " + ", ".join(sorted(caught | NO_PLACEHOLDERS)),
            )  # fmt: skip
        if name != "minutes" and not isinstance(value, str):
            raise Refused(
                f"{name} is {value!r}", field=name, value=str(value)[:100], remedy="write it as text"
            )
    _labels(address)
    path(address.get("path", ""))
    if not address.keys() & ({"path", "tag"} | caught):
        raise Refused(
            "the channel names nothing in a message", field="path", remedy='{"device": "m1", "path": "power"}'
        )


def _sparkplug_channel(
    connection: Mapping[str, Any], address: Mapping[str, Any], _d: Mapping[str, Any]
) -> None:
    check_table("channel", address, METRIC_FIELDS)
    if "node" not in address and not connection.keys() >= {"group", "node"}:
        raise Refused("the channel names no node", field="node", remedy="write it as group/node")


def _modbus_channel(
    connection: Mapping[str, Any], address: Mapping[str, Any], decoding: Mapping[str, Any]
) -> None:
    absent = decoding.get("absent", [])
    if not isinstance(absent, list) or not all(type(one) is int for one in absent):
        raise Refused(
            "absent is a list of raw values", field="absent", value=str(absent)[:80], remedy="[65535]"
        )
    modbus.register(_connection("modbus", connection), Channel(0, _NO_ID, address, decoding))


def _opcua_channel(
    _connection: Mapping[str, Any], address: Mapping[str, Any], _decoding: Mapping[str, Any]
) -> None:
    from ingest.opcua.mapping import items

    _found, refused = items([Channel(0, _NO_ID, address)])
    for _channel, error in refused:
        raise error


def _http_channel(
    _connection: Mapping[str, Any], address: Mapping[str, Any], _decoding: Mapping[str, Any]
) -> None:
    found = check_table("channel", address, TAG_FIELDS)
    if found["tag"] is not None and not 1 <= len(found["tag"]) <= 200:
        raise Refused(
            "a tag has 1 to 200 characters", field="tag", value=found["tag"][:200], remedy="shorten it"
        )
    _labels(address)


def _labels(address: Mapping[str, Any]) -> None:
    """Check how intervals are labelled: by their end only with their length."""
    check_table("channel", {k: v for k, v in address.items() if k in LABEL_FIELDS}, LABEL_FIELDS)
    if address.get("label") == "end" and not address.get("minutes"):
        raise Refused(
            "intervals labelled by their end need their length",
            field="minutes",
            remedy="give 5, 15, 30 or 60",
        )


_CONNECTIONS = {
    "mqtt": _mqtt,
    "sparkplug": _sparkplug,
    "modbus": _modbus,
    "opcua": _opcua,
    "http": _http,
    "file": _http,
}
_CHANNELS = {
    "mqtt": _mqtt_channel, "sparkplug": _sparkplug_channel, "modbus": _modbus_channel, "opcua": _opcua_channel,
    "http": _http_channel, "file": _http_channel,
}  # fmt: skip


def _connection(protocol: str, address: Mapping[str, Any]) -> Connection:
    return Connection(_NO_ID, protocol, "new", address)


class _in_short:
    """Lets refusals name the field alone: whoever fills in a form knows where they are."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Refused):
            error.message = _WHERE.sub("", error.message)
            error.field = (error.field or "").rpartition(".")[2] or None
