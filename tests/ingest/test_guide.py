"""What people say of a connection or channel is held to the workers' own rules before it is stored."""

from __future__ import annotations

import pytest

from backend.kernel import ids
from backend.kernel.errors import Refused
from ingest.guide import Guide

OWNER = ids.new_id()
MINE = ids.show(OWNER)
TEMPLATE = {"topic": "plant/{device}/up", "time": "ts"}
BROKER = {"url": "mqtt://broker.plant.example:1883"}
GATEWAY = {"host": "192.168.1.50"}


def connect(protocol, address):
    return Guide().check_connection(protocol, address, organisation_id=OWNER)


@pytest.mark.parametrize(
    ("protocol", "address"),
    [
        ("modbus", GATEWAY | {"port": 502, "scan": [1, 32]}), ("modbus", {"host": "gateway-3.plant.example"}),
        ("modbus", {"host": "fd00::17"}), ("modbus", {"host": "127.0.0.1", "port": 1502}),
        ("opcua", {"url": "opc.tcp://10.0.0.7:4840/UA", "policy": "None"}),
        ("opcua", {"url": "opc.tcp://plc", "user": "meter", "secret_name": "FIELD_PLC"}),
        ("mqtt", BROKER | {"messages": [TEMPLATE], "share": "readers", "user": "a", "secret_name": "FIELD_A"}),
        ("mqtt", {"messages": [TEMPLATE | {"topic": f"{MINE}/{{device}}"}]}),
        ("sparkplug", BROKER | {"group": "plant"}), ("sparkplug", {"group": MINE}), ("http", {}),
    ],
)  # fmt: skip
def test_an_address_a_worker_can_use_is_taken(protocol, address):
    assert connect(protocol, address | {"user": address.get("user")}) == address


@pytest.mark.parametrize(
    ("protocol", "address", "field"),
    [
        ("modbus", {}, "host"), ("modbus", GATEWAY | {"port": 70_000}, "port"),
        ("modbus", GATEWAY | {"prot": 1}, "prot"),
        ("modbus", {"host": "a b"}, "host"), ("modbus", {"host": "169.254.169.254"}, "host"),
        ("modbus", {"host": "::ffff:169.254.169.254"}, "host"), ("modbus", {"host": "0.0.0.0"}, "host"),
        ("modbus", {"host": "224.0.0.1"}, "host"), ("modbus", {"host": "fe80::1"}, "host"),
        ("modbus", GATEWAY | {"scan": [1]}, "scan"), ("modbus", GATEWAY | {"pause_seconds": 60}, "pause_seconds"),
        ("opcua", {"url": "http://plc"}, "url"), ("opcua", {"url": "opc.tcp://169.254.1.1:4840"}, "url"),
        ("opcua", {"url": "opc.tcp://plc", "policy": "Best"}, "policy"),
        ("opcua", {"url": "opc.tcp://plc", "secret_name": "ENERFIELD_SECRET_KEY"}, "secret_name"),
        ("opcua", {"url": "opc.tcp://plc", "fingerprint": "ab"}, "fingerprint"),
        ("mqtt", BROKER, "messages"), ("mqtt", BROKER | {"messages": []}, "messages"),
        ("mqtt", BROKER | {"messages": ["x"]}, "messages"), ("mqtt", BROKER | {"messages": [{}]}, "topic"),
        ("mqtt", BROKER | {"messages": [TEMPLATE | {"topic": "a/x{b}"}]}, "topic"),
        ("mqtt", BROKER | {"messages": [TEMPLATE | {"topic": "a/#/b"}]}, "topic"),
        ("mqtt", BROKER | {"messages": [TEMPLATE | {"topic": "$SYS/#"}]}, "topic"),
        ("mqtt", BROKER | {"messages": [TEMPLATE | {"time_unit": "h"}]}, "time_unit"),
        ("mqtt", BROKER | {"messages": [TEMPLATE | {"qualities": {"a": ["good"]}}]}, "qualities"),
        ("mqtt", {"messages": [TEMPLATE]}, "topic"), ("mqtt", {"messages": [TEMPLATE | {"topic": "#"}]}, "topic"),
        ("mqtt", {"url": "mqtt://u:p@broker", "messages": [TEMPLATE]}, "url"),
        ("mqtt", {"url": "mqtt://[broker", "messages": [TEMPLATE]}, "url"),
        ("mqtt", BROKER | {"messages": [TEMPLATE], "tls": {"ca": "/etc/passwd"}}, "tls"),
        ("mqtt", BROKER | {"messages": [TEMPLATE], "tls": {"ca": "/etc/enerfield/../passwd"}}, "tls"),
        ("mqtt", BROKER | {"messages": [TEMPLATE], "secret_name": "HOME", "user": "x"}, "secret_name"),
        ("mqtt", BROKER | {"messages": [TEMPLATE], "share": "a/b"}, "share"),
        ("sparkplug", {}, "group"), ("sparkplug", {"group": "theirs"}, "group"),
        ("sparkplug", BROKER | {"group": "a/#"}, "group"), ("http", {"host": "x"}, "host"),
    ],
)  # fmt: skip
def test_any_other_address_is_refused_by_field_value_and_remedy(protocol, address, field):
    with pytest.raises(Refused) as refused:
        connect(protocol, address)
    assert refused.value.field == field
    assert refused.value.remedy
    assert "'new'" not in refused.value.message


