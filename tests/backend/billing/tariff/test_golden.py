"""Bills worked by hand, from published schedules and constructed ones, come out to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backend.billing import tariffs
from backend.billing.rules import tariff as t

from . import golden


@pytest.mark.parametrize("name", golden.names())
def test_every_line_is_as_worked_by_hand(name):
    case = golden.golden(name)
    for bill, rating in zip(case.bills, golden.ratings(case), strict=True):
        found: dict[str, Decimal] = {}
        for line in rating.lines:
            key = golden.key(line)
            if key in found:  # a price change within the period: the same line twice
                key = f"{key} from {line.start}"
            found[key] = line.amount.amount
        assert found == {key: golden.worked(line)[1] for key, line in bill["lines"].items()}
        assert rating.total.amount == Decimal(str(bill["total"]))


@pytest.mark.parametrize("name", golden.names())
def test_the_working_comes_to_what_it_states(name):
    for bill in golden.golden(name).bills:
        for key, line in bill["lines"].items():
            working, stated = golden.worked(line)
            assert abs(working - stated) < Decimal("0.01"), f"{key}: {line} is {working}"


@pytest.mark.parametrize("name", golden.names())
def test_every_golden_bill_says_where_it_is_from(name):
    case = golden.golden(name)
    assert case.source in ("published", "constructed")
    if case.source == "published":
        assert any(year in case.quoted for year in map(str, range(1983, 2030)))
        assert "http" in case.quoted


def test_there_are_enough_of_them():
    cases = [golden.golden(name) for name in golden.names()]
    assert len(cases) >= 25
    assert sum(case.source == "published" for case in cases) >= 10


@pytest.mark.parametrize("code", tariffs.codes())
def test_a_tariff_that_comes_with_the_product_reads_and_says_its_source(code):
    tariff = tariffs.shipped(code)
    assert tariff.code == code
    assert "http" in tariff.source
    assert set(tariff.name) == {"en", "zh"}
    assert t.read(t.write(tariff)) == tariff
