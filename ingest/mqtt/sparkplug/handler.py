"""Sparkplug messages on their way from a wire to the sink."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
import structlog

from backend.kernel import clock
from backend.kernel.errors import Refused
from ingest.mqtt.acknowledge import Done, after
from ingest.mqtt.sparkplug import codec, reading
from ingest.mqtt.sparkplug.codec import BD_SEQ
from ingest.mqtt.sparkplug.nodes import Address, Nodes, Outcome
from ingest.mqtt.sparkplug.reading import Reader
from ingest.notebook import Notebook
from ingest.plan import Channel, Connection
from ingest.ports import Readings, Sink

log = structlog.get_logger(__name__)

Publish = Callable[[str, bytes, int], None]


class SparkplugHandler:
    """Reads births, data and deaths of one connection's edge nodes.

    The connection's address names `group` (default: all), and `host_id` where this installation is the
    nodes' primary host. A channel's address: `device` (absent for the node's own metrics), `metric`, and
    `node` as `group/node` where the connection carries more than one.
    """

    def __init__(
        self, connection: Connection, channels: tuple[Channel, ...], sink: Sink, notebook: Notebook
    ) -> None:
        address = connection.address
        if address.get("share"):
            raise Refused(
                "Sparkplug messages cannot be shared: each says what the ones before it meant", field="share",
                value=address["share"], remedy="leave it out",
            )  # fmt: skip
        group = address.get("group", "+")
        self.filters = (f"spBv1.0/{group}/+/+", f"spBv1.0/{group}/+/+/+")
        self._id = connection.id
        self._sink = sink
        self._notebook = notebook
        self._note = f"nodes {connection.id}"
        self._lock = threading.Lock()
        self._nodes = Nodes()
        self._publish: Publish | None = None
        self._gone: list[str] = []
        self._seen: set[str] = set()
        self._host = address.get("host_id")
        self._began_ms = clock.now_us() // 1000
        self._reader = Reader(connection, channels)
        self._known = set(notebook.recall(self._note) or ()) | _heard_here(self._reader.nodes, group)

    @property
    def will(self) -> tuple[str, bytes] | None:
        """What the broker says when we are gone, where we are the nodes' primary host."""
        return (f"spBv1.0/STATE/{self._host}", self._state(False)) if self._host else None

    @property
    def error(self) -> str | None:
        """Which channels cannot be used, and which nodes and devices are gone, in words."""
        words = self._reader.refused[:3]
        return "; ".join([*words, "offline: " + ", ".join(self._gone[:10])] if self._gone else words) or None

    def connected(self, publish: Publish) -> None:
        """Say that we are there, and ask the nodes we know or read to introduce themselves again.

        Data are not kept for us while we are away, and neither are births: what aliases meant is not certain.
        Nodes that channels name are asked even where another worker has heard them so far.
        """
        self._publish = publish
        if self._host:
            publish(f"spBv1.0/STATE/{self._host}", self._state(True), 1)
        with self._lock:
            self._nodes.doubt(now_us=clock.now_us())
        for name in sorted(self._known):
            self._ask(name)

    def leaving(self, publish: Publish) -> None:
        """Say that we go: the broker does so only for those who vanish."""
        if self._host:
            publish(f"spBv1.0/STATE/{self._host}", self._state(False), 1)

    def tick(self) -> None:
        """Note which nodes and devices are gone."""
        with self._lock:
            self._gone = self._nodes.offline

    def take(
        self, topic: str, payload: bytes, *, is_retained: bool, done: Done | None, is_late: bool = False
    ) -> None:
        """Apply one message and hand its readings to the sink."""
        address = Address.of(topic)
        if address is None:
            if done is not None:
                done()  # commands, host states and other versions are not for us
            return
        try:
            message = codec.decode(payload)
        except Refused as error:
            self._refuse(payload, topic, error.message, done)
            return
        now_us = clock.now_us()
        with self._lock:
            outcome = self._nodes.take(address, message, now_us=now_us)
        self._remember(address.name)
        if outcome.gap is not None and outcome.missed:
            self._sink.missed(self._id, count=outcome.missed, gap=outcome.gap)
        if outcome.wants_rebirth:
            self._ask(address.name)
        taken = self._reader.take(
            address.name, outcome.values, now_us=now_us, is_data=address.kind.endswith("DATA")
        )
        rows, reasons = taken.rows, taken.reasons
        if address.kind.endswith("BIRTH"):
            self._offer(address, outcome)
        if outcome.unresolved:
            reasons.append(f"{_unexplained(outcome)}; rebirth asked")
        some = {live: rows[live] for live in rows if rows[live]}
        done = after(max(1, len(some) + bool(reasons)), done)
        for live in some:
            self._sink.put(Readings.of(some[live]), connection_id=self._id, live=live, done=done)
        if reasons:
            self._refuse(
                payload, topic, "; ".join(reasons[:5]), done, reading.known(address.name, taken.left)
            )
        elif not some and done is not None:
            done()

    def _offer(self, address: Address, outcome: Outcome) -> None:
        """Offer a newborn's metrics that no channel reads."""
        for device, metric in outcome.values:
            name = "/".join(part for part in (address.name, device, metric.name) if part)
            is_own = metric.name == BD_SEQ or metric.name.startswith("Node Control/")
            if is_own or name in self._seen or self._reader.of(address.name, device, metric.name):
                continue
            self._seen.add(name)
            if isinstance(metric.value, int | float):
                sample = {
                    "node": address.name,
                    "device": device,
                    "metric": metric.name,
                    "value": metric.value,
                }
                self._sink.sighted(self._id, address=name, sample=sample)

    def _ask(self, name: str) -> None:
        group, node = name.split("/", 1)
        if self._publish is not None:
            log.info("rebirth asked", node=name)
            now_ms = clock.now_us() // 1000
            self._publish(f"spBv1.0/{group}/NCMD/{node}", codec.command([codec.REBIRTH], now_ms=now_ms), 0)

    def _remember(self, name: str) -> None:
        if name not in self._known:
            self._known.add(name)
            self._notebook.remember(self._note, sorted(self._known))

    def _state(self, online: bool) -> bytes:
        return orjson.dumps({"online": online, "timestamp": self._began_ms})

    def _refuse(
        self,
        payload: bytes,
        topic: str,
        reason: str,
        done: Done | None,
        known: Mapping[str, Any] | None = None,
    ) -> None:
        self._sink.refuse(
            payload, connection_id=self._id, address=topic, reason=reason, done=done, known=known
        )


def replay(
    connection: Connection, channels: tuple[Channel, ...], topic: str, payload: bytes,
    known: Mapping[str, Any] | None, *, now_us: int,
) -> tuple[Readings, list[str]]:  # fmt: skip
    """Read a dead letter again by the connection's present channels.

    known: what was kept with it (`reading.known`); without it only what the bytes name themselves is used
    returns: the readings, and what still cannot be used, in words; raises Refused where nothing can be
    """
    reader = Reader(connection, channels)
    address = Address.of(topic)
    if known is not None:
        node, values = reading.named(known)
        reasons = []
    elif address is not None:
        outcome = Nodes().take(address, codec.decode(payload), now_us=now_us)
        node, values = address.name, outcome.values
        reasons = [_unexplained(outcome)] if outcome.unresolved else []
    else:
        raise Refused(f"{topic} is no Sparkplug topic of a node or device")
    if not values:
        raise Refused(reasons[0] if reasons else "it holds values by aliases that no birth explained")
    taken = reader.take(node, values, now_us=now_us)
    unread = [metric.name for device, metric in values if not reader.of(node, device, metric.name)]
    if unread and not taken.reasons:
        reasons.append(f"no channel reads {', '.join(unread[:5])} of {node}")
    return Readings.of(taken.rows[True] + taken.rows[False]), taken.reasons + reasons


def _heard_here(nodes: Iterable[str], group: str) -> set[str]:
    """Return those of the nodes that can be on the connection: of its group, and names of a topic's levels."""
    addresses = (node.split("/") for node in nodes if not set(node) & set("+#"))
    return {"/".join(levels) for levels in addresses if len(levels) == 2 and group in (levels[0], "+")}


def _unexplained(outcome: Outcome) -> str:
    return f"{len(outcome.unresolved)} values by aliases that no birth explained"
