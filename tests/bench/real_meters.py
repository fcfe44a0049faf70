"""Real meters of five carriers as intervals on a regular grid, for tests of what estimation is worth.

Read from the folder of real data (ENERFIELD_TEST_DATA); every folder there says its source and licence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backend.kernel.units import Carrier

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
HOUR_US = 3_600_000_000
TON_HOUR_WH = 3517


@dataclass(frozen=True)
class RealMeter:
    """Intervals of one real meter. amount: quanta, NaN where it was not read; source: meters of one are siblings."""

    carrier: Carrier
    source: str
    name: str
    zone: str
    start_us: Ints
    amount: Floats
    length_us: int = HOUR_US
    temperature: Floats | None = None


def real_meters(folder: Path) -> list[RealMeter]:
    """Return all meters there are."""
    return [
        *_cambridge(folder / "cambridge_estates"), *_daiad(folder / "daiad_water_meters"),
        *_danish(folder / "danish_heat_meters"), *_ampds(folder / "ampds2_water_gas"),
        *_campus(folder / "uiuc_campus"), *_bdg2(folder / "bdg2_small"),
    ]  # fmt: skip


def _cambridge(folder: Path) -> Iterator[RealMeter]:
    """Buildings of Cambridge; a zero of electricity stands for a reading that is missing (see its README)."""
    weather = _read(folder / "weather_bedford_hourly.csv.gz", "datetime_utc")
    temperature = weather["air_temperature [degC]"].to_numpy(float)
    for carrier, name in ((Carrier.ELECTRICITY, "electricity"), (Carrier.GAS, "gas")):
        table = _read(folder / f"{name}_kWh_hourly.csv.gz", "datetime_utc")
        for building in table.columns[1:]:
            amount = np.round(table[building].to_numpy(float) * 1000)
            if carrier is Carrier.ELECTRICITY:
                amount[amount <= 0] = np.nan
            yield RealMeter(
                carrier, f"cambridge {name}", building, "Europe/London", _instants(table["datetime_utc"]), amount,
                temperature=temperature,
            )  # fmt: skip


def _daiad(folder: Path) -> Iterator[RealMeter]:
    """Households of Alicante: registers read about once an hour, in local time."""
    table = _read(folder / "hourly_registers_raw.csv.gz", "local_time")
    for name, rows in table.groupby("meter"):
        zoned = rows["local_time"].dt.tz_localize("Europe/Madrid", ambiguous="NaT", nonexistent="NaT")
        at_us = _instants(zoned[zoned.notna()].dt.tz_convert("UTC").dt.tz_localize(None))
        register = np.maximum.accumulate(rows["reading_litre"][zoned.notna()].to_numpy(float))
        start, amount = _off_register(at_us, register, HOUR_US)
        yield RealMeter(Carrier.WATER, "daiad", str(name), "Europe/Madrid", start, amount)


def _danish(folder: Path) -> Iterator[RealMeter]:
    table = _read(folder / "heat_registers_hourly_2018_2019.csv.gz", "time_rounded")
    at_us = _instants(table["time_rounded"].dt.tz_convert("UTC").dt.tz_localize(None))
    start, amount = _off_register(at_us, table["energy_heat_kwh"].to_numpy(float) * 1000, HOUR_US)
    yield RealMeter(Carrier.HEAT, "danish", "660", "Europe/Copenhagen", start, amount)


def _ampds(folder: Path) -> Iterator[RealMeter]:
    """One house by the minute: quarters of an hour of it."""
    for carrier, name in ((Carrier.WATER, "Water_WHW"), (Carrier.GAS, "NaturalGas_FRG")):
        table = pd.read_csv(folder / f"{name}_minute_year1.csv.gz")
        at_us = table["unix_ts"].to_numpy(np.int64) * 1_000_000
        start, amount = _off_register(at_us, table["counter"].to_numpy(float), HOUR_US // 4)
        yield RealMeter(carrier, f"ampds {name}", "house", "America/Vancouver", start, amount, HOUR_US // 4)


def _campus(folder: Path) -> Iterator[RealMeter]:
    for carrier, name, column, wh in (
        (Carrier.ELECTRICITY, "electricity", "electricity_kW", 1000),
        (Carrier.HEAT, "steam", "steam_kW_th", 1000),
        (Carrier.COOLING, "chilled_water_and_tes", "chilled_water_tonh", TON_HOUR_WH),
    ):
        table = _read(folder / f"{name}.csv.gz", "local_time").drop_duplicates("local_time")
        at_us = _instants(table["local_time"])
        start = np.arange(at_us[0], at_us[-1] + 1, HOUR_US)
        amount = np.full(len(start), np.nan)
        amount[(at_us - at_us[0]) // HOUR_US] = np.round(table[column].to_numpy(float) * wh)
        # local wall time without a zone: the wall is the grid here
        yield RealMeter(carrier, f"uiuc {name}", name, "UTC", start, amount)


def _bdg2(folder: Path) -> Iterator[RealMeter]:
    for name in ("bdg2_2buildings_hourly_2016_01_07", "bdg2_Panther_office_Hannah_2016_06_2017_06"):
        table = _read(folder / f"{name}.csv.gz", "timestamp")
        for building in table.columns[1:]:
            amount = np.round(table[building].to_numpy(float) * 1000)
            yield RealMeter(Carrier.ELECTRICITY, name, building, "UTC", _instants(table["timestamp"]), amount)


def _read(path: Path, instants: str) -> pd.DataFrame:
    return pd.read_csv(path, parse_dates=[instants])


def _instants(column: pd.Series) -> Ints:
    return column.to_numpy().astype("datetime64[us]").astype(np.int64)


def _off_register(at_us: Ints, register: Floats, length_us: int) -> tuple[Ints, Floats]:
    """Return intervals read off a register; NaN where two readings lie further apart than one and a half."""
    at_us, first = np.unique(at_us, return_index=True)
    border = np.arange(
        -(-at_us[0] // length_us) * length_us, at_us[-1] // length_us * length_us + 1, length_us
    )
    amount = np.diff(np.floor(np.interp(border, at_us, register[first]) + 0.5))
    touched = np.searchsorted(at_us, border, side="right") - 1
    long = np.concatenate(([0], np.cumsum(np.diff(at_us) > 1.5 * length_us)))
    last = np.searchsorted(at_us, border[1:], side="left")
    amount[long[last] > long[touched[:-1]]] = np.nan
    return border[:-1], amount
