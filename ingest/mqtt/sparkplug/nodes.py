"""What a Sparkplug host knows of its edge nodes, and what each message changes. Pure.

A value that comes by alias is believed only while nothing was missed since the node's birth: a lost birth
may have given the alias to another metric. After a gap the node is asked to be born again, which brings
every present value; until then its aliases are not used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ingest.mqtt.sparkplug.codec import BD_SEQ, Metric, Payload, typed

ASK_AGAIN_US = 10_000_000
"""A node is asked for a rebirth at most this often [µs]."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message comes from: `spBv1.0/{group}/{kind}/{node}[/{device}]`."""

    group: str
    kind: str
    node: str
    device: str | None = None

    @property
    def name(self) -> str:
        """The edge node's name, group and all."""
        return f"{self.group}/{self.node}"

    @classmethod
    def of(cls, topic: str) -> Address | None:
        """Read a topic; None where it is not a node's or device's."""
        levels = topic.split("/")
        if len(levels) not in (4, 5) or levels[0] != "spBv1.0" or levels[2] not in KINDS:
            return None
        if (levels[2][0] == "D") != (len(levels) == 5):
            return None
        return cls(levels[1], levels[2], levels[3], levels[4] if len(levels) == 5 else None)


KINDS = frozenset(("NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA"))


@dataclass(slots=True)
class Node:
    """One edge node as known since its last birth.

    aliases: alias -> (device or None, metric's name, data type); types: (device, name) -> data type
    is_sure: nothing was missed since the birth
    """

    name: str
    is_online: bool = False
    is_sure: bool = False
    bd_seq: int | None = None
    seq: int | None = None
    aliases: dict[int, tuple[str | None, str, int | None]] = field(default_factory=dict)
    types: dict[tuple[str | None, str], int | None] = field(default_factory=dict)
    offline_devices: set[str] = field(default_factory=set)
    asked_us: int = -ASK_AGAIN_US


@dataclass(slots=True)
class Outcome:
    """What one message said.

    values: (device, metric with its name and its value as its type means it)
    missed, gap: messages lost before this one, and where; wants_rebirth: the node is to be asked
    unresolved: aliases that mean nothing now
    """

    values: list[tuple[str | None, Metric]] = field(default_factory=list)
    missed: int = 0
    gap: dict[str, Any] | None = None
    wants_rebirth: bool = False
    unresolved: list[int] = field(default_factory=list)


class Nodes:
    """All edge nodes of one connection."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}

    def take(self, address: Address, payload: Payload, *, now_us: int) -> Outcome:
        """Apply one message.

        now_us: the present [microseconds since the Unix epoch]
        """
        node = self.nodes.setdefault(address.name, Node(address.name))
        outcome = Outcome()
        if address.kind == "NDEATH":
            _node_died(node, payload)
            return outcome
        if address.kind == "NBIRTH":
            _node_born(node, payload)
        else:
            _check_sequence(node, payload, outcome)
        if address.kind == "DDEATH":
            node.offline_devices.add(address.device or "")
        else:
            if address.kind in ("NBIRTH", "DBIRTH"):
                _learn(node, address.device, payload)
            _resolve(node, address.device, payload, outcome)
        if not node.is_sure and address.kind != "NBIRTH" and now_us - node.asked_us >= ASK_AGAIN_US:
            node.asked_us = now_us
            outcome.wants_rebirth = True
        return outcome

    def doubt(self, *, now_us: int) -> None:
        """Believe no alias until its node is born again: births may have been missed while we were away."""
        for node in self.nodes.values():
            node.is_sure = False
            node.asked_us = now_us

    @property
    def offline(self) -> list[str]:
        """Nodes, and devices of nodes that are online, that said they are gone."""
        gone = [node.name for node in self.nodes.values() if not node.is_online and node.bd_seq is not None]
        for node in self.nodes.values():
            if node.is_online:
                gone += [f"{node.name}/{device}" for device in sorted(node.offline_devices)]
        return gone


def _node_born(node: Node, payload: Payload) -> None:
    node.aliases.clear()
    node.types.clear()
    node.offline_devices.clear()
    node.is_online = node.is_sure = True
    node.seq = payload.seq
    node.bd_seq = next((int(m.value) for m in payload.metrics if m.name == BD_SEQ and m.value is not None), 0)


def _node_died(node: Node, payload: Payload) -> None:
    """A death counts only for the birth it belongs to: a late will of an earlier session does not."""
    bd_seq = next((int(m.value) for m in payload.metrics if m.name == BD_SEQ and m.value is not None), None)
    if node.bd_seq is not None and bd_seq is not None and bd_seq != node.bd_seq:
        return
    node.bd_seq = node.bd_seq if bd_seq is None else bd_seq
    node.is_online = node.is_sure = False


def _check_sequence(node: Node, payload: Payload, outcome: Outcome) -> None:
    if node.seq is None or not node.is_online or payload.seq is None:
        node.is_sure = False
        node.seq = payload.seq
        return
    expected = (node.seq + 1) % 256
    if payload.seq != expected:
        outcome.missed = (payload.seq - expected) % 256
        outcome.gap = {"device": node.name, "from": expected, "to": (payload.seq - 1) % 256}
        node.is_sure = False
    node.seq = payload.seq


def _learn(node: Node, device: str | None, payload: Payload) -> None:
    if device is not None:
        node.offline_devices.discard(device)
    for metric in payload.metrics:
        node.types[(device, metric.name)] = metric.datatype
        if metric.alias is not None:
            node.aliases[metric.alias] = (device, metric.name, metric.datatype)


def _resolve(node: Node, device: str | None, payload: Payload, outcome: Outcome) -> None:
    """Give each metric its name and its value the meaning of its type."""
    for metric in payload.metrics:
        name, datatype, at = metric.name, metric.datatype, device
        if not name:
            known = node.aliases.get(metric.alias) if node.is_sure and metric.alias is not None else None
            if known is None:
                outcome.unresolved.append(-1 if metric.alias is None else metric.alias)
                node.is_sure = False
                continue
            at, name, known_type = known
            datatype = known_type if datatype is None else datatype
        elif datatype is None:
            datatype = node.types.get((device, name))
        value = metric.value if metric.datatype is not None else typed(metric.value, datatype)
        outcome.values.append(
            (at, Metric(name, value, datatype, metric.alias, metric.timestamp_ms or payload.timestamp_ms,
                        metric.is_historical, metric.quality))
        )  # fmt: skip
