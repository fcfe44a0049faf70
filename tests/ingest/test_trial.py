"""Trials against what really stands at an address: what is said of it, in a word, and how soon."""

from __future__ import annotations

import asyncio
import json
import struct
from uuid import uuid4

import pytest

from backend.kernel.settings import settings
from backend.metering.models import Outcome
from backend.metering.service.trials import TrialWork
from ingest import trial
from tests.counterparts import HERE, free_port, node, running
from tests.counterparts.proxy import BlackHoleProxy


def work(protocol, address, *channels, unit=None):
    return TrialWork(uuid4(), uuid4(), protocol, "tried", address, unit, channels)


def tried(*said, **more):
    return asyncio.run(trial.try_now(work(*said, **more), settings()))


def words(value: float) -> list[int]:
    return list(struct.unpack(">2H", struct.pack(">f", value)))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """A modbus-serial gateway with a meter at unit 3 that could be an SDM630, and nobody else."""
    plan = tmp_path_factory.mktemp("modbus") / "plan.json"
    held = {70 + i: word for i, word in enumerate(words(50.0))}
    plan.write_text(json.dumps({"units": {3: {"input": held}}}))
    with running(node(), HERE / "modbus_server.cjs", "{port}", plan) as server:
        yield {"host": "127.0.0.1", "port": server.port}


@pytest.fixture(scope="module")
def opcua(tmp_path_factory):
    with running(node(), HERE / "opcua_server.cjs", "{port}", tmp_path_factory.mktemp("opcua")) as server:
        yield f"opc.tcp://127.0.0.1:{server.port}/UA/meters"


def test_a_unit_that_lives_answers_and_says_what_it_may_be(environment, gateway):
    outcome, detail = tried("modbus", gateway, unit=3)
    assert outcome is Outcome.ANSWERS
    assert detail["unit"] == 3
    assert "eastron_sdm630" in detail["families"]


def test_the_unit_that_is_read_is_asked_where_none_is_named(environment, gateway):
    channel = {"address": {"unit": 3, "register": 70, "function": 4}, "decoding": {"type": "float32"}}
    assert tried("modbus", gateway, channel)[1]["unit"] == 3


def test_a_gateway_without_the_unit_is_told_from_none(environment, gateway):
    assert tried("modbus", gateway, unit=9)[0] is Outcome.QUIET
    assert tried("modbus", {"host": "127.0.0.1", "port": free_port()})[0] is Outcome.UNREACHABLE


@pytest.mark.parametrize(
    ("host", "outcome"),
    [("nowhere.invalid", Outcome.UNKNOWN_HOST), ("169.254.169.254", Outcome.FORBIDDEN_HOST),
     ("::ffff:169.254.169.254", Outcome.FORBIDDEN_HOST)],
)  # fmt: skip
def test_addresses_at_which_no_device_stands_are_not_called(environment, host, outcome):
    assert tried("modbus", {"host": host})[0] is outcome


def test_a_name_that_leads_to_a_forbidden_address_is_not_called(environment, monkeypatch):
    async def metadata(*_given, **_more):
        return [(2, 1, 6, "", ("10.0.0.1", 80)), (2, 1, 6, "", ("169.254.169.254", 80))]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", metadata)
    for protocol, address in (
        ("modbus", {"host": "plc.example"}), ("opcua", {"url": "opc.tcp://plc.example"}),
        ("mqtt", {"url": "mqtt://plc.example", "messages": [{"topic": "a"}]}),
    ):  # fmt: skip
        assert tried(protocol, address)[0] is Outcome.FORBIDDEN_HOST, protocol


@pytest.mark.parametrize("protocol", ["modbus", "opcua", "mqtt"])
def test_what_takes_a_connection_and_says_nothing_ends_within_the_time_out(environment, gateway, protocol):
    async def swallowed():
        async with BlackHoleProxy(gateway["port"]) as proxy:
            proxy.swallow()
            address = {
                "modbus": {"host": "127.0.0.1", "port": proxy.port},
                "opcua": {"url": f"opc.tcp://127.0.0.1:{proxy.port}", "policy": "None"},
                "mqtt": {"url": f"mqtt://127.0.0.1:{proxy.port}", "messages": [{"topic": "a/#"}]},
            }[protocol]
            return await trial.try_now(work(protocol, address), settings())

    outcome, detail = asyncio.run(swallowed())
    assert outcome in (Outcome.SILENT, Outcome.QUIET)
    assert detail["milliseconds"] < 4000


def test_another_protocol_at_the_port_is_told(environment):
    async def web_server():
        async def serve(_reader, writer):
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\nsecret of the neighbour")
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await trial.try_now(work("modbus", {"host": "127.0.0.1", "port": port}), settings())

    outcome, detail = asyncio.run(web_server())
    assert outcome in (Outcome.FOREIGN, Outcome.UNREACHABLE)
    assert "secret" not in str(detail)


def test_an_opcua_server_answers_and_refuses_what_it_does_not_know(environment, opcua):
    assert tried("opcua", {"url": opcua, "policy": "None"})[0] is Outcome.ANSWERS
    assert tried("opcua", {"url": opcua, "policy": "Aes256Sha256RsaPss", "mode": "Sign", "user": "x",
                           "secret_name": "FIELD_NOBODY_SET"})[0] is Outcome.REFUSES  # fmt: skip


def test_a_broker_takes_the_subscription(environment):
    outcome, detail = tried("mqtt", {"messages": [{"topic": f"{uuid4().hex}/#"}]})
    assert (outcome, detail["messages"]) == (Outcome.ANSWERS, 0)
