"""CSV and Excel tables, in parts of bounded size: 1 M rows take no more memory than 100,000."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
from numpy.typing import NDArray

from backend.kernel.errors import Refused
from ingest.files import spread
from ingest.files.layout import Layout, Measure
from ingest.files.numbers import numbers
from ingest.files.opening import demand_workbook, opened, refusal_of
from ingest.files.series import Report, Series
from ingest.files.times import MISSING, to_us
from ingest.rules import EARLIEST_US

PART_ROWS = 100_000
UNIX = {"unix_s": 1_000_000, "unix_ms": 1_000}


def columns_of(path: Path, *, delimiter: str = ",") -> list[str]:
    """Return the names in a table's first row; empty where it has none that can be read."""
    try:
        if path.suffix.lower() == ".xlsx":
            return list(next(_sheet_parts(path, header=True)).columns)
        with opened(path) as file:
            return list(pd.read_csv(file, nrows=0, sep=delimiter, encoding="utf-8-sig").columns)
    except (ValueError, OSError, StopIteration, pd.errors.ParserError):
        return []


def read_table(path: Path, layout: Layout, report: Report, *, part_rows: int = PART_ROWS) -> Iterator[Series]:
    """Yield a table's readings part by part; cells that cannot be used go to the report.

    raises Refused where the table as a whole is not of this layout
    """
    parts = (
        _sheet_parts(path, header=layout.header)
        if path.suffix.lower() == ".xlsx"
        else _csv_parts(path, layout, part_rows)
    )
    first_row = 2 if layout.header else 1
    last_us: dict[str, int] = {}
    if layout.habits is not None:  # a period may depend on any row before it
        yield from spread.series_of(pd.concat(parts, ignore_index=True), layout, report)
        return
    for part in parts:
        missing = {layout.time, *([layout.meter] if layout.meter else [])} - set(part.columns)
        if missing:
            raise Refused(
                f"the table has no column '{min(missing)}'", field="columns", value=list(part.columns)[:20],
                remedy="choose another layout, or name its columns in one",
            )  # fmt: skip
        rows = np.arange(first_row, first_row + len(part), dtype=np.int64)
        first_row += len(part)
        yield from _series_of(part, rows, layout, report, last_us)


def _series_of(
    part: pd.DataFrame, rows: NDArray[np.int64], layout: Layout, report: Report, last_us: dict[str, int]
) -> Iterator[Series]:
    meters = part[layout.meter].to_numpy() if layout.meter else np.full(len(part), "", dtype=object)
    measured = [(column, layout.measure_of(column)) for column in part.columns]
    for meter in pd.unique(meters):
        mine = meters == meter
        own = part[mine]
        at_us = _instants(own[layout.time], rows[mine], layout, report, last_us.get(meter))
        if (known := at_us[at_us != MISSING]).size:
            last_us[meter] = int(known[-1])
        for column, measure in measured:
            if measure is not None:
                yield _column(own[column], column, measure, str(meter), at_us, rows[mine], layout, report)


def _column(
    cells: pd.Series, column: str, measure: Measure, meter: str, at_us: NDArray[np.int64],
    rows: NDArray[np.int64], layout: Layout, report: Report,
) -> Series:  # fmt: skip
    text = cells.str.strip()
    value = numbers(cells, layout.decimal).to_numpy(np.float64)
    is_said = (text != "").to_numpy()
    wrong = is_said & ~np.isfinite(value)
    for place in np.flatnonzero(wrong):
        report.add(int(rows[place]), column, cells.iloc[place], "not a number")
    if measure.kind == "interval":
        negative = is_said & (value < 0)
        for place in np.flatnonzero(negative):
            report.add(int(rows[place]), column, cells.iloc[place], "an amount cannot be negative")
        wrong |= negative
    keep = is_said & ~wrong & (at_us != MISSING)
    shift_us = measure.minutes * 60_000_000 if layout.label == "end" and measure.kind == "interval" else 0
    name = column if measure.tag is None else measure.tag
    tag = layout.prefix + ".".join(word for word in (meter, name) if word)
    return Series(
        tag, at_us[keep] - shift_us, value[keep], np.zeros(int(keep.sum()), np.int16), rows[keep],
        measure.unit, measure.kind, measure.minutes, measure.carrier, measure.quantity,
    )  # fmt: skip


