"""Bills agree with NREL SAM's Utilityrate5: every monthly component of its published cases, to the cent."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.billing.rules import tariff as t
from backend.kernel.errors import Refused

from . import sam

CENT = Decimal("0.01")
CASES = [
    "Test_Commercial_Demand_Charges",
    "Test_Commercial_Energy_Tiers_net_billing",
    "Test_Commercial_kWh_per_kW_charges",
    "Test_Residential_TOU_Rates",
    "Test_Residential_TOU_Rates_annual_minimum",
    "Test_Residential_TOU_Rates_buyall_sellall",
    "Test_Residential_TOU_Rates_net_billing",
    "Test_Residential_TOU_Rates_net_billing_carryover",
    "Test_Residential_TOU_Rates_net_billing_carryover_inflow_outflow_apply_no_expire",
    "Test_Residential_TOU_Rates_net_billing_carryover_inflow_outflow_expire",
    "Test_Residential_TOU_Rates_net_billing_carryover_jan_reset",
    "Test_Residential_TOU_Rates_net_billing_carryover_lower_sell_rate",
    "Test_Residential_TOU_Rates_net_billing_carryover_monthly_min",
    "Test_Residential_TOU_Rates_net_billing_subhourly_gen_and_load",
    "Test_Residential_TOU_Rates_net_billing_w_sell_rates",
    "Test_Residential_TOU_Rates_net_billing_w_tiers",
    "Test_Residential_TOU_Rates_net_metering_credits",
    "Test_Residential_TOU_Rates_net_metering_credits_w_sell_rates_and_rollover",
    "Test_Residential_TOU_Rates_subhourly_gen",
    "Test_Residential_TOU_Rates_subhourly_gen_and_load",
    "Test_Residential_TOU_Rates_w_tiers",
    "Test_Residential_net_metering_credits_in_may",
]
REFUSED = {
    "Test_Commercial_Demand_Charges_exception": "price periods of one month have different demand tiers",
    "Test_Residential_TOU_Rates_net_billing_carryover_incorrect_month": "'13' is no month",
    "Test_Residential_TOU_Rates_w_tiers_exception": "price periods of one month have different tiers",
}
"""Cases whose tariff SAM itself refuses, and so do we."""

REAL_LOADS = [
    "demand_TOU_tiered__camb_b5",
    "demand_TOU_tiered__camb_b6",
    "residential_TOU4__camb_b5",
    "residential_TOU4__camb_b6",
    "tiers_daily_kWh__camb_b5",
    "tiers_daily_kWh__camb_b6",
]

Sum = Callable[[t.Rating], Decimal]


def summing(*starts: str) -> Sum:
    """Return what adds up the components whose codes begin so."""
    return lambda rating: sum(
        (
            amount.amount
            for code, amount in rating.by_component().items()
            if any(code.startswith(start) for start in starts)
        ),
        Decimal(0),
    )


def outputs(option: int | None) -> dict[str, Sum]:
    """Return SAM's monthly outputs as sums of our components, without generation or under a metering option."""
    end = "wo_sys" if option is None else "w_sys"
    found = {
        f"utility_bill_{end}": lambda rating: rating.total.amount,
        f"charge_{end}_fixed": summing("fixed"),
        f"charge_{end}_minimum": summing("minimum"),
        f"charge_{end}_dc_fixed": lambda rating: Decimal(0),
        f"charge_{end}_dc_tou": summing("demand"),
        f"charge_{end}_ec": summing("energy", "sold", "credit"),
    }
    if option is not None:
        found |= {
            "true_up_credits": lambda rating: -summing("true_up", "expiry")(rating),
        }
        if option != sam.NET_METERING_CREDITS:  # whose surplus SAM keeps out of the gross charge
            found["charge_w_sys_ec_gross"] = summing("energy")
        if option == sam.BUY_ALL:
            found["two_meter_sales"] = lambda rating: -summing("sold")(rating)
        if option == sam.CARRY_OVER:
            found["net_billing_credits"] = lambda rating: -summing("sold", "credit")(rating)
    return found


def differences(ratings: list[t.Rating], expected: dict[str, Any], wanted: dict[str, Sum]) -> list[str]:
    """Return which monthly outputs differ by a cent or more from those expected."""
    return [
        f"{name} of month {month}: {ours} here, {theirs} there"
        for name, sum_of in wanted.items()
        for month, (rating, theirs) in enumerate(zip(ratings, expected[name], strict=True), start=1)
        if abs((ours := sum_of(rating)) - Decimal(str(theirs))) >= CENT
    ]


def case(folder: Path, name: str) -> dict[str, Any]:
    path = folder / f"{name}.json"
    if not path.exists():
        pytest.skip(f"no real data: {path.name} is absent")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@cache
