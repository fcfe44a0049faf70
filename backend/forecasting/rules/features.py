"""What a model looks at: levels, lags, calendar and weather, built for many points at once.

Everything is read as it was known at an origin: values before it, weather as given. Rows are pairs of a point and a
place (origin, target step); a point's rows follow one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from backend.forecasting.rules.days import BRIDGE, SUNDAY, LocalClock
from backend.forecasting.rules.series import Flags, Floats, Ints

Matrix = NDArray[np.float32]

HEATING_BELOW_C, COOLING_ABOVE_C = 15.5, 18.0
"""Bases of degree hours: 15.5 °C is the British one for heating (CIBSE TM41), 18 °C the usual one for cooling."""
LIKE_DAYS = 4
NEAR_H = 3
"""Up to so many hours ahead what is unusual now is taken to last, as much as it did."""
_SCALE_DAYS = 28


@dataclass(frozen=True, eq=False)
class Places:
    """Pairs of an origin (the first unknown step) and a target step at or after it, each of shape (pairs,)."""

    origin: Ints
    at: Ints


@dataclass(frozen=True, eq=False)
class Panel:
    """Points on the same steps, in one zone, under one weather.

    clock: the steps, past and future; values: shape (points, steps), NaN where unknown
    weather: columns of shape (steps,), as `Weather.on` gives them; None leaves it out
    sun: columns of `sun.sun_columns`, for modules
    """

    clock: LocalClock
    values: Floats
    weather: dict[str, Floats] | None = None
    sun: dict[str, Floats] | None = None

    @property
    def per_day(self) -> int:
        """Steps of a day of 24 hours."""
        return 1440 // self.clock.step_min

    def lead_h(self, places: Places) -> Floats:
        """Return hours from each origin to its target's end, shape (pairs,)."""
        return np.asarray((places.at - places.origin + 1) * self.clock.step_min / 60)

    def is_near(self, places: Places) -> Flags:
        """Return which targets lie in the hours just ahead, shape (pairs,)."""
        return np.asarray(self.lead_h(places) <= NEAR_H)

    @cached_property
    def day(self) -> Ints:
        """Local day of each step, from the first."""
        return self.clock.day - self.clock.day[0]

    @cached_property
    def slot(self) -> Ints:
        """Place of each step in its local day."""
        return self.clock.minute_of_day // self.clock.step_min

    @cached_property
    def by_day(self) -> Floats:
        """Values by local day and slot, shape (points, days, slots): an hour skipped is NaN, one repeated its last."""
        table = np.full((len(self.values), int(self.day[-1]) + 1, self.per_day), np.nan)
        table[:, self.day, self.slot] = self.values
        return table

    @cached_property
    def like(self) -> Ints:
        """Type of each day, shape (days,): working, Saturday, or free like a Sunday; a bridge day counts as free."""
        row, table = self.clock.day_table
        kinds = np.zeros(int(self.day[-1]) + 1, dtype=np.int64)
        kinds[self.day] = table[row, 0].astype(np.int64)
        return np.where(kinds == BRIDGE, SUNDAY, kinds)

    def like_days(self, day: Ints, last: Ints) -> Ints:
        """Return the last four days of the same kind up to `last`, newest first, shape (pairs, 4); -1 where none."""
        found = np.full((len(day), LIKE_DAYS), -1)
        for kind in np.unique(self.like):
            days = np.flatnonzero(self.like == kind)
            mine = self.like[day] == kind
            newest = np.searchsorted(days, last[mine], side="right") - 1
            places = newest[:, None] - np.arange(LIKE_DAYS)
            found[mine] = np.where(places >= 0, days[np.clip(places, 0, None)], -1)
        return found

    def lagged(self, day: Ints, slot: Ints) -> Floats:
        """Return values of days and slots, NaN before the first day, shape (points, *day.shape)."""
        read = self.by_day[:, np.clip(day, 0, None), slot]
        return np.where(day >= 0, read, np.nan)

    def newest_days(self, places: Places) -> tuple[Ints, Ints]:
        """Return how many days before a target the newest day known at its hour lies, and that day; (pairs,) each."""
        day = self.day[places.at]
        back = day - self.day[places.origin] + (self.slot[places.at] >= self.slot[places.origin])
        return back, day - back

    def day_before(self, places: Places) -> Floats:
        """Return the values at the same hour of the newest day known, shape (points, pairs)."""
        return self.lagged(self.newest_days(places)[1], self.slot[places.at])

    @cached_property
    def typical(self) -> Floats:
        """Return for every step the mean of the four like days before its own, shape (points, steps)."""
        days = self.like_days(self.day, self.day - 1)
        return mean_known(self.lagged(days, self.slot[:, None]))

    @cached_property
    def unusual(self) -> Rolling:
        """Return running means of how far values lie from `typical`."""
        return Rolling.of(self.values - self.typical)

    @cached_property
    def lasting(self) -> tuple[Rolling, Rolling]:
        """Return running means of what is unusual times itself an hour before, and of its square."""
        per_h = max(1, self.per_day // 24)
        apart = self.values - self.typical
        before = np.full_like(apart, np.nan)
        before[:, per_h:] = apart[:, :-per_h]
        return Rolling.of(apart * before), Rolling.of(np.where(np.isfinite(apart * before), apart**2, np.nan))

    @cached_property
    def restless(self) -> Rolling:
        """Return running means of the size of what is unusual."""
        return Rolling.of(np.abs(self.values - self.typical))

    @cached_property
    def level(self) -> Rolling:
        """Return running means of the values."""
        return Rolling.of(self.values)

    @cached_property
    def size(self) -> Rolling:
        """Return running means of the values' sizes."""
        return Rolling.of(np.abs(self.values))


@dataclass(frozen=True, eq=False)
class Rolling:
    """Means of what is known over the last steps before any place; sums and counts: shape (points, steps + 1)."""

    sums: Floats
    counts: Floats

    @classmethod
    def of(cls, values: Floats) -> Rolling:
        """Sum up values of shape (points, steps)."""
        known = np.isfinite(values)
        pad = np.zeros((len(values), 1))
        return cls(
            np.hstack([pad, np.cumsum(np.where(known, values, 0.0), axis=1)]),
            np.hstack([pad, np.cumsum(known, axis=1, dtype=np.float64)]),
        )

    def mean(self, before: Ints, steps: int) -> Floats:
        """Return the mean of the `steps` steps before each place, NaN where none is known, shape (points, pairs)."""
        first = np.clip(before - steps, 0, None)
        counts = self.counts[:, before] - self.counts[:, first]
        with np.errstate(invalid="ignore"):
            return np.asarray(
                (self.sums[:, before] - self.sums[:, first]) / np.where(counts > 0, counts, np.nan)
            )


def mean_known(values: Floats) -> Floats:
    """Return the mean over the last axis of what is known, NaN where nothing is."""
    known = np.isfinite(values)
    counts = known.sum(axis=-1)
    return np.where(known, values, 0.0).sum(axis=-1) / np.where(counts > 0, counts, np.nan)


@dataclass(frozen=True, eq=False)
class Table:
    """What a model looks at.

    columns: shape (points * pairs, features); values in them are (value - base) / scale
    base, scale: the level each row is foreseen from, and its size, shape (points, pairs), in the values' unit
    """

    names: tuple[str, ...]
    columns: Matrix
    base: Floats
    scale: Floats


def build(panel: Panel, places: Places) -> Table:
    """Return what is known at each place's origin about its target."""
    points, pairs = len(panel.values), len(places.at)
    base, own = _own(panel, places)
    scale = _scale(panel, places.origin)
    common = _calendar(panel, places) | _weather(panel, places)
    common |= {name: column[places.at] for name, column in (panel.sun or {}).items()}
    names = (*own, *common)
    columns = np.empty((points, pairs, len(names)), dtype=np.float32)
    for n, name in enumerate(names):
        if name in own:
            centred = own[name] - base if name not in _DIFFERENCES else own[name]
            columns[:, :, n] = centred / scale
        else:
            columns[:, :, n] = common[name]
    return Table(names, columns.reshape(points * pairs, len(names)), base, scale)


def _scale(panel: Panel, origin: Ints) -> Floats:
    """Return the mean size of the last four weeks, never nothing."""
    size = panel.size.mean(origin, _SCALE_DAYS * panel.per_day)
    return np.where(np.isfinite(size) & (size > 0), size, 1.0)


_DIFFERENCES = {
    "unusual_day", "unusual_3h", "unusual_last", "unusual_same_hour", "unusual_week", "spread", "step",
    "step_before",
    "restless_week", "restless_month", "restless_hour", "level_of_base",
}  # fmt: skip
"""Columns that are not levels, so that the base is not taken from them."""


def _own(panel: Panel, places: Places) -> tuple[Floats, dict[str, Floats]]:
    """Return the base and the point's own past as seen from each origin, each of shape (points, pairs)."""
    origin, per_day, per_h = places.origin, panel.per_day, max(1, panel.per_day // 24)
    day, slot = panel.day[places.at], panel.slot[places.at]
    back, newest = panel.newest_days(places)
    like = panel.lagged(panel.like_days(day, newest), slot[:, None])
    week = newest - (newest - day) % 7
    weeks = panel.lagged(week[:, None] - 7 * np.arange(LIKE_DAYS), slot[:, None])
    recent = panel.lagged(newest[:, None] - np.arange(7), slot[:, None])
    typical = mean_known(like)
    base = _first_known(typical, mean_known(recent), panel.level.mean(origin, 7 * per_day))
    if panel.sun is not None:
        base = _physical(panel, places)
    last = panel.values[:, np.clip(origin - 1, 0, None)]
    own = {
        "recent_1": recent[..., 0],
        "recent_2": recent[..., 1],
        "recent_3": mean_known(recent[..., :3]),
        "recent_7": mean_known(recent),
        "like_1": like[..., 0],
        "like_2": like[..., 1],
        "week_1": weeks[..., 0],
        "week_2": weeks[..., 1],
        "weeks": mean_known(weeks),
        "level_day": panel.level.mean(origin, per_day),
        "level_3d": panel.level.mean(origin, 3 * per_day),
        "level_week": panel.level.mean(origin, 7 * per_day),
        "level_month": panel.level.mean(origin, _SCALE_DAYS * per_day),
        "last": last,
        "last_3h": panel.level.mean(origin, 3 * per_h),
        "step": last - panel.values[:, np.clip(origin - 1 - per_h, 0, None)],
        "unusual_last": panel.unusual.mean(origin, per_h),
        "unusual_3h": panel.unusual.mean(origin, 3 * per_h),
        "unusual_day": panel.unusual.mean(origin, per_day),
        "unusual_week": panel.unusual.mean(origin, 7 * per_day),
        "unusual_same_hour": recent[..., 0] - panel.typical[:, np.clip(places.at - back * per_day, 0, None)],
        "spread": np.nan_to_num(recent).max(axis=-1) - np.nan_to_num(recent).min(axis=-1),
        "restless_week": panel.restless.mean(origin, 7 * per_day),
        "restless_month": panel.restless.mean(origin, _SCALE_DAYS * per_day),
        "restless_hour": mean_known(np.abs(recent - base[..., None])),
        "level_of_base": base,
    }
    if not panel.is_near(places).all():
        return base, own
    then = np.clip(places.at - back * per_day, 0, np.maximum(origin - 1, 0))
    own["last_2"] = panel.values[:, np.clip(origin - 1 - per_h, 0, None)]
    own["step_before"] = (
        panel.values[:, then] - panel.values[:, np.clip(origin - 1 - back * per_day, 0, None)]
    )
    return base + _still_unusual(panel, places), own


def _still_unusual(panel: Panel, places: Places) -> Floats:
    """Return what will be left of what is unusual now, in the hours just ahead: it decays as it did in four weeks.

    A first-order autoregression of what is unusual, its factor between an hour and the next within 0 and 1.
    """
    lead_h = panel.lead_h(places)
    products, squares = (run.mean(places.origin, _SCALE_DAYS * panel.per_day) for run in panel.lasting)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.clip(np.nan_to_num(products / squares), 0.0, 1.0)
    now = np.nan_to_num(panel.unusual.mean(places.origin, 1))
    return np.asarray(factor**lead_h * now)


def _physical(panel: Panel, places: Places) -> Floats:
    """Return what physics gives, corrected by what the modules made of it in the last two weeks."""
    assert panel.sun is not None
    power = panel.sun.get("pv_power", panel.sun["clear_power"])
    power = np.where(np.isfinite(power), power, panel.sun["clear_power"])
    steps = 14 * panel.per_day
    known = np.isfinite(panel.values)
    made = panel.level.mean(places.origin, steps)
    could = Rolling.of(np.where(known, power, np.nan)).mean(places.origin, steps)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = made / could
    return np.where(np.isfinite(share), share, 0.0) * power[places.at]


def _first_known(*choices: Floats) -> Floats:
    found = choices[0]
    for other in choices[1:]:
        found = np.where(np.isfinite(found), found, other)
    return np.nan_to_num(found)


def _calendar(panel: Panel, places: Places) -> dict[str, Floats]:
    """Return what the calendar says of each target, each of shape (pairs,)."""
    clock, at = panel.clock, places.at
    row, table = clock.day_table
    of_day = table[row[at]]
    season = 2 * np.pi * (clock.day[at] % 365.2425) / 365.2425
    back = np.clip(at - panel.per_day, 0, None)
    return {
        "hour": clock.minute_of_day[at] / 60,
        "weekday": clock.weekday[at].astype(float),
        "season_sin": np.sin(season),
        "season_cos": np.cos(season),
        "lead_h": panel.lead_h(places),
        "day_type": of_day[:, 0],
        "is_holiday": of_day[:, 1],
        "is_make_up": of_day[:, 2],
        "run_free": of_day[:, 3],
        "since_free": of_day[:, 4],
        "till_free": of_day[:, 5],
        "day_type_before": table[row[back], 0],
    }


def _weather(panel: Panel, places: Places) -> dict[str, Floats]:
    """Return the weather of each target and against the days before, each of shape (pairs,)."""
    if panel.weather is None:
        return {}
    found: dict[str, Floats] = {}
    at, per_day = places.at, panel.per_day
    day, slot = panel.day[at], panel.slot[at]
    before = np.clip(
        at - (day - panel.day[places.origin] + (slot >= panel.slot[places.origin])) * per_day, 0, None
    )
    for name, column in panel.weather.items():
        run = Rolling.of(column[None, :])
        found[name] = column[at]
        found[f"{name}_day"] = run.mean(at + 1, per_day)[0]
        found[f"{name}_than_before"] = column[at] - column[before]
        found[f"{name}_day_than_before"] = (run.mean(at + 1, per_day) - run.mean(before + 1, per_day))[0]
        found[f"{name}_day_than_week"] = (run.mean(at + 1, per_day) - run.mean(places.origin, 7 * per_day))[0]
    if "temperature_c" in panel.weather:
        warmth = panel.weather["temperature_c"]
        smooth = _smoothed(warmth, per_day)
        found["temperature_smooth"] = smooth[at]
        for name, degrees in (
            ("heating", np.maximum(HEATING_BELOW_C - warmth, 0.0)),
            ("cooling", np.maximum(warmth - COOLING_ABOVE_C, 0.0)),
        ):
            run = Rolling.of(degrees[None, :])
            found[f"{name}_day"] = run.mean(at + 1, per_day)[0]
            found[f"{name}_3d"] = run.mean(at + 1, 3 * per_day)[0]
            found[f"{name}_day_than_week"] = (
                run.mean(at + 1, per_day) - run.mean(places.origin, 7 * per_day)
            )[0]
    return found


def _smoothed(column: Floats, steps: int) -> Floats:
    """Return what a building with a time constant of `steps` steps feels of a temperature, shape (steps,)."""
    from scipy.signal import lfilter

    filled = np.where(np.isfinite(column), column, np.nanmean(column) if np.isfinite(column).any() else 0.0)
    keep = np.exp(-1 / steps)
    return np.asarray(lfilter([1 - keep], [1, -keep], filled, zi=[keep * filled[0]])[0])


def targets(panel: Panel, table: Table, places: Places) -> tuple[Floats, Flags]:
    """Return what the model should say, (value - base) / scale, and where it is known; shape (points * pairs,)."""
    wanted = ((panel.values[:, places.at] - table.base) / table.scale).ravel()
    return wanted, np.isfinite(wanted)
