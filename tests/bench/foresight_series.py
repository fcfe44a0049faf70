"""The real series forecasts are judged on, as pasts, with the weather that is known and the period that is held."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

import numpy as np
import pandas as pd

from backend.forecasting.rules.kinds import Kind, PvArray, Source
from backend.forecasting.rules.series import Past, Weather

TEST_DATA = Path(os.environ.get("ENERFIELD_TEST_DATA", "../shared/data")).resolve()

OBSERVED = "observed (a perfect forecast)"
NONE = "none"


@dataclass(frozen=True, eq=False)
class Series:
    """Points alike.

    test: first step of the held period and the one after its last; refit_days: how often is trained anew in it
    weather_said: what weather was known
    """

    carrier: str
    members: tuple[str, ...]
    pasts: list[Past]
    weather: Weather | None
    weather_said: str
    kind: Kind
    test: tuple[int, int]
    refit_days: int


def _series(table: pd.DataFrame, zone: str, country: str, kind: Kind, test: tuple[str, str], refit_days: int,
            weather: dict[str, np.ndarray] | None = None) -> Series:  # fmt: skip
    """Make a series of a table on regular UTC steps, test days given in local dates."""
    start = table.index[0].to_pydatetime().replace(tzinfo=UTC)
    step_min = int((table.index[1] - table.index[0]).total_seconds() // 60)
    pasts = [Past(start, step_min, table[name].to_numpy(float), zone, country) for name in table]
    edges = [pd.Timestamp(day, tz=zone).tz_convert("UTC").tz_localize(None) for day in test]
    first, last = (int(table.index.searchsorted(edge)) for edge in edges)
    known = None if weather is None else Weather(start, step_min, weather, start)
    said = NONE if weather is None else OBSERVED
    return Series(kind.carrier, tuple(map(str, table)), pasts, known, said, kind, (first, last), refit_days)


def cambridge(carrier: str) -> Series:
    """Buildings of a university: hourly kWh, weather of Bedford."""
    folder = TEST_DATA / "cambridge_estates"
    table = pd.read_csv(folder / f"{carrier}_kWh_hourly.csv.gz", index_col=0, parse_dates=True)
    if carrier == "electricity":
        table = table.apply(_without_zero_runs)  # the source writes missing readings as 0
    table = table.loc[:, table[:"2018"].notna().mean() > 0.3]
    weather = pd.read_csv(folder / "weather_bedford_hourly.csv.gz", index_col=0, parse_dates=True)
    filled = weather.interpolate(limit=6)
    columns = {
        name: filled.iloc[:, n].to_numpy(float)
        for n, name in enumerate(("temperature_c", "humidity_pct", "ghi_wm2"))
    }
    kind = Kind(Source.LOAD, carrier)
    return _series(table, "Europe/London", "GB-ENG", kind, ("2019-01-01", "2020-01-01"), 183, columns)


def _without_zero_runs(column: pd.Series) -> pd.Series:
    zero = column == 0
    return column.mask(zero & (zero.groupby((~zero).cumsum()).transform("sum") >= 3))


def campus(file: str, kind: Kind, test: tuple[str, str], refit_days: int) -> Series:
    """A meter of a campus in Illinois, hourly in local time; no weather is known."""
    table = pd.read_csv(TEST_DATA / "uiuc_campus" / f"{file}.csv.gz", parse_dates=[0], index_col=0)
    column = table.iloc[:, [0]].groupby(level=0).mean()
    local = column.index.tz_localize("America/Chicago", ambiguous="NaT", nonexistent="NaT")
    column = column[local.notna()].set_axis(local[local.notna()].tz_convert("UTC").tz_localize(None))
    return _series(column.asfreq("h"), "America/Chicago", "US", kind, test, refit_days)


def danish_heat() -> Series:
    """The heat register of a house, as kWh of each hour."""
    file = TEST_DATA / "danish_heat_meters" / "heat_registers_hourly_2018_2019.csv.gz"
    table = pd.read_csv(file, parse_dates=["time_rounded"], index_col="time_rounded")["energy_heat_kwh"]
    table.index = table.index.tz_convert(None)
    register = table[~table.index.duplicated()].asfreq("h")
    hourly = (register.shift(-1) - register).to_frame("meter 660")
    return _series(
        hourly, "Europe/Copenhagen", "DK", Kind(Source.LOAD, "heat"), ("2019-01-01", "2020-01-01"), 28
    )


def household_water() -> Series:
    """Water registers of 24 households: read about hourly, drawn to full hours; litres of each hour."""
    file = TEST_DATA / "daiad_water_meters" / "hourly_registers_clean.csv.gz"
    table = pd.read_csv(file, parse_dates=["local_time"])
    hours = pd.date_range("2016-03-01", "2017-03-01", freq="h")
    columns = {}
    for meter, rows in table.groupby("meter"):
        rows = rows.drop_duplicates("local_time").sort_values("local_time")
        at, read = (
            rows["local_time"].to_numpy("datetime64[s]").astype(float),
            rows["reading_litre"].to_numpy(float),
        )
        wanted = hours.to_numpy("datetime64[s]").astype(float)
        register = np.interp(wanted, at, read, left=np.nan, right=np.nan)
        near = (
            at[np.clip(np.searchsorted(at, wanted), 0, len(at) - 1)]
            - at[np.clip(np.searchsorted(at, wanted) - 1, 0, None)]
        )
        register[near > 3 * 3600] = np.nan
        amount = np.diff(register)
        columns[str(meter)] = np.where(amount < 0, np.nan, amount)
    hourly = pd.DataFrame(columns, index=hours[:-1])
    local = hourly.index.tz_localize("Europe/Madrid", ambiguous="NaT", nonexistent="NaT")
    hourly = (
        hourly[local.notna()].set_axis(local[local.notna()].tz_convert("UTC").tz_localize(None)).asfreq("h")
    )
    hourly = hourly.loc[:, hourly[:"2016-11"].notna().mean() > 0.3]
    return _series(
        hourly, "Europe/Madrid", "ES", Kind(Source.LOAD, "water"), ("2016-12-01", "2017-02-28"), 28
    )


def victoria() -> Series:
    """A state's demand, half-hourly, with the temperature of Melbourne."""
    table = pd.read_csv(
        TEST_DATA / "vic_elec_demand" / "vic_elec_2012_2013.csv.gz", parse_dates=["Time"], index_col="Time"
    )
    table.index = table.index.tz_convert(None)
    weather = {"temperature_c": table["Temperature"].to_numpy(float)}
    kind = Kind(Source.LOAD, "electricity")
    return _series(
        table[["Demand"]], "Australia/Melbourne", "AU-VIC", kind, ("2013-07-01", "2014-01-01"), 28, weather
    )


