"""NREL SAM's utility rates (the inputs of its Utilityrate5 module) as tariffs of ours."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from backend.billing.rules import tariff as t
from backend.kernel.errors import Refused

NANO = 1_000_000_000
"""Quanta in a kWh: SAM counts in floating point, so the quantum is taken so small that no cent depends on it."""
ZONE = "Etc/GMT+7"
ENDLESS = 1e37
MONTHS = [t.Span(date(2018, month, 1), date(2018 + month // 12, month % 12 + 1, 1)) for month in range(1, 13)]
"""SAM's year begins on a Monday and knows no summer time: 2018 in a zone without one."""

NET_METERING, NET_METERING_CREDITS, NET_BILLING, CARRY_OVER, BUY_ALL = range(5)


def schedule(weekday: list[list[float]], weekend: list[list[float]]) -> dict[str, Any]:
    """Turn two 12 x 24 matrices of period numbers into rules."""
    rules = []
    for days, matrix in (("weekend", weekend), ("workday", weekday)):
        for month, row in enumerate(matrix, start=1):
            for period in sorted(set(row)):
                hours = [
                    f"{hour:02}:00-{hour + 1:02}:00" for hour, there in enumerate(row) if there == period
                ]
                rules.append({"period": f"p{period:g}", "months": month, "days": days, "hours": hours})
    used = sorted({rule["period"] for rule in rules})
    return {"periods": {code: {"en": code} for code in used}, "rules": rules}


def by_period(rows: list[list[float]], column: int) -> dict[str, list[float]]:
    """Return a column of a matrix as a list of tiers for each period."""
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(f"p{row[0]:g}", []).append(row[column])
    return found


def document(inputs: dict[str, Any], *, with_system: bool) -> dict[str, Any]:
    """Return the tariff's document for a customer with or without generation."""
    return {
        "code": "sam",
        "name": {"en": "SAM"},
        "carrier": "electricity",
        "currency": "USD",
        "zone": ZONE,
        "versions": [
            {
                "from": "2018-01-01",
                "schedules": {
                    "energy": schedule(inputs["ur_ec_sched_weekday"], inputs["ur_ec_sched_weekend"]),
                    "demand": schedule(inputs["ur_dc_sched_weekday"], inputs["ur_dc_sched_weekend"]),
                },
                "rounding": {"component": "0.000001"},
                "components": list(components(inputs, with_system=with_system)),
            }
        ],
    }


def components(inputs: dict[str, Any], *, with_system: bool) -> Iterator[dict[str, Any]]:
    """Yield the components, named as SAM names its outputs."""
    option = int(inputs["ur_metering_option"]) if with_system else None
    yield component("demand", "peak", minutes=60, price=0)
    bought = list(energy(inputs, option))
    sold = list(sales(inputs)) if option in (NET_BILLING, CARRY_OVER, BUY_ALL) else []
    yield from [*bought, *sold]
    yield component("standing", "fixed", price=inputs["ur_monthly_fixed_charge"])
    if inputs["ur_dc_enable"]:
        yield from demand(inputs)
    energies = [each["code"] for each in bought]
    of = [*energies, *(each["code"] for each in sold), "fixed"]
    if option in (NET_METERING_CREDITS, CARRY_OVER):
        at_once = option == NET_METERING_CREDITS or inputs.get("ur_nb_apply_credit_current_month")
        earned = {"earned": [each["code"] for each in sold]} if sold else {}
        yield component("credit", "credit", of=energies, **earned, **{"from": "this" if at_once else "next"})
        of.append("credit")
    for code, per, price in (
        ("month", "month", "ur_monthly_min_charge"),
        ("year", "year", "ur_annual_min_charge"),
    ):
        if inputs[price]:
            yield component("minimum", f"minimum_{code}", of=list(of), price=inputs[price], per=per)
            of.append(f"minimum_{code}")
    yield from settlement(inputs, option)


def settlement(inputs: dict[str, Any], option: int | None) -> Iterator[dict[str, Any]]:
    """Yield how credit ends: SAM counts months from 0, and settles in the last where nothing is said.

    What it pays for net metering is the surplus over all price periods, beside the credit by price period.
    """
    month = int(inputs.get("ur_nm_credit_month") if inputs.get("ur_nm_credit_month") is not None else 11) + 1
    if option == NET_METERING:
        price = inputs["ur_nm_yearend_sell_rate"]
        yield component("energy", "surplus", of="net", unit="kWh", price=0, carry="surplus")
        yield component("settlement", "true_up", of="surplus", month=month, price=price, unit="kWh")
        yield component("settlement", "expiry", of="periods", month=month, price=0, unit="kWh")
    if option in (NET_METERING_CREDITS, CARRY_OVER):
        price = 0 if inputs.get("ur_nb_credit_expire") else 1
        yield component("settlement", "true_up", of="credit", month=month, price=price)


def component(kind: str, code: str, **said: Any) -> dict[str, Any]:
    return {"kind": kind, "code": code, "name": {"en": code}, **said}


def energy(inputs: dict[str, Any], option: int | None) -> Iterator[dict[str, Any]]:
    """Yield one component for each set of tier limits, in the months that use it."""
    nets = option in (NET_METERING, NET_METERING_CREDITS)
    said: dict[str, Any] = {"of": "net" if nets else "import", "unit": "kWh", "by": "energy"}
    if option == NET_METERING:
        said |= {"carry": "periods", **moves(inputs)}
    if option == NET_METERING_CREDITS:
        said["surplus"] = by_period(inputs["ur_ec_tou_mat"], 5)
    for number, (months, blocks, keep) in enumerate(tiers(inputs)):
        price = {code: keep(prices) for code, prices in by_period(inputs["ur_ec_tou_mat"], 4).items()}
        yield component("energy", f"energy{number}", **said, price=price, months=months, **blocks)


