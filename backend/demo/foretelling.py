"""What is forecast in the demo region, and its weather as a station and a weather service would say it.

What was observed is the model's own weather. Weather forecasts are that weather with an error that is fixed by when
they were issued and grows with the lead: the temperature is off by about 0.9 K after six hours and 2.3 K after a week.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy.orm import Session

from backend.demo import noise
from backend.demo.calendar import ORIGIN, days
from backend.demo.founding import Ground
from backend.demo.history import SETTLEMENT_DAYS
from backend.demo.model import SEED
from backend.demo.people import REGION
from backend.demo.renewables import PV_PLANTS, WIND_KW
from backend.demo.weather import LATITUDE, LONGITUDE, weather
from backend.forecasting import service as forecasts
from backend.forecasting.service import NewTarget, Source
from backend.forecasting.service import weather as skies
from backend.kernel import ids
from backend.metering.models import Point

HOUR = timedelta(hours=1)
EVERY_H = 6
"""A new weather forecast comes so often [h]."""
AHEAD_H = 8 * 24
FORETOLD_DAYS = 75
"""Weather forecasts of so many past days are brought: enough to learn how far they miss."""
MARK = ".lanwan"
"""A file that marks the folder of the demo's weather place."""
HORIZON_H = 72
VARIABLES = ("temperature_c", "ghi_wm2", "wind_ms", "humidity_pct")


@dataclass(frozen=True)
class TargetSpec:
    """What is forecast: the points counted, where it stands, and what makes it."""

    place: str
    name: str
    name_zh: str
    points: tuple[str, ...]
    source: Source = Source.LOAD
    ceiling: float | None = None


TARGETS = (
    TargetSpec("grid", "District electricity", "全区用电", tuple(f"feeder{n}.energy" for n in (1, 2, 3, 4))),
    TargetSpec("heat_net", "District heat", "全区用热", ("heat_net.energy",)),
    TargetSpec("cold_net", "District cooling", "全区用冷", ("cold_net.energy",)),
    TargetSpec("gas_intake", "District gas", "全区用气", ("gas_intake.volume",)),
    TargetSpec("water_intake", "District water", "全区用水", ("water_intake.volume",)),
    TargetSpec("pv_terminal", "Ferry terminal PV", "客运码头光伏", ("pv_terminal.energy",), Source.PV),
    TargetSpec("pv_carpark", "Car park PV", "停车场光伏", ("pv_carpark.energy",), Source.PV),
    TargetSpec("wind", "Sea wall wind turbine", "海堤风机", ("wind.energy",), Source.WIND, WIND_KW),
)