_SOLAR_FARM = PvArray(40.08, -88.24)  # where Urbana lies; tilt and azimuth by the rule of thumb
SERIES: dict[str, Callable[[], Series]] = {
    "campus_electricity": lambda: campus("electricity", Kind(), ("2017-07-01", "2018-07-01"), 28),
    "campus_steam": lambda: campus("steam", Kind(Source.SUPPLY, "steam"), ("2017-07-01", "2018-07-01"), 28),
    "campus_chilled_water": lambda: campus(
        "chilled_water_and_tes", Kind(Source.LOAD, "cooling"), ("2019-06-01", "2019-09-01"), 7
    ),
    "campus_pv": lambda: campus(
        "solar_farm", Kind(Source.PV, pv=_SOLAR_FARM), ("2017-07-01", "2018-01-01"), 28
    ),
    "campus_wind": lambda: campus("wind_railsplitter", Kind(Source.WIND), ("2018-01-01", "2018-07-01"), 28),
    "danish_heat": danish_heat,
    "victoria": victoria,
    "household_water": household_water,
    "cambridge_electricity": lambda: cambridge("electricity"),
    "cambridge_gas": lambda: cambridge("gas"),
}


def every_second(series: Series) -> Series:
    """Return a series with every second member, for a quicker look."""
    return replace(series, members=series.members[::2], pasts=series.pasts[::2])


def load(name: str) -> Series:
    """Return a series by its name."""
    return SERIES[name]()