@pytest.mark.parametrize(
    ("protocol", "connection", "address", "decoding", "field"),
    [
        ("modbus", GATEWAY, {"unit": 1, "family": "eastron_sdm630", "measure": "active_power"}, {}, None),
        ("modbus", GATEWAY, {"unit": 1, "register": 52, "function": 4}, {"type": "float32"}, None),
        ("modbus", GATEWAY, {"unit": 256, "register": 52}, {}, "unit"),
        ("modbus", GATEWAY, {"unit": 1, "register": 52}, {"order": "dabc"}, "order"),
        ("modbus", GATEWAY, {"unit": 1, "register": 52}, {"absent": [[1]]}, "absent"),
        ("modbus", GATEWAY, {"unit": 1, "family": "acme", "measure": "x"}, {}, "family"),
        ("modbus", GATEWAY, {"unit": 1, "family": "eastron_sdm630", "measure": "x"}, {}, "measure"),
        ("opcua", {}, {"node": "ns=2;s=Meter.Power"}, {}, None), ("opcua", {}, {"node": "Meter"}, {}, "node"),
        ("opcua", {}, {"node": "ns=2;s=a"}, {"type": "int16"}, "decoding"),
        ("mqtt", {"messages": [TEMPLATE]}, {"device": "m1", "path": "power"}, {}, None),
        ("mqtt", {"messages": [TEMPLATE]}, {"meter": "m1", "path": "power"}, {}, "meter"),
        ("mqtt", {"messages": [TEMPLATE]}, {"device": "m1", "path": "a..["}, {}, "path"),
        ("mqtt", {"messages": [TEMPLATE]}, {"device": "m1", "path": 7}, {}, "path"),
        ("mqtt", {"messages": [TEMPLATE]}, {}, {}, "path"),
        ("mqtt", {"messages": [TEMPLATE]}, {"device": "m1", "path": "e", "label": "end"}, {}, "minutes"),
        ("sparkplug", {}, {"metric": "power", "node": "plant/edge"}, {}, None),
        ("sparkplug", {}, {"metric": "power"}, {}, "node"), ("sparkplug", {}, {"node": "plant/edge"}, {}, "metric"),
        ("http", {}, {}, {}, None), ("http", {}, {"tag": "m1.power"}, {}, None), ("http", {}, {"tag": ""}, {}, "tag"),
        ("http", {}, {"label": "middle"}, {}, "label"),
    ],
)  # fmt: skip
def test_a_channel_is_held_to_what_its_connection_can_read(protocol, connection, address, decoding, field):
    if field is None:
        Guide().check_channel(protocol, connection, address, decoding)
        return
    with pytest.raises(Refused) as refused:
        Guide().check_channel(protocol, connection, address, decoding)
    assert refused.value.field == field
    assert "point 0" not in refused.value.message


def test_every_family_is_offered_with_what_it_measures():
    found = {one.key: one for one in Guide().families()}
    assert {"eastron_sdm630", "schneider_iem3155", "sontex_supercal531"} <= found.keys()
    power = found["eastron_sdm630"].measure("active_power")
    assert (power.unit, power.quantity, power.kind) == ("kW", "active power", "instant")
