"""The README's worked example is what the code does."""

from pathlib import Path

import numpy as np
import pytest

from backend.forecasting.rules import QUANTILES, calibration
from backend.forecasting.rules.calibration import HALF_LIFE_DAYS, PRIOR_DAYS, stretch

README = (Path(calibration.__file__).with_name("README.md")).read_text()


def _told(row: str) -> list[float]:
    worked = README.split("## Calibration, worked")[1]
    line = next(line for line in worked.splitlines() if line.startswith(f"| {row}"))
    return [float(cell) for cell in line.strip("| ").split("|")[1:]]


def test_the_worked_stretch_is_what_the_code_does():
    fan = np.interp(QUANTILES, [0.05, 0.1, 0.5, 0.9, 0.95], [70, 75, 100, 125, 130])
    came = np.array([96, 130, 104, 88, 121, 140, 109, 92, 101, 118.0])
    age_days = np.arange(1, 11.0)
    one = stretch(np.tile(fan, (10, 1)), came, age_days)
    weight = float((0.5 ** (age_days / HALF_LIFE_DAYS)).sum())
    trust = weight / (weight + PRIOR_DAYS)
    assert _told("weight of the ten days") == pytest.approx([weight] * 2, abs=0.005)
    assert _told("trust") == pytest.approx([trust] * 2, abs=0.005)
    assert _told("factor") == pytest.approx([one.below, one.above], abs=0.005)
    ratio = [(factor / calibration.FRESH ** (1 - trust)) ** (1 / trust) for factor in (one.below, one.above)]
    assert _told("90 % quantile") == pytest.approx(ratio, abs=0.005)
    after = one.apply(fan)
    edges = [after[QUANTILES.index(0.1)], after[QUANTILES.index(0.9)]]
    assert _told("edge of the next") == pytest.approx(edges, abs=0.05)
