"""What the README says is what the code does."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import numpy as np

from backend.billing.rules import charging, corrections, ledger
from backend.billing.rules import tariff as rules
from backend.billing.rules.ledger import CHART
from tests.backend.billing.scene import FIRST, NEXT, TOU

README = (Path(ledger.__file__).parents[1] / "README.md").read_text()


def table(heading: str, place: int = 0) -> list[list[str]]:
    """The rows of a table under a heading, without its head."""
    lines, tables = README.split(heading, 1)[1].split("\n"), []
    for before, line in zip(["", *lines], lines, strict=False):
        if line.startswith("|"):
            if not before.startswith("|"):
                tables.append([])
            tables[-1].append([cell.strip() for cell in line.strip("|").split("|")])
    return tables[place][2:]


def rated(noon_wh: int = 1000) -> rules.Rating:
    plan = rules.compile(rules.parse(TOU), rules.Span(FIRST, NEXT), 900_000_000)
    amounts = np.full(len(plan.grid), 1000)
    amounts[48] = noon_wh
    return plan.rate(rules.Series(plan.grid.start_us, 900_000_000, {"import": amounts}))


def said(line: rules.Line) -> list[str]:
    name = f"{line.component} {line.period}" if line.period else line.component
    return [name, str(line.quantity), line.unit, str(line.price), f"{line.amount.amount:.2f}"]


def test_the_worked_bill_comes_out_as_written():
    *lines, total = table("## Bill runs\n", 1)
    rating = rated()
    assert [said(line)[0] for line in rating.lines] == [row[0] for row in lines]
    for line, row in zip(rating.lines, lines, strict=True):
        assert [Decimal(row[1]), Decimal(row[3]), Decimal(row[4])] == [
            line.quantity,
            line.price,
            line.amount.amount,
        ]
    assert total[4] == f"{rating.total.amount:.2f}"


def test_its_entry_comes_out_as_written():
    rating = rated()
    tax = sum(line.amount.amount for line in rating.lines if charging.is_tax(line))
    sides = charging.sides(rating.total.amount, {"2200": tax}, "CNY", UUID(int=1))
    names = {code: f"{code} {name}" for code, _kind, name, _zh in CHART}
    shown = [
        [names[one.account], *(f"{side:.2f}" if side > 0 else "" for side in (one.amount, -one.amount))]
        for one in sides
    ]
    assert shown == table("## Bill runs\n", 2)


def test_its_note_comes_out_as_written():
    before, after = (
        corrections.summed(
            (corrections.key(line), corrections.Said(line.quantity, line.amount.amount)) for line in one.lines
        )
        for one in (rated(), rated(101_000))
    )
    note = corrections.difference(before, after)
    assert [(name.component, one.quantity, one.amount) for name, one in note.items()] == [
        ("energy", 100, 90), ("vat", 90, Decimal("11.70")),
    ]  # fmt: skip
    assert "100 kWh × 0.9 = 90.00 and VAT of\n11.70, 101.70 in all" in README
    assert rated(101_000).total.amount - rated().total.amount == Decimal("101.70")


def test_every_key_of_the_hashed_text_is_named():
    keys = {
        key.strip("` ") for row in table("### How anybody recomputes the chain") for key in row[0].split(",")
    }
    new = ledger.NewEntry(date(2026, 11, 2), ledger.Cause.BILL, UUID(int=2), "x", ())
    at = datetime(2026, 11, 2, tzinfo=UTC)
    assert json.loads(ledger.canonical(UUID(int=1), 1, at, new, ledger.FIRST)).keys() == keys
