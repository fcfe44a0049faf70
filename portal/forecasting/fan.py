"""The fan of a forecast: bands and median over what was measured, as picture, for the script, as table and as file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from flask import g, url_for
from flask_babel import gettext as _
from numpy.typing import NDArray

from backend.forecasting import service
from backend.forecasting.service import LEVELS, ForecastSeries
from backend.kernel import periods
from backend.kernel.periods import Period
from portal import tables
from portal.address import View
from portal.plots import Series, as_json, plot
from portal.words import named_here as named

Floats = NDArray[np.float64]
BANDS = ((0.05, 0.95), (0.10, 0.90), (0.20, 0.80))
SHOWN = (0.05, 0.10, 0.20, 0.50, 0.80, 0.90, 0.95)
"""Levels that stand in the table and in the file."""
SHORTEST = timedelta(hours=48)
"""A running period is drawn so long at least, where the forecast reaches."""
MOST_DAYS = 92
RATES = {
    "Wh": "W", "kWh": "kW", "MWh": "MW", "m3": "m3/h", "L": "L/h", "kg": "kg/h", "t": "t/h",
}  # fmt: skip
"""Unit of an amount -> of the mean rate over a step, in which curves are drawn."""


@dataclass(frozen=True)
class Fan:
    """What is drawn: the period, its steps, and on each what was measured and foreseen [unit], NaN for nothing.

    is_day_ahead: what lies behind was foreseen the day before; else all is of one forecast
    """

    target: Any
    period: Period
    start: datetime
    step: timedelta
    actual: Floats
    foreseen: Floats
    unit: str
    is_day_ahead: bool

    def instants(self) -> list[datetime]:
        """Return the start of each step."""
        return [self.start + n * self.step for n in range(len(self.actual))]


def fan_of(target: Any, view: View, newest: ForecastSeries | None, known_at: datetime | None) -> Fan:
    """Return the fan of a period: as one forecast said it, or day by day as the day before, then the newest."""
    period = _drawn(view, newest)
    assert period.end is not None, "a page shows a period with an end"
    start, step, actual = service.actual(g.session, g.scope, target_id=target.id, period=period)
    foreseen = np.full((len(actual), len(LEVELS)), np.nan)
    for part in _parts(target, view, period, newest, known_at):
        first = int((part.start - start) / step)
        inside = slice(max(first, 0), min(first + len(part.values), len(actual)))
        foreseen[inside] = part.values[inside.start - first : inside.stop - first]
    unit, factor = rate(target.unit, target.step_minutes)
    return Fan(target, period, start, step, actual * factor, foreseen * factor, unit, known_at is None)


def rate(unit: str, step_minutes: int) -> tuple[str, float]:
    """Return the unit of a mean rate, and what an amount of a step is multiplied by; amounts of no rate stay."""
    return (RATES[unit], 60 / step_minutes) if unit in RATES else (unit, 1.0)


def _drawn(view: View, newest: ForecastSeries | None) -> Period:
    period = view.period
    if newest is None or not view.is_current or period.end is None:
        return period
    ahead = min(newest.end, period.start + SHORTEST)
    return Period(period.start, max(period.end, ahead))


def _parts(
    target: Any, view: View, period: Period, newest: ForecastSeries | None, known_at: datetime | None
) -> Sequence[ForecastSeries]:
    end = period.end or period.start
    if known_at is not None:
        about = {"target_ids": [target.id], "start": period.start, "end": end, "known_at": known_at}
        return list(service.at(g.session, g.scope, **about).values())
    days, at = [], period.start
    while at < end and len(days) < MOST_DAYS:
        day = periods.day(periods.local_date(at, view.zone), view.zone)
        days.append(day)
        at = day.end or end
    found = [one for _day, one in service.day_ahead(g.session, g.scope, target_id=target.id, days=days)]
    return [*found, newest.cut(max(newest.start, period.start), end)] if newest is not None else found


def series(fan: Fan) -> list[Series]:
    """Return bands, median and what was measured."""
    at, colour = fan.instants(), fan.target.carrier.value
    columns = {level: _column(fan.foreseen[:, LEVELS.index(level)]) for level in LEVELS}
    bands = [
        Series(_("%(low)s–%(high)s %%", low=round(low * 100), high=round(high * 100)), colour,
               list(zip(at, columns[low], strict=True)), upper=columns[high])
        for low, high in BANDS
    ]  # fmt: skip
    median = Series(_("median"), colour, list(zip(at, columns[0.5], strict=True)))
    actual = Series(_("measured"), "actual", list(zip(at, _column(fan.actual), strict=True)))
    return [*bands, median, actual]


def _column(values: Floats) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]


def card(fan: Fan, view: View) -> dict[str, Any]:
    """Return everything the card of the fan shows."""
    name = named(fan.target)
    drawn = series(fan)
    query = view.query(at=None, carrier=None, compare="before")
    if not fan.is_day_ahead and (known := g.get("known_at")):
        query["known"] = known.isoformat()
    return {
        "picture": plot(drawn, fan.unit, fan.period, view.zone, height=330), "carrier": fan.target.carrier.value,
        "title": _("What is foreseen"), "words": _("Forecast and measurement of %(name)s", name=name),
        "source": url_for("portal.forecast_curve", target_id=fan.target.id, **query),
        "csv": url_for("portal.forecast_csv", target_id=fan.target.id, **query),
        "file": f"{fan.target.name}-{view.on.isoformat()}", "table": _table(fan, view.zone),
        "legend": _legend(fan), "is_foreseen": _is_foreseen(fan),
    }  # fmt: skip


def _is_foreseen(fan: Fan) -> bool:
    """Tell whether a forecast lies in the period at all."""
    return bool(np.isfinite(fan.foreseen).any())


def _legend(fan: Fan) -> list[dict[str, str]]:
    """Return what the lines and bands are, of those that are there."""
    colour = fan.target.carrier.value
    foreseen = [
        {"name": _("median"), "classes": colour},
        {"name": "5–95 %, 10–90 %, 20–80 %", "classes": f"fan {colour}"},
    ]
    measured = [{"name": _("measured"), "classes": "actual"}] if np.isfinite(fan.actual).any() else []
    return [*measured, *(foreseen if _is_foreseen(fan) else [])]


def for_script(fan: Fan, view: View) -> dict[str, Any]:
    """Return the same for the script that takes over."""
    return as_json(series(fan), fan.unit, fan.period, view.zone)


def _table(fan: Fan, zone: str) -> dict[str, Any]:
    return tables.table(_columns(fan), fan.unit, zone, "")


def _columns(fan: Fan) -> list[Series]:
    at, colour = fan.instants(), fan.target.carrier.value
    found = [Series(_("measured"), "actual", list(zip(at, _column(fan.actual), strict=True)))]
    for level in SHOWN:
        name = _("median") if level == 0.5 else f"{round(level * 100)} %"
        column = _column(fan.foreseen[:, LEVELS.index(level)])
        found.append(Series(name, colour, list(zip(at, column, strict=True))))
    return found


def as_file(fan: Fan) -> str:
    """Return the same as CSV for programs: UTC, plain numbers, nothing where nothing is known."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["time_utc", f"measured_{fan.unit}", *(f"q{round(level * 100):02}_{fan.unit}" for level in LEVELS)]
    )
    for at, actual, row in zip(fan.instants(), fan.actual.tolist(), fan.foreseen.tolist(), strict=True):
        cells = ["" if np.isnan(value) else repr(round(value, 6)) for value in (actual, *row)]
        writer.writerow([f"{at.astimezone(ZoneInfo('UTC')):%Y-%m-%dT%H:%M:%SZ}", *cells])
    return out.getvalue()
