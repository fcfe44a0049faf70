"""Golden bills: use, facts, and every line worked by hand, in a YAML file each (folder golden/).

title, source (`published` or `constructed`), quoted (publication, date, address)
tariff: a document, or the code of one that comes with the product
interval_min, unit, quanta
bills: one after the other, each handed what the one before left behind
  - period: [first date, date after the last]
    months, facts, spot
    use: {register: [{kw, hours, days, dates}, {amount, at}]}
    lines: {component/period/block: "working = amount"}
    total
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import yaml

from backend.billing import tariffs
from backend.billing.rules import tariff as t
from backend.billing.rules.tariff.calendar import Calendar
from backend.billing.rules.tariff.document import Findings
from backend.billing.rules.tariff.schedule import DAYS, HOURS, MINUTES, Rule

FOLDER = Path(__file__).parent / "golden"
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


@dataclass(frozen=True)
class Golden:
    """One file of golden bills."""

    name: str
    title: str
    source: str
    quoted: str
    tariff: t.Tariff
    length_us: int
    unit: str
    quanta: int
    bills: tuple[Mapping[str, Any], ...]


@cache
def golden(name: str) -> Golden:
    """Read a file of golden bills."""
    found = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    tariff = found["tariff"]
    return Golden(
        name,
        found["title"],
        found["source"],
        found.get("quoted", ""),
        tariffs.shipped(tariff) if isinstance(tariff, str) else t.parse(tariff),
        int(found.get("interval_min", 60)) * 60_000_000,
        found.get("unit", "kWh"),
        int(found.get("quanta", 1000)),
        tuple(found["bills"]),
    )


def names() -> list[str]:
    """Return the names of all files of golden bills."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def ratings(case: Golden) -> Iterator[t.Rating]:
    """Rate the bills of a file one after the other."""
    opening: Mapping[str, Decimal] = {}
    for bill in case.bills:
        span = t.Span(*bill["period"])
        plan = t.compile(case.tariff, span, case.length_us)
        facts = {name: Decimal(str(value)) for name, value in bill.get("facts", {}).items()}
        months = None if "months" not in bill else Fraction(str(bill["months"]))
        opening |= {name: Decimal(str(value)) for name, value in bill.get("opening", {}).items()}
        rating = plan.rate(series(case, plan.grid, bill), t.Facts(facts, months, opening))
        opening = dict(rating.closing)
        yield rating


def series(case: Golden, grid: t.Grid, bill: Mapping[str, Any]) -> t.Series:
    """Return the intervals a bill's `use` and `spot` describe."""
    calendar = case.tariff.version_on(grid.span.start).holidays()
    registers = {
        register: sum(
            (_intervals(entry, grid, calendar, case.quanta) for entry in entries),
            np.zeros(len(grid), dtype=np.int64),
        )
        for register, entries in bill.get("use", {}).items()
    }
    prices = {
        name: sum(
            (
                _where(entry, grid, calendar) * int(Decimal(str(entry["price"])) * 1_000_000)
                for entry in entries
            ),
            np.zeros(len(grid), dtype=np.int64),
        )
        for name, entries in bill.get("spot", {}).items()
    }
    return t.Series(grid.start_us, grid.length_us, registers, case.unit, case.quanta, prices)


def _intervals(entry: Mapping[str, Any], grid: t.Grid, calendar: Calendar, quanta: int) -> np.ndarray:
    """Return amounts [quanta]: `kw` (units an hour) held over some hours, or one `amount` in one interval."""
    if "kw" in entry:
        each = Decimal(str(entry["kw"])) * quanta * grid.length_us / 3_600_000_000
        assert each == int(each), "an interval holds whole quanta"
        return _where(entry, grid, calendar) * int(each)
    amounts = np.zeros(len(grid), dtype=np.int64)
    amounts[_place(entry, grid)] = int(Decimal(str(entry["amount"])) * quanta)
    return amounts


def _place(entry: Mapping[str, Any], grid: t.Grid) -> int:
    if "at" not in entry:
        return 0
    at = datetime.fromisoformat(str(entry["at"])).replace(tzinfo=ZoneInfo(grid.zone))
    return int((at.timestamp() * 1_000_000 - grid.start_us) // grid.length_us)


def _where(entry: Mapping[str, Any], grid: t.Grid, calendar: Calendar) -> np.ndarray:
    """Return which intervals lie in the hours, on the kinds of day and between the dates of an entry."""
    listed = entry.get("hours", [])
    hours = [
        HOURS.read(one, "hours", Findings()) for one in (listed if isinstance(listed, list) else [listed])
    ]
    days = DAYS.read(entry["days"], "days", Findings()) if "days" in entry else ()
    rule = Rule("used", days=days, hours=tuple(hours))
    first, last = entry.get("dates", (grid.span.start, grid.span.end - timedelta(days=1)))
    table = np.stack(
        [
            rule.minutes()
            if first <= on <= last and rule.holds_on(on.weekday(), str(calendar.kind(on)))
            else np.zeros(MINUTES, dtype=bool)
            for on in grid.span.dates()
        ]
    )
    return table[grid.day, grid.minute].astype(np.int64)


def worked(line: str) -> tuple[Decimal, Decimal]:
    """Return what the working of a line comes to, and the amount it states."""
    working, _, stated = line.rpartition("=")
    return _value(ast.parse(working.strip(), mode="eval").body), Decimal(stated.strip().replace(",", ""))


def _value(node: ast.expr) -> Decimal:
    if isinstance(node, ast.Constant):
        return Decimal(str(node.value))
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand)
    assert isinstance(node, ast.BinOp), "a working adds, takes away, multiplies and divides"
    found: Decimal = OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    return found


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def key(line: t.Line) -> str:
    """Return what a line is called in a golden bill."""
    words = (line.component, line.period, line.block and str(line.block), line.note)
    return "/".join(word for word in words if word)


__all__ = ["Golden", "cents", "date", "golden", "key", "names", "ratings", "worked"]
