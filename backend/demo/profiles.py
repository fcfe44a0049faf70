"""Shapes of use over the day, week and year, each with a mean of 1 over the year.

`g0`..`g6` and `h0` are the standard load profiles of the BDEW (German association of energy and water
industries, 1999; tables in demandlib, Demandlib developers, 10.5281/zenodo.2553504), read by local clock with
Chinese holidays. Where no standard profile fits the trade, OWN gives 24 hourly weights for workdays and for
days of rest.
"""

from functools import lru_cache

import numpy as np

from backend.demo import noise
from backend.demo.calendar import STEPS_PER_DAY, Steps, holidays

STANDARD = ("g0", "g1", "g2", "g3", "g4", "g5", "g6", "h0")

OWN: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "steady": ((1.0,) * 24, (1.0,) * 24),
    "hotel": (
        (5, 4, 4, 4, 4, 6, 9, 11, 10, 8, 7, 7, 8, 8, 7, 7, 8, 9, 11, 13, 13, 12, 10, 7),
        (5, 4, 4, 4, 4, 5, 8, 10, 11, 10, 9, 9, 9, 9, 8, 8, 9, 10, 12, 13, 13, 12, 10, 7),
    ),
    "shops": (
        (1, 1, 1, 1, 1, 1, 1, 2, 4, 8, 10, 11, 12, 11, 11, 11, 11, 12, 13, 13, 12, 10, 4, 2),
        (1, 1, 1, 1, 1, 1, 1, 2, 4, 9, 12, 13, 14, 14, 14, 14, 14, 14, 15, 15, 14, 12, 5, 2),
    ),
    "meals": (
        (0, 0, 0, 0, 0, 2, 6, 8, 4, 3, 8, 15, 13, 5, 2, 2, 6, 14, 16, 10, 5, 3, 1, 0),
        (0, 0, 0, 0, 0, 1, 4, 7, 6, 4, 9, 17, 16, 8, 4, 3, 7, 16, 19, 13, 7, 4, 2, 0),
    ),
    "shifts": (
        (4, 4, 4, 4, 4, 4, 5, 7, 12, 13, 13, 12, 10, 13, 13, 13, 13, 12, 11, 11, 11, 10, 7, 5),
        (3, 3, 3, 3, 3, 3, 3, 4, 5, 6, 6, 6, 5, 6, 6, 6, 6, 5, 4, 4, 3, 3, 3, 3),
    ),
    "cold": (
        (9, 9, 9, 9, 9, 9, 9, 10, 11, 12, 12, 12, 12, 13, 13, 13, 12, 11, 10, 10, 10, 9, 9, 9),
        (9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 10, 10, 10, 11, 11, 11, 10, 10, 9, 9, 9, 9, 9, 9),
    ),
    "school": (
        (1, 1, 1, 1, 1, 1, 3, 8, 14, 15, 15, 15, 13, 12, 14, 14, 13, 9, 6, 5, 4, 2, 1, 1),
        (1, 1, 1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 1, 1, 1, 1, 1),
    ),
    "night": ((12, 12, 12, 12, 12, 11, 3) + (0,) * 11 + (5, 11, 13, 13, 13, 12),) * 2,
    "ev": (
        (10, 7, 4, 3, 2, 2, 3, 5, 7, 8, 9, 12, 15, 13, 9, 8, 8, 10, 13, 15, 16, 15, 13, 12),
        (11, 8, 5, 3, 2, 2, 2, 4, 6, 9, 12, 14, 16, 15, 13, 12, 12, 13, 14, 15, 16, 15, 13, 12),
    ),
}
_SCHOOL_BREAKS = ((20, 46), (190, 242))
"""Days of the year without lessons: winter and summer."""
_HOLIDAY_USE = {"shifts": 0.45, "school": 0.3}


@lru_cache(maxsize=8)
def _standard_year(year: int) -> dict[str, np.ndarray]:
    """Return the standard profiles of a calendar year by quarter hour, mean 1."""
    from demandlib.bdew import ElecSlp

    frame = ElecSlp(year, holidays=list(holidays(year))).slp_frame
    return {name: frame[name].to_numpy() / frame[name].mean() for name in STANDARD}


def _standard(name: str, steps: Steps) -> np.ndarray:
    quarter = steps.day_of_year * STEPS_PER_DAY + np.floor(steps.hour * 4).astype(int)
    shape = np.empty(len(quarter))
    for year in np.unique(steps.year):
        mine = steps.year == year
        shape[mine] = _standard_year(int(year))[name][quarter[mine]]
    return shape


def _own(name: str, steps: Steps) -> np.ndarray:
    workday, rest = (np.array(hours, dtype=float) for hours in OWN[name])
    mean = (5 * workday.mean() + 2 * rest.mean()) / 7
    centre = np.arange(24) + 0.5
    at_work = np.interp(steps.hour, centre, workday / mean, period=24)
    at_rest = np.interp(steps.hour, centre, rest / mean, period=24)
    shape = np.where(steps.is_rest, at_rest, at_work)
    if name == "school":
        for first, last in _SCHOOL_BREAKS:
            away = (steps.day_of_year >= first) & (steps.day_of_year < last)
            shape = np.where(away, _HOLIDAY_USE["school"] * at_rest, shape)
    return shape


def shape(name: str, steps: Steps) -> np.ndarray:
    """Return the profile at each step, mean about 1 over the year."""
    return _standard(name, steps) if name in STANDARD else _own(name, steps)


def presence(name: str, steps: Steps) -> np.ndarray:
    """Return how far a building is in use, 0.3 (empty) .. 1 (full), for heating, cooling and fans."""
    values = shape(name, steps)
    return 0.3 + 0.7 * np.clip(values / 1.7, 0, 1)


def wobble(name: str, steps: Steps, seed: int, *, spread: float) -> np.ndarray:
    """Return a factor around 1 that differs by day, hour and quarter hour.

    spread: largest hourly deviation (0..1)
    """
    number = noise.stream(name, seed)
    return (
        1
        + 0.5 * spread * noise.smooth(number + 1, steps.step / STEPS_PER_DAY)
        + 0.6 * spread * noise.smooth(number + 2, steps.step / 5)
        + 0.4 * spread * (2 * noise.uniform(number + 3, steps.step) - 1)
    )
