"""Where the sun stands and what modules could make of it, from physics (pvlib).

pvlib and pandas are brought in where they are asked: they take seconds, and every process of the product comes by here.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from backend.forecasting.rules.days import LocalClock
from backend.forecasting.rules.kinds import PvArray
from backend.forecasting.rules.series import Flags, Floats

HORIZON_DEG = -0.833
"""Elevation of the sun's middle when its rim touches the horizon: half its disc and the refraction there."""
TEMPERATURE_LOSS = 0.004
"""Power lost per kelvin of a cell above 25 °C, crystalline silicon (IEC 61853 data sheets lie at 0.003 to 0.005)."""
_SYSTEM_SHARE = 0.86
"""Of the modules' power what arrives: 14 % losses, PVWatts (NREL/TP-6A20-62641, 2014)."""


def sun_columns(clock: LocalClock, array: PvArray, weather: dict[str, Floats] | None) -> dict[str, Floats]:
    """Return physics of each step: sun elevation, power of the modules under a clear sky and under the given weather.

    Power is a share of the peak, shape (steps,); 'pv_power' only where the weather has irradiance.
    """
    import pandas as pd
    import pvlib

    elevation, azimuth = _position(_key(clock), array.latitude, array.longitude)
    clear = pvlib.clearsky.haurwitz(pd.Series(90 - elevation))["ghi"].to_numpy()
    found = {"sun_elevation": elevation, "clear_power": _power(clock, array, clear, None, elevation, azimuth)}
    if weather and "ghi_wm2" in weather:
        warmth = weather.get("temperature_c")
        found["pv_power"] = _power(clock, array, weather["ghi_wm2"], warmth, elevation, azimuth)
    return found


def dark(clock: LocalClock, array: PvArray) -> Flags:
    """Return the steps during all of which the sun is below the horizon, shape (steps,)."""
    elevation, _ = _position(_key(clock), array.latitude, array.longitude)
    moves = 0.25 * clock.step_min / 2  # the sun climbs by less than a quarter of a degree a minute
    return np.asarray(elevation + moves < HORIZON_DEG)


def _power(
    clock: LocalClock, array: PvArray, ghi: Floats, warmth: Floats | None, elevation: Floats, azimuth: Floats
) -> Floats:
    """Return the share of the peak: transposition (isotropic sky), then cells' temperature (Ross, 0.03 K m²/W)."""
    import pandas as pd
    import pvlib

    tilt = (
        abs(array.latitude) * 0.76 + 3.1 if array.tilt_deg is None else array.tilt_deg
    )  # Landau's rule of thumb
    facing = (180.0 if array.latitude >= 0 else 0.0) if array.azimuth_deg is None else array.azimuth_deg
    zenith = 90 - elevation
    times = pd.to_datetime(_middle(_key(clock)), unit="s", utc=True)
    split = pvlib.irradiance.erbs(ghi, zenith, times.dayofyear.to_numpy())
    plane = pvlib.irradiance.get_total_irradiance(
        tilt, facing, zenith, azimuth, np.asarray(split["dni"]), ghi, np.asarray(split["dhi"])
    )["poa_global"]
    shone = np.maximum(np.asarray(plane, dtype=np.float64), 0.0)
    cell = (20.0 if warmth is None else warmth) + 0.03 * shone
    return np.asarray(_SYSTEM_SHARE * shone / 1000 * (1 - TEMPERATURE_LOSS * (cell - 25.0)))


def _key(clock: LocalClock) -> tuple[int, int, int]:
    return int(clock.start.timestamp()), clock.step_min, clock.steps


def _middle(key: tuple[int, int, int]) -> Floats:
    start, step_min, steps = key
    return np.asarray(start + 60.0 * step_min * (np.arange(steps) + 0.5))


@lru_cache(maxsize=8)
def _position(key: tuple[int, int, int], latitude: float, longitude: float) -> tuple[Floats, Floats]:
    """Return elevation and azimuth of the sun in the middle of each step [°]."""
    import pandas as pd
    import pvlib

    times = pd.to_datetime(_middle(key), unit="s", utc=True)
    sun = pvlib.solarposition.get_solarposition(times, latitude, longitude)
    return sun["elevation"].to_numpy(), sun["azimuth"].to_numpy()
