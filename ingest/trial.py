"""Try a connection because an administrator asks: call it once, for a few seconds, and say in a word what happened.

What leaves this module is an `Outcome` and figures of our own making, never bytes or texts of the other side: a
connection's address is a person's word, and must not turn the worker into a way of reading what stands beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import psycopg
import structlog
from sqlalchemy import exc

from backend.kernel import ids
from backend.kernel.db import Database
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from backend.kernel.settings import Settings
from backend.metering import service as metering
from backend.metering.service.trials import Outcome, TrialWork
from backend.tenancy import service as tenancy
from ingest.guide import is_device_address
from ingest.loop import rest
from ingest.modbus.frames import GATEWAY_CODES
from ingest.plan import Channel, Connection

log = structlog.get_logger(__name__)

TRIAL_SECONDS = 3.0
"""How long a trial may take in all [s]."""
LOOK_SECONDS = 2.0
"""Nobody's word is lost for longer: so often it is looked for trials nobody told us of [s]."""
LISTEN_SECONDS = 1.0
"""How long a broker is listened to once it took our subscription, or a unit is asked what it is [s]."""

Found = tuple[Outcome, dict[str, Any]]


async def keep_answering(
    database: Database, settings: Settings, protocols: Sequence[str], stop: asyncio.Event
) -> None:
    """Answer trials from when they are asked for, until told to stop; a lost database is waited for."""
    while not stop.is_set():
        try:
            async with await psycopg.AsyncConnection.connect(database.url, autocommit=True) as heard:
                await heard.execute("LISTEN connection_trial")
                while not stop.is_set():
                    await answer_trials(database, settings, protocols)
                    async for _ in heard.notifies(timeout=LOOK_SECONDS, stop_after=1):
                        pass
        except (psycopg.Error, exc.SQLAlchemyError, OSError) as error:
            log.debug("trials wait for the database", error=type(error).__name__)
            await rest(stop, LOOK_SECONDS)


async def answer_trials(database: Database, settings: Settings, protocols: Sequence[str]) -> int:
    """Try what administrators asked for, all at once; returns how many were tried."""
    count = 0
    for scope in await asyncio.to_thread(tenancy.system_scopes, database, "trials of connections"):
        works = await asyncio.to_thread(_take, database, scope, protocols)
        found = await asyncio.gather(*(try_now(work, settings) for work in works))
        await asyncio.to_thread(_note, database, scope, list(zip(works, found, strict=True)))
        count += len(works)
    return count


async def try_now(work: TrialWork, settings: Settings) -> Found:
    """Call what stands at a connection; returns within TRIAL_SECONDS what happened, and in how many milliseconds."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(TRIAL_SECONDS):
            outcome, detail = await _TRIALS[work.protocol](work, settings)
    except TimeoutError:
        outcome, detail = Outcome.SILENT, {}
    except Refused:
        outcome, detail = Outcome.UNUSABLE, {}
    except OSError:
        outcome, detail = Outcome.UNREACHABLE, {}
    except Exception as error:  # a library's own: the other side is not what it should be
        log.info("trial failed", connection=work.name, error=type(error).__name__)
        outcome, detail = Outcome.FOREIGN, {}
    return outcome, detail | {"milliseconds": round((time.monotonic() - began) * 1000)}


def _take(database: Database, scope: Scope, protocols: Sequence[str]) -> list[TrialWork]:
    with database.transaction(scope) as session:
        return metering.take_trials(session, scope, protocols=protocols)


def _note(database: Database, scope: Scope, answers: list[tuple[TrialWork, Found]]) -> None:
    for work, (outcome, detail) in answers:
        with database.transaction(scope) as session:
            metering.note_outcome(
                session, scope, connection_id=work.connection_id, outcome=outcome, detail=detail
            )


async def _address_of(host: str, port: int) -> tuple[str | None, Outcome]:
    """Return the address to call, checked; none with the reason where it must not or cannot be called."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        return None, Outcome.UNKNOWN_HOST
    addresses = [str(one[4][0]).partition("%")[0] for one in found]
    if not all(is_device_address(ipaddress.ip_address(address)) for address in addresses):
        return None, Outcome.FORBIDDEN_HOST
    return addresses[0], Outcome.ANSWERS


async def _reached(host: str, port: int) -> Found | None:
    """Return why no connection comes about; None where one does (it is closed again)."""
    address, outcome = await _address_of(host, port)
    if address is None:
        return outcome, {}
    try:
        async with asyncio.timeout(TRIAL_SECONDS / 2):
            _reader, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError):
        return Outcome.UNREACHABLE, {}
    writer.close()
    return None


# --- by protocol


