"""Curves of amounts as tables: beside the chart on a page, and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal import language, words
from portal.plots import Sample, Series

CELLS = dict[datetime, float | None]


def table(series: Sequence[Series], unit: str, zone: str, grain: str) -> dict[str, Any]:
    """Return the columns and rows a page shows; an amount stands where its hour, day or month begins."""
    columns = _columns(series)
    return {
        "columns": [one.name for one in series],
        "unit": words.shown_unit(unit),
        "rows": [
            {
                "at": _instant(at, zone, grain),
                "cells": [column.get(at) for column in columns],
                "is_running": any(one.running == at for one in series),
            }
            for at in _instants(columns)
        ],
    }


def file(series: Sequence[Series], unit: str) -> str:
    """Return the same as CSV for programs: UTC, plain numbers, nothing where nothing is known."""
    out, columns = io.StringIO(), _columns(series)
    writer = csv.writer(out)
    writer.writerow(["time_utc", *(f"{_plain_name(one)}_{unit}" for one in series)])
    for at in _instants(columns):
        cells = [column.get(at) for column in columns]
        writer.writerow(
            [f"{at.astimezone(ZoneInfo('UTC')):%Y-%m-%dT%H:%M:%SZ}"]
            + ["" if value is None else repr(value) for value in cells]
        )
    return out.getvalue()


def _columns(series: Sequence[Series]) -> list[CELLS]:
    return [_cells(one.samples, one) for one in series]


def _cells(samples: Sequence[Sample], one: Series) -> CELLS:
    return {at + one.moved: value for at, value in samples}


def _instants(columns: Sequence[CELLS]) -> list[datetime]:
    return sorted({at for column in columns for at in column})


def _instant(at: datetime, zone: str, grain: str) -> str:
    local, locale = at.astimezone(ZoneInfo(zone)), language.current()
    if grain == "month":
        return words.of_month(local.date(), locale)
    day = words.of_day(local.date(), locale)
    return day if grain == "day" else f"{day} {local:%H:%M}"


def _plain_name(one: Series) -> str:
    name = "supply" if one.carrier == "supply" else "demand"
    return f"{name}_before" if one.is_before else name