def foresee(session: Session, ground: Ground, made: Mapping[str, Point], home: Path) -> None:
    """Say what is forecast, in the caller's transaction; the field devices bring the weather to the place's folder."""
    new = skies.NewPlace("Weather station", LATITUDE, LONGITUDE, name_zh="气象站", is_simulated=True)
    place = skies.add_place(session, ground.scope, organisation_id=ground.organisations[REGION], new=new)
    for spec in TARGETS:
        forecasts.add_target(
            session, ground.scope, position_id=ground.positions[spec.place],
            new=NewTarget(
                spec.name, {made[key].id: 1 for key in spec.points}, spec.source, horizon_hours=HORIZON_H,
                name_zh=spec.name_zh, ceiling=spec.ceiling, weather_place_id=place.id,
                plant=_plant(spec), is_simulated=True,
            ),
        )  # fmt: skip
    folder = home / "weather" / ids.show(place.id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def _plant(spec: TargetSpec) -> dict[str, float | None] | None:
    plant = next((one for one in PV_PLANTS if one.key == spec.place), None)
    if plant is None:
        return None
    return {
        "latitude": LATITUDE, "longitude": LONGITUDE, "tilt_deg": plant.tilt, "azimuth_deg": plant.azimuth,
        "peak_kw": plant.peak_kw,
    }  # fmt: skip


def observed(start: datetime, hours: int) -> dict[str, np.ndarray]:
    """Return the model's weather from a full hour on, means of hours."""
    first = int((start - ORIGIN) / HOUR) * 4
    day, skip = divmod(first, 96)
    steps = days(day, -(-(skip + 4 * hours) // 96))
    air = weather(steps, SEED)
    columns = {
        "temperature_c": air.temperature_c, "ghi_wm2": air.ghi, "wind_ms": air.wind_ms,
        "humidity_pct": 100 * air.humidity,
    }  # fmt: skip
    return {
        name: values[skip : skip + 4 * hours].reshape(hours, 4).mean(axis=1)
        for name, values in columns.items()
    }


def foretold(issued: datetime, true: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weather forecast that was issued at a full hour, given what really came from that hour on."""
    lead = np.arange(len(true["temperature_c"]))
    number = int((issued - ORIGIN) / HOUR)

    def wander(name: str, spacing_h: float) -> np.ndarray:
        """Smooth chance in [-1, 1] along the lead, another for each issue."""
        return noise.smooth(noise.stream(f"foretold/{name}/{number}", SEED), lead / spacing_h + 0.5)

    grown = np.sqrt((lead + 2) / 170)
    warm = (0.9 + 4.2 * grown) * wander("warm", 20) + 0.3 * wander("warm/fast", 4)
    clouds = np.clip(1 + (0.12 + 0.75 * grown) * wander("cloud", 7), 0.05, 1.9)
    breeze = np.clip(1 + (0.10 + 0.65 * grown) * wander("wind", 9), 0.1, 2.2)
    damp = (4 + 18 * grown) * wander("damp", 15)
    return {
        "temperature_c": true["temperature_c"] + warm,
        "ghi_wm2": np.minimum(true["ghi_wm2"] * clouds, 1100.0),
        "wind_ms": true["wind_ms"] * breeze,
        "humidity_pct": np.clip(true["humidity_pct"] + damp, 5, 100),
    }


def past_file(now: datetime) -> str:
    """Return what a station and a weather service said until now."""
    out = io.StringIO()
    writer = _writer(out)
    hour = now.replace(minute=0, second=0, microsecond=0)
    start = max(hour - timedelta(days=SETTLEMENT_DAYS), ORIGIN + 4 * 24 * HOUR)
    so_far = int((hour - start) / HOUR)
    true = observed(start, so_far + AHEAD_H)
    _write(writer, None, start, _cut(true, 0, so_far))
    first = hour - timedelta(days=FORETOLD_DAYS)
    at = first + (EVERY_H - first.hour % EVERY_H) % EVERY_H * HOUR
    while at <= hour:
        place = int((at - start) / HOUR)
        _write(writer, at, at, foretold(at, _cut(true, place, place + AHEAD_H)))
        at += EVERY_H * HOUR
    return out.getvalue()


def _cut(columns: Mapping[str, np.ndarray], first: int, end: int) -> dict[str, np.ndarray]:
    return {name: values[first:end] for name, values in columns.items()}


def next_file(after: datetime, now: datetime) -> str:
    """Return what was observed since an hour that was told, and the forecast that was issued meanwhile, if any."""
    out = io.StringIO()
    writer = _writer(out)
    hour = now.replace(minute=0, second=0, microsecond=0)
    _write(writer, None, after, observed(after, int((hour - after) / HOUR)))
    issued = hour - hour.hour % EVERY_H * HOUR
    if issued > after:
        _write(writer, issued, issued, foretold(issued, observed(issued, AHEAD_H)))
    return out.getvalue()


def _writer(out: io.StringIO) -> "csv._writer":
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["issued_at", "valid_at", *VARIABLES])
    return writer


def _write(
    writer: "csv._writer", issued: datetime | None, start: datetime, columns: Mapping[str, np.ndarray]
) -> None:
    said = "" if issued is None else f"{issued.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
    rows = np.column_stack([columns[name] for name in VARIABLES]).round(2).tolist()
    for n, row in enumerate(rows):
        writer.writerow([said, f"{(start + n * HOUR).astimezone(UTC):%Y-%m-%dT%H:%MZ}", *row])
