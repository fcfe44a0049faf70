"""Sun and wind turned into electricity."""

from dataclasses import dataclass

import numpy as np

from backend.demo.calendar import STEP_H, Steps
from backend.demo.weather import Weather


@dataclass(frozen=True)
class PvPlant:
    """A photovoltaic plant: peak_kw at standard test conditions, tilt and azimuth (180 = south) [deg]."""

    key: str
    peak_kw: float
    tilt: float
    azimuth: float


PV_PLANTS = (PvPlant("pv_terminal", 2600, 12, 180), PvPlant("pv_carpark", 1800, 8, 165))
WIND_KW = 3200.0
_HUB_M, _ANEMOMETER_M = 110.0, 10.0
_SHEAR = 0.16
_SEA_BREEZE = 1.28
_CUT_IN_MS, _RATED_MS, _CUT_OUT_MS = 3.0, 11.5, 25.0


def pv(plant: PvPlant, weather: Weather) -> tuple[np.ndarray, np.ndarray]:
    """Return (energy [kWh per step], module temperature [degC]) of a plant.

    pvlib: isotropic sky, Faiman 2008 module temperature, PVWatts v5 module and inverter (Dobos 2014,
    NREL/TP-6A20-62641), 14 % system losses.
    """
    import pvlib

    plane = pvlib.irradiance.get_total_irradiance(
        plant.tilt, plant.azimuth, weather.zenith, weather.azimuth, weather.dni, weather.ghi, weather.dhi
    )
    irradiance = np.nan_to_num(np.asarray(plane["poa_global"]))
    module_c = pvlib.temperature.faiman(irradiance, weather.temperature_c, weather.wind_ms)
    direct_w = pvlib.pvsystem.pvwatts_dc(irradiance, module_c, plant.peak_kw * 1000, -0.0037) * 0.86
    inverter_w = plant.peak_kw * 1000 / 1.15
    power_kw = np.clip(pvlib.inverter.pvwatts(direct_w, inverter_w / 0.96), 0, None) / 1000
    return power_kw * STEP_H, np.asarray(module_c)


def hub_wind(weather: Weather) -> np.ndarray:
    """Return the wind at hub height on the sea wall [m/s]: power law (IEC 61400-1: 0.14..0.2)."""
    return weather.wind_ms * _SEA_BREEZE * (_HUB_M / _ANEMOMETER_M) ** _SHEAR


def wind(steps: Steps, weather: Weather) -> np.ndarray:
    """Return the energy of the wind turbine [kWh per step].

    Power curve: cubic between cut-in and rated wind (Manwell, McGowan, Rogers 2009, Wind Energy Explained,
    ch. 7), flat up to cut-out, corrected for the density of the air. It stands still for service one day in
    90.
    """
    hub = hub_wind(weather)
    part = (hub**3 - _CUT_IN_MS**3) / (_RATED_MS**3 - _CUT_IN_MS**3)
    power = np.where((hub >= _CUT_IN_MS) & (hub < _CUT_OUT_MS), np.clip(part, 0, 1), 0.0)
    density = 288.15 / (273.15 + weather.temperature_c)
    served = steps.step // 96 % 90 == 41
    return np.where(served, 0.0, np.clip(power * density, 0, 1) * WIND_KW * STEP_H)
