"""NEM12 and NEM13 meter data (AEMO, Meter Data File Format Specification): Australian files. Pure but for reading.

100 header, 200 channel (NMI, suffix, unit, interval length), 300 a day of values, 400 quality of parts of
that day, 250 what a register showed at two visits (`nem13.py`); 500, 550 and 900 are passed over. Times are
market time, UTC+10 without summer time, by the start.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from backend.kernel import clock
from backend.kernel.errors import Refused
from ingest.files.market import MARKET_OFFSET, QUALITY, UNITS
from ingest.files.nem13 import read_accumulation
from ingest.files.series import Report, Series

DAY_MINUTES = 1440


@dataclass
class Channel:
    """What a 200 record says: values that follow belong to this register of this meter."""

    nmi: str
    suffix: str
    unit: str
    quantity: str
    minutes: int

    @property
    def tag(self) -> str:
        """Its name among imports."""
        return f"{self.nmi}.{self.suffix}"


def read_nem12(lines: Iterable[str], report: Report) -> Iterator[Series]:
    """Yield a series for each channel and day; raises Refused where the file is none."""
    channel: Channel | None = None
    day: Series | None = None
    seen_header = False
    serials: dict[str, str] = {}
    for row, record in enumerate(csv.reader(lines), start=1):
        kind = record[0].strip() if record else ""
        if kind == "100":
            seen_header = _is_header(record)
        if not seen_header and kind not in ("", "200", "250"):
            raise Refused("this is no NEM12 file: it does not begin with a 100 record", field="file")
        if kind == "400":
            if day is not None:
                day = _qualified(day, record, row, report)
            continue
        if day is not None and kind in ("200", "300", "900"):
            yield day
            day = None
        if kind == "250":
            yield from read_accumulation(record, row, serials, report)
        elif kind == "200":
            channel = _channel(record, row, report)
        elif kind == "300" and channel is not None:
            day = _day(channel, record, row, report)
        elif kind == "300":
            report.add(row, "300", ",".join(record)[:40], "values without a channel that can be used")
    if day is not None:
        yield day


def _is_header(record: list[str]) -> bool:
    """Tell that a file is of a kind read here; raises Refused, naming the kind, where it is not."""
    kind = ",".join(record[1:2])
    if kind not in ("NEM12", "NEM13"):
        raise Refused(
            f"this is a {kind} file, not NEM12 or NEM13", field="file", value=kind,
            remedy="ask the data provider for NEM12 or NEM13",
        )  # fmt: skip
    return True


def _channel(record: list[str], row: int, report: Report) -> Channel | None:
    try:
        nmi, suffix, unit, minutes = record[1], record[4] or record[3], record[7], int(record[8])
    except (IndexError, ValueError):
        report.add(row, "200", ",".join(record), "a channel needs NMI, suffix, unit and interval length")
        return None
    name, quantity = UNITS.get(unit.strip().lower(), (unit.strip() or "1", "unknown"))
    if minutes not in (5, 15, 30) and (quantity.endswith("energy") or minutes < 1 or DAY_MINUTES % minutes):
        report.add(row, "interval length", record[8], "intervals are 5, 15 or 30 minutes")
        return None
    return Channel(nmi.strip(), suffix.strip(), name, quantity, minutes)


def _day(channel: Channel, record: list[str], row: int, report: Report) -> Series | None:
    count = DAY_MINUTES // channel.minutes
    try:
        start = datetime.strptime(record[1].strip(), "%Y%m%d").replace(tzinfo=UTC) - MARKET_OFFSET
        value = np.array([float(cell or "nan") for cell in record[2 : 2 + count]], np.float64)
    except (IndexError, ValueError) as error:
        report.add(row, "300", ",".join(record[:4]), f"the day cannot be read: {error}")
        return None
    if len(value) != count:
        report.add(row, "300", str(len(value)), f"a day has {count} intervals of {channel.minutes} min")
        return None
    flag = record[2 + count].strip()[:1] if len(record) > 2 + count else ""
    if flag not in QUALITY and flag != "V":
        report.add(row, "quality", flag, "unknown quality method")
        return None
    quality = np.full(count, QUALITY.get(flag, 0), np.int16)
    quality[~np.isfinite(value)] = 2
    at_us = clock.to_us(start) + np.arange(count, dtype=np.int64) * channel.minutes * 60_000_000
    kind = "interval" if channel.quantity.endswith("energy") else "instant"
    return Series(
        channel.tag, at_us, value, quality, np.full(count, row, np.int64), channel.unit, kind, channel.minutes,
        "electricity", channel.quantity,
    )  # fmt: skip


def _qualified(day: Series, record: list[str], row: int, report: Report) -> Series:
    """Give a part of the day the quality its 400 record says."""
    try:
        first, last, flag = int(record[1]), int(record[2]), record[3].strip()[:1]
        code = QUALITY[flag]
        if not 1 <= first <= last <= len(day):
            raise ValueError(f"intervals {first} to {last} of {len(day)}")
    except (IndexError, ValueError, KeyError) as error:
        report.add(row, "400", ",".join(record), f"the quality cannot be read: {error}")
        return day
    quality: NDArray[np.int16] = day.quality.copy()
    quality[first - 1 : last] = np.where(np.isfinite(day.value[first - 1 : last]), code, 2)
    return Series(**{**day.__dict__, "quality": quality})
