"""Sparkplug messages on their way from a wire to the sink."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import structlog

from backend.kernel import clock
from backend.kernel.errors import Refused
from ingest.mqtt.acknowledge import Done, after
from ingest.mqtt.sparkplug import codec
from ingest.mqtt.sparkplug.codec import BD_SEQ, Metric
from ingest.mqtt.sparkplug.nodes import Address, Nodes, Outcome
from ingest.mqtt.targets import Row, Target
from ingest.notebook import Notebook
from ingest.plan import Channel, Connection
from ingest.ports import Readings, Sink
from ingest.rules import BAD, GOOD, UNCERTAIN, time_refusal

log = structlog.get_logger(__name__)

Publish = Callable[[str, bytes, int], None]

QUALITIES = {codec.GOOD: GOOD, codec.STALE: UNCERTAIN, codec.BAD: BAD}


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
        group = address.get("group", "+")
        self.filters = (f"spBv1.0/{group}/+/+", f"spBv1.0/{group}/+/+/+")
        self._id = connection.id
        self._sink = sink
        self._notebook = notebook
        self._note = f"nodes {connection.id}"
        self._lock = threading.Lock()
        self._nodes = Nodes()
        self._known = set(notebook.recall(self._note) or ())
        self._publish: Publish | None = None
        self._gone: list[str] = []
        self._seen: set[str] = set()
        self._host = address.get("host_id")
        self._began_ms = clock.now_us() // 1000
        self._targets: dict[tuple[str | None, str | None, str], list[Target]] = {}
        node = f"{address['group']}/{address['node']}" if address.keys() >= {"group", "node"} else None
        for channel in channels:
            key = (
                channel.address.get("node", node),
                channel.address.get("device"),
                channel.address["metric"],
            )
            self._targets.setdefault(key, []).append(Target.of(_plain(channel)))

    @property
    def will(self) -> tuple[str, bytes] | None:
        """What the broker says when we are gone, where we are the nodes' primary host."""
        return (f"spBv1.0/STATE/{self._host}", self._state(False)) if self._host else None

    def connected(self, publish: Publish) -> None:
        """Say that we are there, and ask the nodes we know to introduce themselves again."""
        self._publish = publish
        if self._host:
            publish(f"spBv1.0/STATE/{self._host}", self._state(True), 1)
        for name in self._known - {n for n, node in self._nodes.nodes.items() if node.is_sure}:
            self._ask(name)

    def tick(self) -> None:
        """Say which nodes and devices are gone, when that changed."""
        with self._lock:
            gone = self._nodes.offline
        if gone != self._gone:
            self._gone = gone
            self._sink.contact(self._id, error="offline: " + ", ".join(gone[:10]) if gone else None)

    def take(self, topic: str, payload: bytes, *, is_retained: bool, done: Done | None) -> None:
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
        rows, reasons = self._rows(address, outcome, now_us)
        if address.kind.endswith("BIRTH"):
            self._offer(address, outcome)
        if outcome.unresolved:
            reasons.append(
                f"{len(outcome.unresolved)} values by aliases that no birth explained; rebirth asked"
            )
        some = {live: rows[live] for live in rows if rows[live]}
        done = after(max(1, len(some) + bool(reasons)), done)
        for live in some:
            self._sink.put(Readings.of(some[live]), connection_id=self._id, live=live, done=done)
        if reasons:
            self._refuse(payload, topic, "; ".join(reasons[:5]), done)
        elif not some and done is not None:
            done()

    def _rows(
        self, address: Address, outcome: Outcome, now_us: int
    ) -> tuple[dict[bool, list[Row]], list[str]]:
        """Return the readings, news (True) and history (False) apart, and what cannot be used, in words."""
        rows: dict[bool, list[Row]] = {True: [], False: []}
        reasons = []
        for device, metric in outcome.values:
            for target in self._of(address.name, device, metric.name):
                at_us = now_us if metric.timestamp_ms is None else metric.timestamp_ms * 1000
                reason = time_refusal(at_us, now_us=now_us)
                row = None if reason else target.row(metric.value, at_us, _quality(metric))
                if row is None:
                    reasons.append(f"{metric.name}: {reason or 'not a number'}")
                else:
                    rows[not metric.is_historical].append(row)
        return rows, reasons

    def _of(self, node: str, device: str | None, metric: str) -> list[Target]:
        return self._targets.get((node, device, metric)) or self._targets.get((None, device, metric), [])

    def _offer(self, address: Address, outcome: Outcome) -> None:
        """Offer a newborn's metrics that no channel reads."""
        for device, metric in outcome.values:
            name = "/".join(part for part in (address.name, device, metric.name) if part)
            is_own = metric.name == BD_SEQ or metric.name.startswith("Node Control/")
            if is_own or name in self._seen or self._of(address.name, device, metric.name):
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

    def _refuse(self, payload: bytes, topic: str, reason: str, done: Done | None) -> None:
        self._sink.refuse(payload, connection_id=self._id, address=topic, reason=reason, done=done)


def _plain(channel: Channel) -> Channel:
    """Return the channel without the words of its address that JSON paths would read."""
    kept: Mapping[str, Any] = {k: v for k, v in channel.address.items() if k in ("label", "minutes")}
    return Channel(
        channel.point_key, channel.connection_id, {**kept, "tag": channel.address["metric"]},
        scale=channel.scale, offset=channel.offset, low=channel.low, high=channel.high, kind=channel.kind,
    )  # fmt: skip


def _quality(metric: Metric) -> int | None:
    return None if metric.quality is None else QUALITIES.get(metric.quality, BAD)
