"""Factors, returns, degree days, part loads and drivers, by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.analysis.rules import benefit, drivers, efficiency, factors, intensity, regression
from backend.analysis.rules.drivers import DriverKind, NewDriver
from backend.analysis.rules.efficiency import Make
from backend.analysis.rules.factors import Factor, Kind
from backend.kernel.errors import Refused
from backend.kernel.sheets import Row
from backend.kernel.units import Carrier

C = Carrier


@pytest.mark.parametrize(
    ("on", "value", "is_older"),
    [
        (date(2021, 6, 1), "0.5568", False), (date(2022, 6, 1), "0.5366", False), (date(2023, 6, 1), "0.5306", False),
        (date(2026, 6, 1), "0.5306", True), (date(2020, 6, 1), None, False),
    ],
)  # fmt: skip
def test_the_grid_counts_by_its_year_or_the_nearest_before(on, value, is_older):
    found = factors.used(C.ELECTRICITY, Kind.CO2, on)
    assert (found and str(found.factor.value), bool(found and found.is_older)) == (value, is_older)


def test_an_own_factor_goes_before_the_published_from_its_day_on():
    own = [
        Factor(C.ELECTRICITY, Kind.CO2, date(2024, 1, 1), Decimal("0.1"), "green power contract", is_own=True)
    ]
    assert factors.used(C.ELECTRICITY, Kind.CO2, date(2024, 1, 1), own).factor.is_own
    assert not factors.used(C.ELECTRICITY, Kind.CO2, date(2023, 12, 31), own).factor.is_own


def test_what_has_no_factor_is_not_made_up():
    assert factors.used(C.COOLING, Kind.CO2, date(2026, 1, 1)) is None
    assert factors.used(C.ELECTRICITY, Kind.EQUIVALENT, date(2026, 1, 1)) is None


def test_every_published_factor_says_where_it_is_from():
    assert all(len(one.source) > 10 and one.value > 0 for one in factors.PUBLISHED)


def test_standard_coal_and_energy_agree():
    assert float(factors.energy_kwh(Decimal("0.1229"))) == pytest.approx(1, abs=0.001)


def test_a_factor_without_a_source_is_refused():
    with pytest.raises(Refused, match="where it is from"):
        factors.demand_sound(C.GAS, Decimal(2), "")


@given(st.dates(date(2024, 1, 1), date(2026, 1, 1)), st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_a_bill_is_shared_by_days_without_loss(start, lengths):
    cuts = [start]
    for length in lengths:
        cuts.append(cuts[-1] + timedelta(days=length))
    days = sum(benefit.share(start, cuts[-1], a, b).days for a, b in zip(cuts, cuts[1:], strict=False))
    assert days == (cuts[-1] - start).days
    assert benefit.share(start, cuts[-1], cuts[-1], cuts[-1] + timedelta(days=9)).days == 0


def test_a_measure_returns_what_a_table_of_annuities_says():
    found = benefit.returns(benefit.Investment(Decimal(100_000), Decimal(25_000), 10, Decimal("0.06")))
    assert found.payback == pytest.approx(4)
    assert float(found.npv) == pytest.approx(25_000 * (1 - 1.06**-10) / 0.06 - 100_000, abs=0.01)
    assert benefit.present([-100_000, *[25_000] * 10], found.irr) == pytest.approx(0, abs=1e-3)


def test_a_measure_that_saves_nothing_never_pays_back():
    found = benefit.returns(benefit.Investment(Decimal(1000), Decimal(0), 5, Decimal("0.05")))
    assert (found.payback, found.irr) == (None, None)


@pytest.mark.parametrize("wrong", [{"outlay": Decimal(0)}, {"years": 0}, {"rate": Decimal(1)}])
def test_a_measure_that_cannot_be_is_refused(wrong):
    right = {"outlay": Decimal(1), "yearly": Decimal(1), "years": 5, "rate": Decimal("0.05")}
    with pytest.raises(Refused):
        benefit.Investment(**right | wrong)


@pytest.mark.parametrize(
    ("inputs", "outputs", "make"),
    [
        ({C.GAS}, {C.HEAT}, Make.BOILER), ({C.GAS}, {C.ELECTRICITY, C.HEAT}, Make.CHP),
        ({C.ELECTRICITY}, {C.COOLING}, Make.CHILLER), ({C.HEAT}, {C.COOLING}, Make.ABSORPTION),
        ({C.ELECTRICITY}, {C.HEAT}, Make.HEAT_PUMP), ({C.ELECTRICITY}, {C.ELECTRICITY}, Make.SAME),
        (set(), {C.HEAT}, None), ({C.GAS}, set(), None), ({C.ELECTRICITY}, {C.WATER}, None),
    ],
)  # fmt: skip
def test_a_plant_is_known_by_what_goes_in_and_out(inputs, outputs, make):
    assert efficiency.make_of(frozenset(inputs), frozenset(outputs)) is make


def test_part_load_bands_hold_the_hours_of_their_load():
    out = np.r_[np.full(100, 50.0), np.full(100, 100.0)]
    spent = np.r_[np.full(100, 62.5), np.full(100, 1000 / 9)]
    full, bands = efficiency.part_load(out, spent)
    assert full == pytest.approx(100)
    assert [(one.low, round(one.value, 3)) for one in bands if one.value] == [(0.5, 0.8), (0.9, 0.9)]
    assert sum(one.hours for one in bands) == 200


def test_a_plant_that_stood_still_has_no_curve():
    assert efficiency.part_load(np.zeros(5), np.zeros(5)) == (0.0, [])


def test_degree_days_are_counted_from_their_bases():
    assert intensity.degree_days(np.array([8.0, 18.0, 30.0])) == (10.0, 4.0)


def _line(n=300, slope=2.0):
    days = tuple(date(2026, 1, 1) + timedelta(days=number) for number in range(n))
    made = np.arange(n) % 10 * 1.0
    use = 50 + slope * made + np.sin(np.arange(n) * 1.7)
    return intensity.Drawn(days, use, None, {"steel": made}, 0)


def test_a_saving_is_what_would_have_been_used_less_what_was():
    base = _line()
    fit, _ = regression.fitted(base.use, None, base.factors)
    after = intensity.Drawn(base.days, base.use * 0.9, None, base.factors, 0)
    found = intensity.saved(fit, after)
    assert found.share == pytest.approx(0.1, abs=0.005)
    assert found.cusum[-1] == pytest.approx(found.saving)
    assert 0 < found.error < found.saving


def test_more_production_alone_saves_nothing():
    base = _line()
    fit, _ = regression.fitted(base.use, None, base.factors)
    busy = {"steel": base.factors["steel"] + 20}
    after = intensity.Drawn(base.days, base.use + 40, None, busy, 0)
    assert intensity.saved(fit, after).share == pytest.approx(0, abs=0.01)


def test_a_fit_says_why_it_should_not_be_relied_on():
    base = _line()
    fit, _ = regression.fitted(base.use, None, base.factors)
    far = intensity.Drawn(base.days, base.use, None, {"steel": base.factors["steel"] + 50}, 0)
    assert intensity.doubts(fit, date(2026, 4, 11), base, date(2026, 5, 1)) == []
    assert "beyond" in intensity.doubts(fit, date(2026, 4, 11), far, date(2026, 5, 1))
    assert "old" in intensity.doubts(fit, date(2020, 1, 1), base, date(2026, 5, 1))
    few, _ = regression.fitted(base.use[:100], None, {"steel": base.factors["steel"][:100]})
    assert intensity.doubts(few, date(2026, 4, 11), None, date(2026, 5, 1)) == ["short"]
    flat, _ = regression.fitted(base.use, None)
    assert "constant" in intensity.doubts(flat, date(2026, 4, 11), None, date(2026, 5, 1))


def test_a_fit_is_read_as_it_was_kept():
    base = _line()
    fit, _ = regression.fitted(base.use, None, base.factors)
    assert intensity.read(intensity.document(fit)) == fit


def test_what_is_known_of_few_days_is_left_out_rather_than_the_days():
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(20)]
    use = dict.fromkeys(days, 1.0)
    found = intensity.drawn(days, use, {days[0]: 3.0}, {"steel": dict.fromkeys(days[:15], 2.0)})
    assert found.temperature is None
    assert (len(found.days), found.left_out) == (15, 5)


ON = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (NewDriver(DriverKind.AREA, 0, ON), "value"),
        (NewDriver(DriverKind.AREA, 5, ON, date(2026, 12, 1)), "last_day"),
        (NewDriver(DriverKind.HOURS, 30, ON, date(2026, 11, 2)), "value"),
        (NewDriver(DriverKind.HOURS, 3, ON), "last_day"),
        (NewDriver(DriverKind.PRODUCTION, 3, ON, date(2026, 12, 1), "steel"), "unit"),
        (NewDriver(DriverKind.HEADS, 3, ON, None, "steel"), "product"),
        (NewDriver(DriverKind.HEADS, 3, ON, None, "", "t"), "unit"),
    ],
)  # fmt: skip
def test_a_driver_that_cannot_be_names_field_and_remedy(new, field):
    found = drivers.faults(new)
    assert found[0].field == field
    assert found[0].remedy


def test_rows_of_a_file_name_every_fault_by_row_and_field():
    rows = [
        Row(2, {"kind": "area", "value": 1200, "first_day": "2026-01-01"}),
        Row(3, {"kind": "aera", "value": "many", "first_day": "2026-01-01"}),
        Row(4, {"kind": "heads", "first_day": "2026-01-01"}),
        Row(5, {"kind": "production", "product": "steel", "unit": "t", "value": 9, "first_day": "2026-01-31",
                "last_day": "2026-01-01"}),
    ]  # fmt: skip
    found, problems = drivers.parse(rows)
    assert [parsed.number for parsed, _new in found] == [2]
    assert {(one.row, one.column) for one in problems} == {
        (3, "kind"),
        (3, "value"),
        (4, "value"),
        (5, "last_day"),
    }
    assert all(one.remedy for one in problems)


def test_amounts_are_spread_over_their_days_and_back():
    rows = [(ON, date(2026, 11, 11), 100.0), (date(2026, 11, 11), date(2026, 12, 1), 40.0)]
    assert drivers.daily(rows, is_mean=False)[ON] == 10
    assert drivers.total(rows, ON, date(2026, 12, 1)) == pytest.approx(140)
    assert drivers.total(rows, ON, date(2026, 12, 2)) is None
