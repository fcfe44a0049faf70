"""What a bill would be today against what it and its notes said: the lines of the next note. Pure.

Lines are the same line where they say the same thing at the same price for the same days; a note carries the
differences of quantity and amount, so the bill and all its notes together always say what is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from backend.billing.rules.tariff import Line


class LineKey(NamedTuple):
    """What makes a line the same line."""

    component: str
    kind: str
    period: str | None
    block: int | None
    register: str | None
    unit: str
    price: Decimal | None
    is_included: bool
    starts_on: date
    ends_on: date
    version: date


class Said(NamedTuple):
    """How much a line says: quantity [its unit], and money."""

    quantity: Decimal
    amount: Decimal


Lines = Mapping[LineKey, Said]
NOTHING = Said(Decimal(0), Decimal(0))


def key(line: Line) -> LineKey:
    """Return what makes a rated line the same line."""
    return LineKey(
        line.component, line.kind, line.period, line.block, line.register, line.unit, line.price, line.is_included,
        line.start, line.end, line.version,
    )  # fmt: skip


def summed(lines: Iterable[tuple[LineKey, Said]]) -> dict[LineKey, Said]:
    """Add up lines that are the same."""
    found: dict[LineKey, Said] = {}
    for name, said in lines:
        before = found.get(name, NOTHING)
        found[name] = Said(before.quantity + said.quantity, before.amount + said.amount)
    return found


def difference(said: Lines, right: Lines) -> dict[LineKey, Said]:
    """Return what must be added to what was said to come to what is right; lines that agree are left out."""
    found = {}
    for name in [*right, *(name for name in said if name not in right)]:
        before, after = said.get(name, NOTHING), right.get(name, NOTHING)
        if before != after:
            found[name] = Said(after.quantity - before.quantity, after.amount - before.amount)
    return found
