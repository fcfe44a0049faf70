"""Tables whose rows say their own periods, as series of intervals. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backend.kernel import clock
from backend.kernel.errors import Refused
from ingest.files.layout import Layout, Measure
from ingest.files.numbers import numbers
from ingest.files.periods import Period, Row, periods
from ingest.files.series import Report, Series
from ingest.files.times import to_us

LENGTHS = (5, 15, 30, 60)

GOOD, SUBSTITUTED = 0, 3


def series_of(table: pd.DataFrame, layout: Layout, report: Report) -> Iterator[Series]:
    """Yield the intervals of a table, one series for each measured column and meter.

    raises Refused where a column cannot be trusted at all
    """
    meters = table[layout.meter] if layout.meter else pd.Series("", index=table.index)
    for meter, own in table.groupby(meters, sort=False):
        for column in own.columns:
            measure = layout.measure_of(column)
            if measure is not None:
                yield _spread(periods(_rows(own, column, layout), layout.habits, report), str(meter), column,
                              measure, layout, report)  # fmt: skip


def _rows(own: pd.DataFrame, column: str, layout: Layout) -> list[Row]:
    """Return value, start and end of each row; instants are UTC."""
    assert layout.habits is not None
    value = numbers(own[column], layout.decimal)
    if value.isna().any():
        row = int(value.isna().to_numpy().argmax())
        raise Refused(f"row {row + 1}: {own[column].iloc[row]!r} is not a number", field=column)
    ends_only = layout.habits.ends_only
    end = _utc(own[layout.time if ends_only else layout.end], layout)
    starts = [None] * len(own) if ends_only else _utc(own[layout.time], layout)
    return list(zip(value.to_list(), starts, end, strict=True))


def _utc(cells: pd.Series, layout: Layout) -> list[datetime]:
    """Read instants; raises Refused for the first that is none."""
    form = "ISO8601" if layout.time_format == "iso" else layout.time_format
    parsed = pd.to_datetime(cells.str.strip(), errors="coerce", format=form)
    wrong = parsed.isna()
    if not wrong.any() and layout.zone is None and parsed.dt.tz is None:
        raise Refused("times without offset need a zone", field="zone", remedy="name one, as Asia/Shanghai")
    at_us, never = _in_order(parsed, layout)
    if wrong.any() or never.any():
        row = int((wrong.to_numpy() | never).argmax())
        raise Refused(f"row {row + 1}: {cells.iloc[row]!r} is not an instant", field=str(cells.name))
    return [clock.from_us(at) for at in at_us]


def _in_order(parsed: pd.Series, layout: Layout) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Turn clock readings into instants from the oldest on: an hour that comes twice is told apart by order.

    Copies of a row are one reading; a file may run backwards.
    """
    assert layout.habits is not None
    copies, step = layout.habits.copies, -1 if layout.habits.newest_first else 1
    zone = layout.zone or "UTC"
    if parsed.dt.tz is not None:
        parsed, zone = parsed.dt.tz_convert("UTC").dt.tz_localize(None), "UTC"
    at_us, never = to_us(parsed.iloc[::copies][::step].reset_index(drop=True), zone)
    count = len(parsed)
    return np.repeat(at_us[::step], copies)[:count], np.repeat(never[::step], copies)[:count]


def _spread(
    found: list[Period], meter: str, column: str, measure: Measure, layout: Layout, report: Report
) -> Series:
    """Return periods as intervals: short ones as they are, whole hours spread evenly over their hours."""
    at, values, qualities, rows = [], [], [], []
    lengths = {round((p.end - p.start).total_seconds() / 60) for p in found}
    minutes = lengths.pop() if len(lengths) == 1 and lengths <= set(LENGTHS) else 60
    for number, period in enumerate(found, start=1):
        start_us = clock.to_us(period.start.astimezone(UTC))
        parts, rest = divmod(clock.to_us(period.end.astimezone(UTC)) - start_us, minutes * 60_000_000)
        if rest or start_us % (minutes * 60_000_000):
            report.add(
                number,
                layout.time,
                period.start,
                f"the period is not made of whole intervals of {minutes} min",
            )
            continue
        at += [start_us + n * minutes * 60_000_000 for n in range(parts)]
        values += [period.amount / parts] * parts
        qualities += [GOOD if parts == 1 else SUBSTITUTED] * parts
        rows += [number] * parts
    name = column if measure.tag is None else measure.tag
    return Series(
        layout.prefix + ".".join(word for word in (meter, name) if word), np.array(at, np.int64),
        np.array(values, np.float64), np.array(qualities, np.int16), np.array(rows, np.int64), measure.unit,
        "interval", minutes, measure.carrier, measure.quantity,
    )  # fmt: skip
