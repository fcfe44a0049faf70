"""Weather of the demo region: a typical year moved to the place and varied from year to year.

The typical meteorological year 723170TYA (Greensboro, humid subtropical like the lower Yangtze) comes with
pvlib (NREL National Solar Radiation Data Base 1991-2005, TMY3; Wilcox and Marion 2008, NREL/TP-581-43156).
Its temperature and wind are read by local calendar and clock. Its sunshine is taken as a clear-sky index
(global irradiance over the Haurwitz clear sky at its own place) and applied to the clear sky here, so that
the sun stands right.

Years differ: each year shifts the typical days by up to 6 days and adds smooth, seeded deviations of
temperature (a yearly part within 0.8 K and spells within 3 K), of sunshine and of wind.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from backend.demo import noise
from backend.demo.calendar import STEPS_PER_DAY, Steps

LATITUDE = 30.345
LONGITUDE = 121.245
_WARMER_K = 1.6
"""Lower Yangtze against Greensboro: 16.0 against 14.4 degC in the yearly mean."""
_FROST = 0.45
"""The sea is near: frost is less than half of that inland."""
_HOURS = 8760


@dataclass(frozen=True)
class Weather:
    """Weather for each step: means over the quarter hour.

    temperature_c: dry bulb [degC]; felt_c: what a heavy building feels, see `_felt` [degC]
    humidity: relative humidity [0..1]; wind_ms: at 10 m [m/s]; ground_c: at 1 m depth [degC]
    ghi, dni, dhi: irradiance [W/m2]; zenith, azimuth: of the sun [deg]
    """

    temperature_c: np.ndarray
    felt_c: np.ndarray
    humidity: np.ndarray
    wind_ms: np.ndarray
    ground_c: np.ndarray
    ghi: np.ndarray
    dni: np.ndarray
    dhi: np.ndarray
    zenith: np.ndarray
    azimuth: np.ndarray


@lru_cache(maxsize=1)
def _typical_year() -> dict[str, np.ndarray]:
    """Read the typical year: by hour (row n ends at hour n + 1), with the clear-sky index."""
    import pvlib

    path = Path(pvlib.__file__).parent / "data" / "723170TYA.CSV"
    table, place = pvlib.iotools.read_tmy3(path, coerce_year=1990, map_variables=True)
    middle = table.index.shift(-30, freq="min")
    sun = pvlib.solarposition.get_solarposition(middle, place["latitude"], place["longitude"])
    clear = pvlib.clearsky.haurwitz(sun["apparent_zenith"])["ghi"].to_numpy()
    ghi = table["ghi"].to_numpy(dtype=float)
    sunny = np.flatnonzero(clear > 80)
    index = np.clip(ghi[sunny] / clear[sunny], 0.02, 1.1)
    return {
        "temperature_c": table["temp_air"].to_numpy(dtype=float),
        "humidity": table["relative_humidity"].to_numpy(dtype=float) / 100,
        "wind_ms": table["wind_speed"].to_numpy(dtype=float),
        "clear_index": np.interp(np.arange(_HOURS), sunny, index, period=_HOURS),
    }


def _hour_of_typical_year(steps: Steps, seed: int) -> np.ndarray:
    """Return where each step falls in the typical year [h], days shifted by up to 6 from year to year."""
    leap = (steps.year % 4 == 0) & (steps.day_of_year >= 59)
    shift = np.floor(13 * noise.uniform(noise.stream("weather/shift", seed), steps.year)) - 6
    return ((steps.day_of_year - leap + shift) * 24 + steps.hour) % _HOURS


def _sun(steps: Steps, clear_index: np.ndarray) -> dict[str, np.ndarray]:
    """Return the sun's position and the irradiance; split into beam and diffuse after Erbs et al. 1982."""
    import pandas as pd
    import pvlib

    times = pd.DatetimeIndex(steps.middle_utc).tz_localize("UTC")
    sun = pvlib.solarposition.get_solarposition(times, LATITUDE, LONGITUDE, altitude=5)
    ghi = pvlib.clearsky.haurwitz(sun["apparent_zenith"])["ghi"].to_numpy() * clear_index
    split = pvlib.irradiance.erbs(ghi, sun["zenith"].to_numpy(), times)
    return {
        "ghi": ghi,
        "dni": np.nan_to_num(split["dni"]),
        "dhi": np.nan_to_num(split["dhi"]),
        "zenith": sun["apparent_zenith"].to_numpy(),
        "azimuth": sun["azimuth"].to_numpy(),
    }


def _felt(temperature_c: np.ndarray) -> np.ndarray:
    """Return the temperature a building feels: half now, half of the last four days weighted 8:4:2:1.

    The geometric weighting is that of the German gas load profiles (BDEW, VKU, GEODE 2011), applied to
    rolling days.
    """
    before = np.full(4 * STEPS_PER_DAY, temperature_c[:STEPS_PER_DAY].mean())
    total = np.cumsum(np.concatenate([[0.0], before, temperature_c]))
    daily = (total[STEPS_PER_DAY:] - total[:-STEPS_PER_DAY]) / STEPS_PER_DAY
    count = len(temperature_c)
    weighted = sum(
        weight * daily[(3 - back) * STEPS_PER_DAY + 1 :][:count] for back, weight in enumerate((8, 4, 2, 1))
    )
    return 0.5 * temperature_c + 0.5 * weighted / 15


def weather(steps: Steps, seed: int) -> Weather:
    """Return the weather of the steps. The first four days of `felt_c` lack their past."""
    year = _typical_year()
    at = _hour_of_typical_year(steps, seed)
    spell = steps.step / (9 * STEPS_PER_DAY)
    yearly = 2 * noise.uniform(noise.stream("weather/year", seed), steps.year) - 1
    hourly = np.arange(_HOURS)

    def typical(name: str, centre: float) -> np.ndarray:
        return np.interp(at, hourly + centre, year[name], period=_HOURS)

    temperature = (
        typical("temperature_c", 1.0)
        + _WARMER_K
        + 0.8 * yearly
        + 3.0 * noise.smooth(noise.stream("weather/spell", seed), spell)
        + 0.3 * noise.smooth(noise.stream("weather/hour", seed), steps.step / 4)
    )
    temperature = np.where(temperature < 0, _FROST * temperature, temperature)
    cloud = 1 + 0.06 * yearly + 0.12 * noise.smooth(noise.stream("weather/sun", seed), spell * 2)
    clear = np.clip(typical("clear_index", 0.5) * cloud, 0.02, 1.1)
    flicker = (
        0.5
        * clear
        * np.clip(1.05 - clear, 0, 1)
        * noise.smooth(noise.stream("weather/cloud", seed), steps.step / 1.5)
    )
    breeze = 1 + 0.25 * noise.smooth(noise.stream("weather/wind", seed), spell * 3) + 0.05 * yearly
    gust = 1 + 0.15 * noise.smooth(noise.stream("weather/gust", seed), steps.step / 2)
    ground = 16.8 + 7.5 * np.cos(2 * np.pi * (steps.day_of_year - 225) / 365)
    return Weather(
        temperature_c=temperature,
        felt_c=_felt(temperature),
        humidity=np.clip(typical("humidity", 1.0) + 0.05, 0.15, 1.0),
        wind_ms=np.clip(typical("wind_ms", 1.0) * breeze * gust, 0, None),
        ground_c=ground,
        **_sun(steps, np.clip(clear + flicker, 0.02, 1.1)),
    )