def sales(inputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for number, (months, blocks, keep) in enumerate(tiers(inputs)):
        price = {code: keep(prices) for code, prices in by_period(inputs["ur_ec_tou_mat"], 5).items()}
        said = {"of": "export", "unit": "kWh", "by": "energy", "pays": True}
        yield component("energy", f"sold{number}", **said, price=price, months=months, **blocks)


def tiers(inputs: dict[str, Any]) -> Iterator[tuple[list[int], dict[str, Any], Any]]:
    """Yield (months, blocks, how to pick a price for each block) for each set of tier limits in use.

    A first tier in kWh/kW followed by tiers in kWh means: of the first so many hours of use, the kWh tiers.
    """
    rows: dict[str, list[list[float]]] = {}
    for row in inputs["ur_ec_tou_mat"]:
        rows.setdefault(f"p{row[0]:g}", []).append(row)
    used: dict[str, list[int]] = {}
    for month, (workday, weekend) in enumerate(
        zip(inputs["ur_ec_sched_weekday"], inputs["ur_ec_sched_weekend"], strict=True), start=1
    ):
        limits = {str([row[2:4] for row in rows[f"p{period:g}"]]) for period in (*workday, *weekend)}
        if len(limits) > 1:
            raise Refused("price periods of one month have different tiers", field="ur_ec_tou_mat")
        used.setdefault(limits.pop(), []).append(month)
    for months in used.values():
        period = f"p{inputs['ur_ec_sched_weekday'][months[0] - 1][0]:g}"
        yield (months, *_blocks(rows[period]))


def _blocks(rows: list[list[float]]) -> tuple[dict[str, Any], Any]:
    if len(rows) == 1:
        return {}, lambda prices: prices
    unit = rows[0][3]
    if unit == 1:
        hours, kwh, more = rows[0][2], rows[1:5], rows[5:-1]
        limits = [row[2] for row in kwh[:-1]] + [[hours, "peak"]] + [[row[2], "peak"] for row in more]
        return {"blocks": {"limits": limits, "per": "period", "shared": True}}, lambda prices: prices[1:]
    per = "day" if unit == 2 else "period"
    return {
        "blocks": {"limits": [row[2] for row in rows[:-1]], "per": per, "shared": True}
    }, lambda prices: prices


def moves(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return where credit goes when its price period ends with the season: SAM looks at four hours of the day."""
    found: dict[str, str] = {}
    for before, after in pairwise(inputs["ur_ec_sched_weekday"]):
        for hour in (0, 5, 11, 17):
            if before[hour] not in after:
                found.setdefault(f"p{before[hour]:g}", f"p{after[hour]:g}")
    return {"carry_to": found} if found else {}


def demand(inputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
    rows = inputs["ur_dc_tou_mat"]
    limits, *others = [uppers[:-1] for uppers in by_period(rows, 2).values()]
    if any(other != limits for other in others):
        raise Refused("price periods of one month have different demand tiers", field="ur_dc_tou_mat")
    said: dict[str, Any] = {"by": "demand", "minutes": 60, "price": by_period(rows, 3)}
    if limits:
        said["blocks"] = {"limits": limits}
    yield component("demand", "demand", **said)


def kilowatts(path: Path) -> np.ndarray:
    """Read one year's mean powers [kW]."""
    with gzip.open(path, "rt") as lines:
        next(lines)
        return np.array([float(line) for line in lines])


def series(load: np.ndarray, gen: np.ndarray | None, *, both: bool) -> t.Series:
    """Return a year's registers of load and generation [kW]; `both`: each has a meter of its own."""
    finest = max(len(load), 0 if gen is None else len(gen))
    length_us = 8760 * 3_600_000_000 // finest

    def quanta(power: np.ndarray) -> np.ndarray:
        return np.rint(np.repeat(power, finest // len(power)) * 8760 / finest * NANO).astype(np.int64)

    drawn, made = quanta(load), quanta(gen) if gen is not None else np.zeros(finest, dtype=np.int64)
    if both:  # what a system draws at night passes the meter of the load
        drawn, made = drawn + np.maximum(-made, 0), np.maximum(made, 0)
    else:
        drawn, made = np.maximum(drawn - made, 0), np.maximum(made - drawn, 0)
    registers = {"import": drawn, "export": made}
    first = t.compile(t.parse(SIMPLE), MONTHS[0], length_us).grid.start_us
    return t.Series(first, length_us, registers, "kWh", NANO)


SIMPLE = {
    "code": "none", "name": {"en": "None"}, "carrier": "electricity", "currency": "USD", "zone": ZONE,
    "versions": [{"from": "2018-01-01", "components": [component("standing", "none", price=0)]}],
}  # fmt: skip


def bills(inputs: dict[str, Any], given: t.Series, *, with_system: bool) -> list[t.Rating]:
    """Rate the twelve months, handing each what the one before left behind."""
    tariff, opening, ratings = t.parse(document(inputs, with_system=with_system)), {}, []
    for span in MONTHS:
        rating = t.compile(tariff, span, given.length_us).rate(given, t.Facts(opening=opening))
        opening = rating.closing
        ratings.append(rating)
    return ratings
