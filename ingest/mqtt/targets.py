"""Channels made ready for the messages of one topic. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np

from backend.kernel.errors import Refused
from ingest.mqtt.mapping import Path, path, reader
from ingest.plan import Channel
from ingest.ports import Readings
from ingest.rules import BAD, GOOD, judge

Row = tuple[int, int, float, int]


@dataclass(slots=True)
class Target:
    """A channel as a message needs it. shift_us: what to take off instants labelled by their end."""

    channel: Channel
    name: str
    read: Callable[[Any], Any]
    needs_time: bool
    shift_us: int

    @classmethod
    def of(cls, channel: Channel) -> Target:
        """Prepare a channel; raises Refused where its address cannot be used."""
        address = channel.address
        minutes = address.get("minutes", 0) if address.get("label") == "end" else 0
        if isinstance(minutes, bool) or not isinstance(minutes, int | float):
            raise Refused(
                f"minutes is {minutes!r}", field="minutes", value=minutes, remedy="give 5, 15, 30 or 60"
            )
        if not isinstance(address.get("path", ""), str):
            raise Refused("path is no text", field="path", value=address["path"], remedy="write a.b[0].c")
        name = str(address.get("path") or address.get("tag") or "value")
        read = reader(path(address.get("path", "")))
        return cls(channel, name, read, channel.kind == "interval", int(minutes * 60_000_000))

    def row(self, value: Any, at_us: int, quality: int | None) -> Row | None:
        """Return the reading a JSON value makes; None where it is no number."""
        number = as_number(value)
        if number is None:
            return None
        channel = self.channel
        scaled = number * channel.scale + channel.offset
        judged = judge(scaled, low=channel.low, high=channel.high)
        if judged != BAD and quality is not None:
            judged = quality
        return channel.point_key, at_us - self.shift_us, scaled if math.isfinite(scaled) else math.nan, judged


class Group:
    """Channels that are members of the same object, picked from it at once."""

    def __init__(self, steps: Path, targets: Iterable[tuple[str, Target]]) -> None:
        picked = list(targets)
        self.read = reader(steps)
        self.names = {name for name, _ in picked}
        self._pick = itemgetter(*(name for name, _ in picked)) if len(picked) > 1 else None
        channels = [target.channel for _, target in picked]
        self._keys = np.array([c.point_key for c in channels], np.int64)
        self._scale = np.array([c.scale for c in channels], np.float64)
        self._offset = np.array([c.offset for c in channels], np.float64)
        self._low = np.array([-np.inf if c.low is None else c.low for c in channels], np.float64)
        self._high = np.array([np.inf if c.high is None else c.high for c in channels], np.float64)
        self._good = np.zeros(len(channels), np.int16)
        self._is_plain = bool(
            (self._scale == 1).all() and not self._offset.any()
            and np.isinf(self._low).all() and np.isinf(self._high).all()
        )  # fmt: skip
        self.needs_time = any(target.needs_time for _, target in picked)
        shifts = np.array([target.shift_us for _, target in picked], np.int64)
        self._shifts = shifts if shifts.any() else None

    def at_once(self, members: dict[str, Any], read_at_us: int) -> Readings | None:
        """Return all readings of the group; None where the message needs a closer look."""
        if self._pick is None or not self.names <= members.keys():
            return None
        picked = self._pick(members)
        if not {type(value) for value in picked} <= {int, float}:
            return None
        value, quality = np.array(picked, np.float64), self._good
        if not self._is_plain:
            value = value * self._scale + self._offset
            plausible = (value >= self._low) & (value <= self._high)
            quality = self._good if plausible.all() else np.where(plausible, GOOD, BAD).astype(np.int16)
        instants = np.full(len(value), read_at_us, np.int64)
        return Readings(
            self._keys, instants if self._shifts is None else instants - self._shifts, value, quality
        )


def grouped(targets: Iterable[Target]) -> tuple[list[Group], bool]:
    """Group channels by the object they are members of; True where some stand alone (array elements)."""
    groups: dict[Path, list[tuple[str, Target]]] = defaultdict(list)
    has_singles = False
    for target in targets:
        steps = path(target.channel.address.get("path", ""))
        if steps and isinstance(steps[-1], str):
            groups[steps[:-1]].append((steps[-1], target))
        else:
            has_singles = True
    return [Group(steps, members) for steps, members in groups.items()], has_singles


def as_number(value: Any) -> float | None:
    """Return a JSON value as a number: null is NaN, words of truth are 1 and 0, digits in quotes count."""
    if value is None:
        return math.nan
    if isinstance(value, bool | int | float):
        return float(value)
    if not isinstance(value, str):
        return None
    word = value.strip().lower()
    if word in ("on", "true"):
        return 1.0
    if word in ("off", "false"):
        return 0.0
    try:
        return float(word)
    except ValueError:
        return None
