"""75 days of two meters, by quarters of an hour and by thirds: sums and means are those another product publishes."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from backend.kernel.periods import Period
from backend.kernel.units import PointKind
from backend.metering import service as metering

ZONE = ZoneInfo("Asia/Shanghai")
"""The site's; the files' times are local times without summer time, as these are."""

QUANTUM = 0.001
"""[kWh]: each amount is kept in whole Wh."""


@pytest.fixture(scope="module")
def folder(data_folder) -> Path:
    found = data_folder / "oed_readings_aggregation"
    if not found.exists():
        pytest.skip("no oed_readings_aggregation in the real data")
    return found


def rows(file: Path) -> Iterator[tuple[list[float | None], datetime, datetime]]:
    """Yield figures and local times of a file."""
    with file.open() as lines:
        reader = csv.reader(lines)
        next(reader)
        for row in reader:
            if not any(row):
                continue
            *figures, start, end = row if row[-1] else row[:-1]  # one file has an empty column more
            yield [None if one in ("", "null") else float(one) for one in figures], _local(start), _local(end)


def _local(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=ZONE)


@pytest.fixture(scope="module")
def counted(meters, folder):
    """Store all four files as meters would deliver them; returns name -> start -> kWh of its quarters of an hour.

    The one of twenty minutes is a register that counts on: its quarters are what lies between.
    """
    found = {}
    for name in ("15", "15 holes", "20", "20 holes"):
        minutes, *holes = name.split()
        file = folder / f"readings_ri_{minutes}_days_75{'_holes' if holes else ''}.csv"
        said = list(rows(file))
        first = said[0][1]
        at = np.array([(start - first).total_seconds() / 60 for _, start, _ in said])
        amounts = np.array([figures[0] for figures, _, _ in said])
        if minutes == "15":
            point = meters.make(f"by {name}", PointKind.INTERVAL)
            meters.store(point, at, amounts, start=first)
        else:
            point = meters.make(f"by {name}")
            ends = at + 20
            stood = np.concatenate(([0], np.cumsum(amounts)))
            shown = dict(zip(at, stood[:-1], strict=True)) | dict(zip(ends, stood[1:], strict=True))
            meters.store(point, list(shown), list(shown.values()), start=first)
        found[name] = point
    meters.follow()
    return {name: _read(meters, point) for name, point in found.items()}


def _read(meters, point):
    period = Period(datetime(2022, 8, 17, tzinfo=ZONE), datetime(2022, 11, 2, tzinfo=ZONE))
    with meters.world.database.transaction(meters.scope) as session:
        grains = {
            grain: {
                one.start: one.amount
                for one in metering.amounts(
                    session, meters.scope, point_id=point.id, grain=grain, period=period
                )
            }
            for grain in (metering.Grain.HOUR, metering.Grain.DAY)
        }
        intervals = metering.intervals(session, meters.scope, point_id=point.id, period=period, limit=10_000)
    quarters = {one.start: metering.in_units(one.amount, point.unit) for one in intervals if not one.method}
    return grains | {"quarters": quarters}


def energy(of, start: datetime, end: datetime) -> float | None:
    """Return what was counted in [start, end): by the largest roll-ups that fit; None where anything is missing."""
    step, known = next(
        (step, known)
        for step, known in (
            (timedelta(days=1), of[metering.Grain.DAY]), (timedelta(hours=1), of[metering.Grain.HOUR]),
            (timedelta(minutes=15), of["quarters"]),
        )
        if not (end - start) % step and not (start - start.replace(hour=0, minute=0)) % step
    )  # fmt: skip
    parts = [known.get(start + step * n) for n in range((end - start) // step)]
    return None if None in parts else sum(parts)


FILES = {
    "expected_bar_ri_15_": ("15",), "expected_bar_group": ("15", "20"), "expected_line_ri_15_": ("15",),
    "expected_line_group": ("15", "20"), "expected_3d_hp": ("15",), "expected_3d_group": ("15", "20"),
}  # fmt: skip


def test_every_published_sum_and_mean_is_ours_to_the_watt_hour(folder, counted):
    judged = 0
    for file in sorted(folder.glob("expected_*.csv")):
        whose = next((names for start, names in FILES.items() if file.name.startswith(start)), None)
        if whose is None:
            continue
        more = " holes" if file.name.endswith("_holes.csv") else ""
        for (figure,), start, end in rows(file):
            ours = [energy(counted[name + more], start, end) for name in whose]
            if figure is None:  # within a hole
                assert None in ours, (file.name, start)
                continue
            hours = 1 if "_bar_" in file.name else (end - start) / timedelta(hours=1)
            quarters = (end - start) / timedelta(minutes=15)
            assert None not in ours, (file.name, start)
            assert sum(ours) / hours == pytest.approx(figure, abs=QUANTUM * quarters * len(whose) / hours), (
                file.name
            )
            judged += 1
    assert judged > 15_000


def test_lowest_and_highest_power_of_a_day_are_those_published(folder, counted):
    (file,) = folder.glob("expected_line_minmax*.csv")
    for (low, mean, high), start, end in rows(file):
        powers = [4 * counted["15"]["quarters"][start + timedelta(minutes=15 * n)] for n in range(96)]
        assert (end - start) == timedelta(days=1)
        assert (min(powers), max(powers)) == pytest.approx((low, high), abs=4 * QUANTUM)
        assert np.mean(powers) == pytest.approx(mean, abs=4 * QUANTUM)


def test_where_nothing_was_read_nothing_is_said_to_be_measured(folder, counted):
    known = set(counted["15"]["quarters"])
    holed = set(counted["15 holes"]["quarters"])
    missing = known - holed
    assert len(missing) == 7200 - 6912
    assert len(holed) == 6912
    said = {start for _, start, _ in rows(folder / "readings_ri_15_days_75_holes.csv")}
    assert {one.astimezone(ZONE) for one in holed} == said
