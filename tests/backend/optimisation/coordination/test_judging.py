"""Whether an accepted target was kept, by the meters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from backend.optimisation.rules.coordination.judging import Judged, Outcome, judge
from backend.optimisation.rules.targets import Kind, Target

NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)
NONE = float("nan")


def target(kind: Kind, most: float) -> Target:
    return Target(kind, most, NOON, NOON + timedelta(hours=1), "" if kind is Kind.CO2 else "electricity")


@pytest.mark.parametrize(
    ("kind", "most", "rates", "is_over", "expected"),
    [
        (Kind.ENERGY, 30.0, [40, 40, 20, 20], True, Judged(Outcome.KEPT, 30.0, 0.0, 1.0)),
        (Kind.ENERGY, 25.0, [40, 40, 20, 20], True, Judged(Outcome.EXCEEDED, 30.0, -5.0, 1.0)),
        (Kind.ENERGY, 30.0, [40, 40], False, Judged(Outcome.RUNNING, 20.0, 10.0, 1.0)),
        (Kind.ENERGY, 15.0, [40, 40], False, Judged(Outcome.EXCEEDED, 20.0, -5.0, 1.0)),
        (Kind.ENERGY, 30.0, [40, NONE, 20, 20], True, Judged(Outcome.UNKNOWN, 20.0, 10.0, 0.75)),
        (Kind.ENERGY, 15.0, [40, NONE, 20, 20], True, Judged(Outcome.EXCEEDED, 20.0, -5.0, 0.75)),
        (Kind.ENERGY, 30.0, [NONE] * 4, True, Judged(Outcome.UNKNOWN, None, None, 0.0)),
        (Kind.ENERGY, 30.0, [], False, Judged(Outcome.AHEAD, None, None, None)),
        (Kind.PEAK, 40.0, [40, 10, 20, 20], True, Judged(Outcome.KEPT, 40.0, 0.0, 1.0)),
        (Kind.PEAK, 39.0, [40, NONE], False, Judged(Outcome.EXCEEDED, 40.0, -1.0, 0.5)),
        (Kind.CO2, 10.0, [8, 8, 8, 8], True, Judged(Outcome.KEPT, 8.0, 2.0, 1.0)),
    ],
)
def test_a_target_is_judged_by_what_is_known(kind, most, rates, is_over, expected):
    assert judge(target(kind, most), np.array(rates, dtype=float), is_over=is_over) == expected
