"""The calendar people live by."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from backend.forecasting.rules.days import (
    BRIDGE,
    SATURDAY,
    SUNDAY,
    WORKDAY,
    LocalClock,
    day_features,
    day_type,
)
from backend.kernel.calendars import DayKind


@pytest.mark.parametrize(
    ("on", "country", "kind"),
    [
        (date(2025, 1, 26), "CN", DayKind.MAKE_UP),  # a Sunday worked for Spring Festival
        (date(2025, 1, 29), "CN", DayKind.HOLIDAY),
        (date(2012, 1, 23), "CN", DayKind.HOLIDAY),  # a year the kernel's calendar does not know
        (date(2019, 8, 26), "GB-ENG", DayKind.HOLIDAY),
        (date(2019, 8, 26), None, DayKind.WORKDAY),
        (date(2019, 8, 25), "DK", DayKind.WEEKEND),
    ],
)
def test_each_country_keeps_its_days(on, country, kind):
    assert day_type(on, country) is kind


def test_a_working_day_between_free_ones_is_a_bridge():
    first = (date(2025, 5, 29) - date(1970, 1, 1)).days  # Ascension Day, a Thursday
    types = day_features(first - 1, first + 4, "DK")[:, 0]
    assert types.tolist() == [WORKDAY, SUNDAY, BRIDGE, SATURDAY, SUNDAY, WORKDAY]


def test_the_wall_clock_jumps_where_clocks_are_changed():
    clock = LocalClock(datetime(2025, 3, 29, 23, tzinfo=UTC), 30, 8, "Europe/Copenhagen")
    assert (clock.minute_of_day / 60).tolist() == [0, 0.5, 1, 1.5, 3, 3.5, 4, 4.5]
    assert np.unique(clock.day).size == 1