def _instants(
    cells: pd.Series, rows: NDArray[np.int64], layout: Layout, report: Report, after_us: int | None
) -> NDArray[np.int64]:
    if layout.time_format in UNIX:
        number = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64)
        unreadable, never = ~np.isfinite(number), np.zeros(len(cells), bool)
        at_us = np.where(unreadable, MISSING, np.nan_to_num(number) * UNIX[layout.time_format]).astype(
            np.int64
        )
    else:
        form = "ISO8601" if layout.time_format == "iso" else layout.time_format
        parsed = pd.to_datetime(cells.str.strip(), errors="coerce", format=form, utc=_has_offset(cells))
        unreadable = parsed.isna().to_numpy()
        if parsed.dt.tz is not None:
            at_us = parsed.dt.tz_localize(None).astype("datetime64[us]").to_numpy().astype(np.int64)
            never = np.zeros(len(cells), bool)
        elif layout.zone is None:
            raise Refused(
                "times without offset need a zone", field="zone", remedy="name one, as Asia/Shanghai"
            )
        else:
            at_us, never = to_us(parsed, layout.zone, after_us=after_us)
    absurd = ~unreadable & ~never & (at_us < EARLIEST_US)
    for places, why in (
        (unreadable, "not an instant"), (never, f"this clock reading does not exist in {layout.zone}"),
        (absurd, "before the year 2000"),
    ):  # fmt: skip
        for place in np.flatnonzero(places):
            report.add(int(rows[place]), layout.time, cells.iloc[place], why)
    return np.where(unreadable | never | absurd, MISSING, at_us)


def _has_offset(cells: pd.Series) -> bool:
    sample = cells.iloc[:50].str.strip()
    return bool(len(sample)) and bool(sample.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$", regex=True).mean() > 0.5)


def _csv_parts(path: Path, layout: Layout, part_rows: int) -> Iterator[pd.DataFrame]:
    with opened(path) as file:
        try:
            parts = pd.read_csv(
                file, dtype=str, keep_default_na=False, sep=layout.delimiter, encoding=layout.encoding,
                header=0 if layout.header else None, chunksize=part_rows, skip_blank_lines=False,
            )  # fmt: skip
            for part in parts:
                if not layout.header:
                    part.columns = [f"c{n + 1}" for n in range(part.shape[1])]
                yield part.fillna("")
        except pd.errors.EmptyDataError:
            raise Refused("the file is empty", field="file") from None
        except (pd.errors.ParserError, UnicodeDecodeError, OSError, EOFError) as error:
            raise (refusal_of(file) or Refused(f"the table cannot be read: {error}", field="file")) from None


def _sheet_parts(path: Path, *, header: bool) -> Iterator[pd.DataFrame]:
    """Read an Excel sheet row by row, without loading it whole."""
    demand_workbook(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (OSError, KeyError, ValueError) as error:
        raise Refused(f"the workbook cannot be read: {error}", field="file") from None
    rows = book.worksheets[0].iter_rows(values_only=True)
    names = [str(cell) for cell in next(rows, ())] if header else None
    block: list[list[str]] = []
    for row in rows:
        block.append([_cell(cell) for cell in row])
        if len(block) >= PART_ROWS:
            yield _framed(block, names)
            block = []
    if block or names:
        yield _framed(block, names)
    book.close()


def _framed(block: list[list[str]], names: list[str] | None) -> pd.DataFrame:
    width = max((len(row) for row in block), default=len(names or ()))
    return pd.DataFrame(block, columns=names or [f"c{n + 1}" for n in range(width)], dtype=str)


def _cell(cell: Any) -> str:
    if cell is None:
        return ""
    return (
        cell.isoformat(sep=" ")
        if hasattr(cell, "isoformat")
        else repr(cell)
        if isinstance(cell, float)
        else str(cell)
    )
