"""Weather in files: CSV as anybody can write it, and EPW as building engineers have it. Pure: bytes in, values out.

CSV: `issued_at,valid_at,` and some of `temperature_c,ghi_wm2,wind_ms,humidity_pct,cloud_pct`. Instants carry an
offset; `valid_at` is the start of a step. Rows without `issued_at` were observed, the others were foretold then. What
is not known is left empty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from backend.forecasting.ports import BELIEVED, Delivered
from backend.kernel.errors import Refused

STEPS = (5, 10, 15, 20, 30, 60, 120, 180)
MOST_BYTES = 60_000_000
EPW_COLUMNS = {6: ("temperature_c", 1.0, 99.9), 8: ("humidity_pct", 1.0, 999.0), 13: ("ghi_wm2", 1.0, 9999.0),
               21: ("wind_ms", 1.0, 999.0), 22: ("cloud_pct", 10.0, 99.0)}  # fmt: skip
"""Field of an EPW row -> (variable, factor, what stands for 'missing'): EnergyPlus Auxiliary Programs, EPW data
dictionary. Fields of the hour that ends at the hour named; cloud cover comes in tenths."""
EPW_HEAD = 8


def read_weather(name: str, data: bytes) -> list[Delivered]:
    """Return what a file says, observed first, then forecasts by issue; raises Refused, naming the row."""
    if len(data) > MOST_BYTES:
        raise Refused("this file is too large", field="file", value=name, remedy="cut it into years")
    try:
        words = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("this is no text in UTF-8", field="file", value=name) from None
    is_epw = name.lower().endswith(".epw") or words.startswith("LOCATION,")
    return _epw(name, words) if is_epw else _csv(name, words)


def _csv(name: str, words: str) -> list[Delivered]:
    table = _table(name, words)
    known = [column for column in table if column in BELIEVED]
    others = set(table) - set(BELIEVED) - {"issued_at", "valid_at"}
    if "valid_at" not in table or not known or others:
        raise Refused(
            "these are not the columns of weather", field="file", value=", ".join(table)[:300],
            remedy="use issued_at, valid_at, " + ", ".join(BELIEVED),
        )  # fmt: skip
    valid = _instants(table["valid_at"], "valid_at")
    values = {column: _numbers(table[column], column) for column in known}
    issued = np.array(table.get("issued_at", [""] * len(valid)), dtype=object)
    is_seen = issued == ""
    found = []
    if is_seen.any():
        found.append(_delivered(None, valid[is_seen], {k: v[is_seen] for k, v in values.items()}, name))
    if not is_seen.all():
        at = np.zeros(len(valid), dtype=np.int64)
        at[~is_seen] = _instants(issued[~is_seen].tolist(), "issued_at")
        for one in np.unique(at[~is_seen]):
            mine = ~is_seen & (at == one)
            found.append(_delivered(int(one), valid[mine], {k: v[mine] for k, v in values.items()}, name))
    return found


def _table(name: str, words: str) -> dict[str, list[str]]:
    """Return the columns of a CSV file by their heads, as text."""
    try:
        rows = [row for row in csv.reader(io.StringIO(words)) if row]
    except csv.Error as error:
        raise Refused(f"this is no table: {error}", field="file", value=name) from None
    if len(rows) < 2:
        raise Refused("no weather stands in this file", field="file", value=name)
    head = [one.strip() for one in rows[0]]
    if len(set(head)) < len(head):
        raise Refused("a column stands twice", field="file", value=", ".join(head)[:300])
    uneven = next((n for n, row in enumerate(rows) if len(row) != len(head)), None)
    if uneven is not None:
        raise Refused(
            f"row {uneven + 1} has another number of fields than the first", field="file", value=name
        )
    return dict(zip(head, (list(column) for column in zip(*rows[1:], strict=True)), strict=True))


def _instants(said: list[str], field: str) -> NDArray[np.int64]:
    """Return instants in seconds since 1970; the first that is none is named."""
    found, known = np.empty(len(said), dtype=np.int64), dict[str, int]()
    for n, one in enumerate(said):
        if one in known:
            found[n] = known[one]
            continue
        try:
            at = datetime.fromisoformat(one.strip())
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise Refused(
                f"row {n + 2}: this is no instant with an offset", field=field, value=one[:60],
                remedy="write 2026-11-22T08:00Z",
            )  # fmt: skip
        found[n] = known[one] = int(at.timestamp())
    return found


def _numbers(said: list[str], field: str) -> NDArray[np.float64]:
    found = np.full(len(said), np.nan)
    for n, one in enumerate(said):
        try:
            if one.strip():
                found[n] = float(one)
        except ValueError:
            raise Refused(f"row {n + 2}: this is no number", field=field, value=one[:60]) from None
    return found


def _delivered(
    issued: int | None, valid: NDArray[np.int64], values: Mapping[str, NDArray[np.float64]], name: str
) -> Delivered:
    """Lay rows on regular steps. issued: None for what was observed [s since 1970]"""
    order = np.argsort(valid, kind="stable")
    valid = valid[order]
    apart = np.diff(valid)
    if (apart == 0).any():
        twice = datetime.fromtimestamp(int(valid[np.argmax(apart == 0)]), UTC)
        raise Refused("one step is said twice", field="valid_at", value=twice.isoformat())
    step_min = int(np.min(apart)) // 60 if len(apart) else 60
    if step_min not in STEPS or (apart % (step_min * 60)).any():
        raise Refused(
            f"steps of {step_min} min, or uneven ones, are not taken", field="valid_at", value=name,
            remedy="use even steps of " + ", ".join(map(str, STEPS)) + " min",
        )  # fmt: skip
    place = (valid - valid[0]) // (step_min * 60)
    columns = {}
    for column, said in values.items():
        columns[column] = np.full(int(place[-1]) + 1, np.nan)
        columns[column][place] = said[order]
    start = datetime.fromtimestamp(int(valid[0]), UTC)
    end = start + timedelta(minutes=step_min * (int(place[-1]) + 1))
    issued_at = end if issued is None else datetime.fromtimestamp(issued, UTC)
    return Delivered(issued is not None, issued_at, start, step_min, columns)


def _epw(name: str, words: str) -> list[Delivered]:
    """Read hours of local standard time as observed; the years are taken as they stand."""
    lines = words.splitlines()
    head = lines[0].split(",") if lines else []
    try:
        ahead = timezone(timedelta(hours=float(head[8])))
    except (IndexError, ValueError):
        raise Refused("the first line says no time zone", field="file", value=name,
                      remedy="an EPW file begins with LOCATION, the zone in its ninth field") from None  # fmt: skip
    valid, rows = [], []
    for number, line in enumerate(lines[EPW_HEAD:], start=EPW_HEAD + 1):
        fields = line.split(",")
        try:
            year, month, day, hour = map(int, fields[:4])
            start = datetime(year, month, day, tzinfo=ahead) + timedelta(hours=hour - 1)
            rows.append([_of_epw(fields[place], *said) for place, said in EPW_COLUMNS.items()])
        except (IndexError, ValueError):
            raise Refused(f"line {number}: this is no hour of EPW", field="file", value=line[:60]) from None
        valid.append(int(start.timestamp()))
    if not rows:
        raise Refused("no weather stands in this file", field="file", value=name)
    table = np.array(rows)
    values = {said[0]: table[:, n] for n, said in enumerate(EPW_COLUMNS.values())}
    return [_delivered(None, np.array(valid, dtype=np.int64), values, name)]


def _of_epw(field: str, _name: str, factor: float, missing: float) -> float:
    value = float(field)
    return np.nan if value >= missing else value * factor