def rated(folder: Path, name: str) -> tuple[list[t.Rating], list[t.Rating]]:
    """Return a case's twelve bills without and with generation."""
    given = case(folder, name)
    inputs, series = given["inputs"], given["series_year1"]
    load, gen = (sam.kilowatts(folder / "series" / f"{series[which]}.csv.gz") for which in ("load", "gen"))
    both = int(inputs["ur_metering_option"]) == sam.BUY_ALL
    return (
        sam.bills(inputs, sam.series(load, None, both=False), with_system=False),
        sam.bills(inputs, sam.series(load, gen, both=both), with_system=True),
    )


@pytest.mark.parametrize("name", CASES)
def test_every_monthly_component_is_sams_to_the_cent(name, data_folder):
    folder = data_folder / "tariff_ssc"
    expected = case(folder, name)["pysam_year1"]
    without, with_ = rated(folder, name)
    option = int(case(folder, name)["inputs"]["ur_metering_option"])
    assert differences(without, expected, outputs(None)) == []
    assert differences(with_, expected, outputs(option)) == []


@pytest.mark.parametrize("name", CASES)
def test_what_the_suite_itself_asserts_of_the_first_year_holds(name, data_folder):
    """Its assertions of a second year are left out: SAM repeats the first one's hours, our calendar moves on."""
    folder = data_folder / "tariff_ssc"
    given = case(folder, name)
    bills = dict(zip(("wo_sys", "w_sys"), rated(folder, name), strict=True))
    option = int(given["inputs"]["ur_metering_option"])
    for check in given["published_expected"]:
        index = check["index"]
        if isinstance(index, list) and index[0] == 2:
            continue
        end = "wo_sys" if "wo_sys" in check["output"] else "w_sys"
        ours = float(asserted(check, bills[end], outputs(None if end == "wo_sys" else option)))
        assert abs(ours - check["value"]) <= check["tol"], check


def asserted(check: dict[str, Any], ratings: list[t.Rating], sums: dict[str, Sum]) -> Decimal:
    """Return what an assertion of the suite is about: a year's sum, a month's, or a tier's energy in July."""
    output, index = check["output"], check["index"]
    if output.endswith("_jul_tp"):
        july = [line for line in ratings[6].lines if line.component.startswith("energy") and line.quantity]
        reached = sorted({line.block or 1 for line in july})  # SAM numbers only the tiers that hold something
        return sum((line.quantity for line in july if line.block == reached[index[1] - 1]), Decimal(0))
    if output == "year1_true_up_credits":
        return sums["true_up_credits"](ratings[-1 if index == "[length - 1]" else index[0]])
    if output == "nm_dollars_applied_ym":  # what was applied of credit brought forward
        return (
            -summing("credit")(ratings[index[1]]) if summing("energy")(ratings[index[1]]) > 0 else Decimal(0)
        )
    name = output.removesuffix("_ym").removesuffix("_year1")
    if output.endswith("_ym"):
        return sums[name](ratings[index[1]]) if name in sums else -summing("sold")(ratings[index[1]])
    return sum((sums[name](rating) for rating in ratings), Decimal(0))


@pytest.mark.parametrize(("name", "why"), REFUSED.items())
def test_what_sam_refuses_is_refused(name, why, data_folder):
    given = case(data_folder / "tariff_ssc", name)
    assert given["upstream_expects_error"]
    with pytest.raises(Refused, match=why):
        t.parse(sam.document(given["inputs"], with_system=True))


def test_no_case_is_left_out(data_folder):
    folder = data_folder / "tariff_ssc"
    if not folder.is_dir():
        pytest.skip("no real data: tariff_ssc is absent")
    assert {path.stem for path in folder.glob("*.json")} == {*CASES, *REFUSED}
    loads = {path.stem for path in (data_folder / "tariff_pysam_real_loads").glob("*.json")}
    assert loads == set(REAL_LOADS)


@pytest.mark.parametrize("name", REAL_LOADS)
def test_bills_of_real_loads_are_sams_to_the_cent(name, data_folder):
    given = case(data_folder / "tariff_pysam_real_loads", name)
    load = _real_load(data_folder, given["load"])
    ratings = sam.bills(given["inputs"], sam.series(load, None, both=False), with_system=False)
    assert differences(ratings, given["expected_year1"], outputs(None)) == []
    total = float(sum(rating.total.amount for rating in ratings))
    assert total == pytest.approx(given["expected_year1"]["year1_total_without_system"], abs=0.01)


def _real_load(data_folder: Path, load: dict[str, Any]) -> np.ndarray:
    dataset, *_, name = load["dataset"].split("/")
    path = data_folder / dataset / name
    if not path.exists():
        pytest.skip(f"no real data: {dataset}/{name} is absent")
    with gzip.open(path, "rt") as lines:
        rows = csv.DictReader(lines)
        return np.array(
            [float(row[load["column"]]) for row in rows if row["datetime_utc"].startswith(str(load["year"]))]
        )
