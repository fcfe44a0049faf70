"""From named metrics to readings, and to what a replay must know of those that could not be used. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.kernel.errors import Refused
from ingest.mqtt.sparkplug import codec
from ingest.mqtt.sparkplug.codec import Metric
from ingest.mqtt.targets import Row, Target
from ingest.plan import Channel, Connection
from ingest.rules import BAD, GOOD, UNCERTAIN, time_refusal

QUALITIES = {codec.GOOD: GOOD, codec.STALE: UNCERTAIN, codec.BAD: BAD}

Named = tuple[str | None, Metric]
"""A metric with its name, and its device (None for the node's own)."""


@dataclass
class Taken:
    """What became of a message's metrics.

    rows: readings, news (True) and history (False) apart
    left: metrics that could not be used; reasons: why, in words
    """

    rows: dict[bool, list[Row]] = field(default_factory=lambda: {True: [], False: []})
    left: list[Named] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


class Reader:
    """One connection's channels, found by node, device and metric."""

    def __init__(self, connection: Connection, channels: Iterable[Channel]) -> None:
        """Prepare. refused: channels that cannot be used, in words; the others are read."""
        address = connection.address
        node = f"{address['group']}/{address['node']}" if address.keys() >= {"group", "node"} else None
        self._targets: dict[tuple[str | None, str | None, str], list[Target]] = {}
        self.refused: list[str] = []
        for channel in channels:
            where = channel.address
            try:
                if not isinstance(where.get("metric"), str):
                    raise Refused("it names no metric")
                target = Target.of(_plain(channel))
            except Refused as error:
                self.refused.append(f"channel of point {channel.point_key}: {error.message}")
                continue
            key = (where.get("node", node), where.get("device"), where["metric"])
            self._targets.setdefault(key, []).append(target)
        self._devices = {(node, device) for node, device, _ in self._targets}
        self._nodes = {node for node, _ in self._devices}

    @property
    def nodes(self) -> frozenset[str]:
        """The nodes that are read, as far as channels name them: `group/node`."""
        return frozenset(node for node in self._nodes if isinstance(node, str))

    def of(self, node: str, device: str | None, metric: str) -> list[Target]:
        """Return the channels that read a metric."""
        return self._targets.get((node, device, metric)) or self._targets.get((None, device, metric), [])

    def overlooks(self, node: str, device: str | None) -> bool:
        """Tell whether no channel reads a device although others of its node are read."""
        if device is None or not self._nodes & {node, None}:
            return False
        return not self._devices & {(node, device), (None, device)}

    def take(self, node: str, values: Iterable[Named], *, now_us: int, is_data: bool = True) -> Taken:
        """Make readings of metrics.

        now_us: the present, for metrics without time [microseconds since the Unix epoch]
        is_data: what a device nobody reads says is missing somewhere; in a birth it is only an introduction
        """
        taken = Taken()
        overlooked: dict[str, None] = {}
        for device, metric in values:
            if is_data and self.overlooks(node, device):
                overlooked[f"no channel reads {node}/{device}"] = None
                taken.left.append((device, _timed(metric, now_us)))
                continue
            for target in self.of(node, device, metric.name):
                at_us = now_us if metric.timestamp_ms is None else metric.timestamp_ms * 1000
                reason = time_refusal(at_us, now_us=now_us)
                row = None if reason else target.row(metric.value, at_us, _quality(metric))
                if row is not None:
                    taken.rows[not metric.is_historical].append(row)
                    continue
                taken.reasons.append(f"{metric.name}: {reason or 'not a number'}")
                taken.left.append((device, _timed(metric, now_us)))
        taken.reasons[:0] = overlooked
        return taken


def known(node: str, left: Iterable[Named]) -> dict[str, Any]:
    """Return as plain JSON what a replay must know of metrics: an alias means nothing after the next birth."""
    return {
        "node": node,
        "metrics": [
            {
                "device": device, "metric": m.name, "value": _plain_value(m.value), "datatype": m.datatype,
                "timestamp_ms": m.timestamp_ms, "is_historical": m.is_historical, "quality": m.quality,
            }
            for device, m in left
        ],
    }  # fmt: skip


def named(said: Mapping[str, Any]) -> tuple[str, list[Named]]:
    """Read back what `known` wrote: the node, and its metrics."""
    metrics = [
        (
            m["device"],
            Metric(m["metric"], m["value"], m["datatype"], None, m["timestamp_ms"], m["is_historical"], m["quality"]),
        )
        for m in said["metrics"]
    ]  # fmt: skip
    return said["node"], metrics


def _timed(metric: Metric, now_us: int) -> Metric:
    """Return a metric with the instant it came where it brings none, so that a replay does not move it."""
    if metric.timestamp_ms is not None:
        return metric
    return Metric(
        metric.name, metric.value, metric.datatype, metric.alias, now_us // 1000, metric.is_historical, metric.quality
    )  # fmt: skip


def _plain_value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        return value.replace("\x00", "�")
    return value.hex() if isinstance(value, bytes) else value


def _plain(channel: Channel) -> Channel:
    """Return the channel without the words of its address that JSON paths would read."""
    kept: Mapping[str, Any] = {k: v for k, v in channel.address.items() if k in ("label", "minutes")}
    return Channel(
        channel.point_key, channel.connection_id, {**kept, "tag": channel.address["metric"]},
        scale=channel.scale, offset=channel.offset, low=channel.low, high=channel.high, kind=channel.kind,
    )  # fmt: skip


def _quality(metric: Metric) -> int | None:
    return None if metric.quality is None else QUALITIES.get(metric.quality, BAD)
