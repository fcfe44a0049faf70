"""Sequence numbers as they arrive, by device: what is missing between them is lost. Pure.

Several workers may share a device's messages, and a broker may deliver again or out of order, so a worker
only collects which numbers arrived; the database unites what all workers heard and finds the holes.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass
class Heard:
    """Numbers that arrived from one device.

    ranges: sorted, disjoint, half-open [first, end)
    run_us: instant of the message by which the device began to count anew; 0 where it did not
    top, top_us: the highest number of the run and its instant [microseconds since the Unix epoch]
    last_us: the latest instant of the numbers in `ranges`; 0 where it is not known
    """

    ranges: list[tuple[int, int]] = field(default_factory=list)
    run_us: int = 0
    top: int = -1
    top_us: int = 0
    last_us: int = 0

    def add(self, number: int, read_at_us: int) -> None:
        """Add one number. A lower number with a later instant means that the device began anew."""
        if number < self.top and read_at_us > self.top_us:
            self.ranges, self.run_us, self.top = [], read_at_us, -1
        self.last_us = max(self.last_us, read_at_us)
        if number > self.top:
            self.top, self.top_us = number, read_at_us
        if self.ranges and self.ranges[-1][1] == number:
            self.ranges[-1] = (self.ranges[-1][0], number + 1)
        else:
            self._insert(number, number + 1)

    def and_then(self, later: Heard | None) -> Heard:
        """Return what this and a later part of the same worker's news say together."""
        if later is None:
            return self
        if later.run_us > self.run_us:
            return later
        if 0 < later.last_us < self.run_us:
            return self  # numbers of the run before, which came late
        later.last_us = max(later.last_us, self.last_us)
        for first, end in self.ranges:
            later._insert(first, end)
        return later

    def _insert(self, first: int, end: int) -> None:
        at = bisect_right(self.ranges, (first, end))
        low = at - 1 if at and self.ranges[at - 1][1] >= first else at
        high = at
        while high < len(self.ranges) and self.ranges[high][0] <= end:
            high += 1
        touched = self.ranges[low:high]
        if touched:
            first, end = min(first, touched[0][0]), max(end, max(r[1] for r in touched))
        self.ranges[low:high] = [(first, end)]


class Sequences:
    """The numbers of many devices, handed out now and then while the tops are remembered."""

    def __init__(self) -> None:
        self._devices: dict[str, Heard] = {}
        self._new: set[str] = set()

    def hear(self, device: str, number: int, read_at_us: int) -> None:
        """Note one message's number."""
        heard = self._devices.get(device)
        if heard is None:
            heard = self._devices[device] = Heard()
        heard.add(number, read_at_us)
        self._new.add(device)

    def take(self) -> dict[str, Heard]:
        """Return what came since the last call."""
        news: dict[str, Heard] = {}
        for device in self._new:
            heard = news[device] = self._devices[device]
            self._devices[device] = Heard(run_us=heard.run_us, top=heard.top, top_us=heard.top_us)
        self._new.clear()
        return news
