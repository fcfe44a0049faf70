"""Look for meters nobody reads yet behind a gateway, a unit id at a time, in idle moments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ingest.devices.families import Family, Measure, families
from ingest.modbus.client import Link, LinkLost, NoAnswer
from ingest.modbus.decode import Encoding, decode
from ingest.modbus.frames import GATEWAY_CODES, ReplyRefused
from ingest.rules import GOOD

SCAN_SECONDS = 10.0
"""Between two unit ids asked [s]."""
TELLING = ("frequency", "supply_temperature", "temperature", "pressure", "flow")
"""Measures by which a family is recognised: what they can be is narrow, and seldom zero."""


class Scan:
    """Which unit ids are still to be looked at, and when; ids that are read already are left out."""

    def __init__(self, among: tuple[int, int] | None, known: Iterable[int], *, now: float) -> None:
        first, last = among or (1, 0)
        self._ids = [number for number in range(first, last + 1) if number not in set(known)]
        self._place = 0
        self._due = now + SCAN_SECONDS

    def next(self, now: float) -> int | None:
        """Return the unit id to look at now, round and round; None before its time."""
        if not self._ids or now < self._due:
            return None
        self._due = now + SCAN_SECONDS
        self._place += 1
        return self._ids[(self._place - 1) % len(self._ids)]


async def look(link: Link, unit: int, *, timeout: float) -> dict[str, Any] | None:
    """Return what a unit seems to be; None where nothing answers.

    returns: `families` whose telling measure reads plausibly, with the `values` read
    timeout: how long one answer may take [s]
    """
    values: dict[str, float] = {}
    try:
        for key, family in families().items():
            value = await _tell(link, unit, _telling(family), timeout=timeout)
            if value is not None:
                values[key] = value
    except (NoAnswer, ReplyRefused, LinkLost):
        return None
    return {"unit": unit, "families": list(values), "values": values}


def _telling(family: Family) -> Measure:
    measures = family.measures
    return next((measures[name] for name in TELLING if name in measures), next(iter(measures.values())))


async def _tell(link: Link, unit: int, measure: Measure, *, timeout: float) -> float | None:
    encoding = Encoding(
        measure.type, measure.order, measure.scale, measure.offset, measure.low, measure.high, measure.absent
    )
    answer = await link.ask(unit, measure.function, measure.register, encoding.words, timeout=timeout)
    if answer.exception in GATEWAY_CODES:
        raise NoAnswer(f"unit {unit} is not there")
    if answer.exception:
        return None
    value, quality = decode(answer.words, encoding)
    return value if quality == GOOD and abs(value) > 1e-3 else None