async def _modbus(work: TrialWork, _settings: Settings) -> Found:
    """Ask one unit whether it lives, at a register that is read, and while time is left what it seems to be."""
    from ingest.modbus import mapping, scan
    from ingest.modbus.client import Link, LinkLost, NoAnswer
    from ingest.modbus.frames import ReplyRefused

    connection = _connection(work)
    place = mapping.gateway(connection)
    address, outcome = await _address_of(place.host, place.port)
    if address is None:
        return outcome, {}
    channels = [Channel(0, work.connection_id, one["address"], one["decoding"]) for one in work.channels]
    read, _ = mapping.registers(connection, channels)
    mine = [one for one in read if work.unit in (None, one.unit)]
    unit = mine[0].unit if mine else work.unit if work.unit is not None else (place.scan or (1,))[0]
    link, detail = Link(address, place.port), {"unit": unit}
    try:
        await link.open()
        function, register = (mine[0].function, mine[0].register) if mine else (3, 0)
        answer = await link.ask(unit, function, register, 1, timeout=TRIAL_SECONDS / 2)
        if answer.exception in GATEWAY_CODES:
            return Outcome.QUIET, detail
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LISTEN_SECONDS):
                seen = await scan.look(link, unit, timeout=LISTEN_SECONDS / 2)
                return Outcome.ANSWERS, detail | {"families": seen["families"] if seen else []}
        return Outcome.ANSWERS, detail
    except LinkLost:
        return Outcome.UNREACHABLE, detail
    except NoAnswer:
        return Outcome.QUIET, detail
    except ReplyRefused:
        return Outcome.FOREIGN, detail
    finally:
        link.drop()


async def _opcua(work: TrialWork, settings: Settings) -> Found:
    """Open a session with the configured security, and leave."""
    from asyncua import ua

    from ingest.opcua import mapping
    from ingest.opcua.client import Session, SessionLost

    server = mapping.server(_connection(work))
    parts = urlsplit(server.url)
    if (why := await _reached(parts.hostname or "", parts.port or 4840)) is not None:
        return why
    home = settings.home / "opcua"
    session = Session(server, home, home / f"{work.connection_id}.trusted", timeout=TRIAL_SECONDS)
    try:
        await session.open()
    except (SessionLost, ua.UaError, Refused):
        return Outcome.REFUSES, {}
    finally:
        await session.close(at_once=True)
    return Outcome.ANSWERS, {}


async def _mqtt(work: TrialWork, settings: Settings) -> Found:
    """Log in at the broker, subscribe beside the worker's own session, and listen for a moment."""
    from ingest.mqtt.decode import shapes_of

    if work.protocol == "sparkplug":
        filters = [f"spBv1.0/{work.address.get('group', '+')}/#"]
    else:
        filters = [shape.filter for shape in shapes_of(work.address)]
    is_ours = "url" not in work.address
    url = urlsplit(str(work.address.get("url") or settings.mqtt_url))
    port = url.port or (8883 if url.scheme == "mqtts" else 1883)
    if not is_ours and (why := await _reached(url.hostname or "", port)) is not None:
        return why
    return await asyncio.to_thread(_listen, work, settings, url.hostname or "", port, filters)


def _listen(work: TrialWork, settings: Settings, host: str, port: int, filters: list[str]) -> Found:
    from paho.mqtt import client as paho
    from paho.mqtt.enums import CallbackAPIVersion
    from paho.mqtt.subscribeoptions import SubscribeOptions

    from ingest.mqtt.wire import introduce

    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"enerfield-trial-{ids.show(ids.new_id())}",
        protocol=paho.MQTTv5,
    )
    introduce(client, _connection(work), urlsplit(str(work.address.get("url") or settings.mqtt_url)))
    client.connect_timeout = TRIAL_SECONDS / 2
    heard: list[bool] = []
    answered, subscribed = threading.Event(), threading.Event()
    refused: list[bool] = []

    def connected(_client: Any, _: Any, _flags: Any, reason: Any, __: Any) -> None:
        refused.append(bool(reason.is_failure))
        answered.set()
        if not reason.is_failure:
            client.subscribe([(one, SubscribeOptions(qos=0)) for one in filters])

    def taken(_client: Any, _: Any, _mid: Any, reasons: Any, __: Any) -> None:
        refused.append(any(reason.is_failure for reason in reasons))
        subscribed.set()

    client.on_connect, client.on_subscribe = connected, taken
    client.on_message = lambda *_: heard.append(True)
    try:
        client.connect(host, port, keepalive=10)
        client.loop_start()
        if not answered.wait(TRIAL_SECONDS / 2):
            return Outcome.SILENT, {}
        if refused[0] or (subscribed.wait(TRIAL_SECONDS / 6) and any(refused)):
            return Outcome.REFUSES, {}
        time.sleep(LISTEN_SECONDS)
        return Outcome.ANSWERS, {"messages": len(heard)}
    finally:
        client.disconnect()
        client.loop_stop()


_TRIALS: dict[str, Callable[[TrialWork, Settings], Awaitable[Found]]] = {
    "modbus": _modbus, "opcua": _opcua, "mqtt": _mqtt, "sparkplug": _mqtt,
}  # fmt: skip


def _connection(work: TrialWork) -> Connection:
    return Connection(work.connection_id, work.protocol, work.name, work.address)
