"""The README's worked example is what the rules say, and its words are the code's."""

from __future__ import annotations

import dataclasses
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

import backend.billing
from backend.billing.rules import tariff as t
from backend.billing.rules.tariff.components import KINDS

README = (Path(backend.billing.__file__).parent / "README.md").read_text()
QUARTER_US = 900_000_000


def test_the_worked_example_is_right():
    example = README.split("### Worked example")[1].split("###")[0]
    tariff = t.read(example.split("```yaml\n")[1].split("```")[0])
    plan = t.compile(tariff, t.Span(date(2026, 6, 1), date(2026, 7, 1)), QUARTER_US)
    amounts = np.full(len(plan.grid), 4 * 1000 // 4)
    noon = datetime(2026, 6, 11, 12, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1_000_000
    amounts[int(noon - plan.grid.start_us) // QUARTER_US] = 10 * 1000 // 4
    rating = plan.rate(t.Series(plan.grid.start_us, QUARTER_US, {"import": amounts}))
    said = re.findall(
        r"^\| (\w+) \| (\w*) ?\| ([\d.]+) \| (\S+) \| (-?[\d.]+) \| (-?[\d.]+) \|$", example, re.M
    )
    assert [
        (line.component, line.period or "", line.quantity, line.unit, line.price, line.amount.amount)
        for line in rating.lines
    ] == [
        (code, period, Decimal(q), unit, Decimal(price), Decimal(paid))
        for code, period, q, unit, price, paid in said
    ]
    assert f"**{rating.total}**" in example
    before = sum(line.amount.amount for line in rating.lines if line.component != "rounding")
    assert f"come to {before}" in re.sub(r"\s+", " ", example)


def test_every_kind_and_what_it_may_say_is_explained():
    told = README.split("### What a component may say")[1].split("### Where")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)$", told, re.M))
    assert set(rows) == set(KINDS)
    common = {field.name for field in dataclasses.fields(KINDS["share"])} & {
        "code",
        "name",
        "months",
        "between",
        "when",
    }
    for kind, row in rows.items():
        for field in dataclasses.fields(KINDS[kind]):
            name = field.name.rstrip("_")
            assert name in common or f"`{name}`" in row, f"{kind}: `{name}` is not explained"


def test_the_kinds_of_component_that_split_are_those_said_to():
    told = README.split("### What a component may say")[1]
    never = {
        kind
        for kind, row in re.findall(r"^\| `(\w+)` \|(.*)$", told, re.M)
        if row.rstrip(" |").endswith("| no")
    }
    assert never == {kind for kind, made in KINDS.items() if made.__dict__.get("is_splittable") is False}
