"""Say what is forecast, and otherwise: a sum of points at a place, its weather, how far ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from backend.forecasting.models import SETTINGS, ForecastTarget, ForecastTerm, WeatherPlace
from backend.forecasting.queries import targets as queries
from backend.forecasting.queries import weather
from backend.forecasting.queries.confined import KEEPERS
from backend.forecasting.rules import PvArray, Source
from backend.kernel import audit, clock, ids, units
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models import Point
from backend.network import service as network

MOST_TERMS = 200
STEPS = (15, 30, 60)
LONGEST_H = 168
CHANGEABLE = ("name", "name_zh", *SETTINGS)
"""What may be said otherwise of a target."""
PLANT = ("latitude", "longitude", "tilt_deg", "azimuth_deg", "peak_kw")


@dataclass(frozen=True)
class NewTarget:
    """What is said of a target; see ForecastTarget.

    points: point -> 1 where it is added, -1 where it is taken off; all of one carrier
    """

    name: str
    points: Mapping[UUID, int]
    source: Source = Source.LOAD
    step_minutes: int = 60
    horizon_hours: int = 48
    name_zh: str | None = None
    floor: float | None = 0.0
    ceiling: float | None = None
    weather_place_id: UUID | None = None
    plant: Mapping[str, float | None] | None = None
    is_simulated: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= 200:
            raise Refused(
                "a name has 1 to 200 characters", field="name", value=self.name[:200],
                remedy="name what is forecast",
            )  # fmt: skip
        if not 1 <= len(self.points) <= MOST_TERMS or not set(self.points.values()) <= {1, -1}:
            raise Refused(
                f"a forecast counts 1 to {MOST_TERMS} points, each added or taken off", field="points",
                value=len(self.points), remedy="choose the meters whose amounts are summed",
            )  # fmt: skip
        if self.step_minutes not in STEPS:
            raise Refused(
                f"steps of {self.step_minutes} min are not forecast", field="step_minutes",
                value=self.step_minutes, remedy="use 15, 30 or 60",
            )  # fmt: skip
        if not 1 <= self.horizon_hours <= LONGEST_H:
            raise Refused(
                f"{self.horizon_hours} h ahead is not forecast", field="horizon_hours", value=self.horizon_hours,
                remedy=f"use 1 to {LONGEST_H}",
            )  # fmt: skip
        if self.floor is not None and self.ceiling is not None and self.floor >= self.ceiling:
            raise Refused(
                "the floor is below the ceiling", field="floor", value=self.floor,
                remedy=f"give less than {self.ceiling:g}, or leave one of them out",
            )  # fmt: skip
        if (self.source is Source.PV) != (self.plant is not None):
            raise Refused(
                "PV has the place of its modules, the others have none", field="plant",
                remedy="give latitude and longitude for PV, nothing for others",
            )  # fmt: skip
        _demand_plant(self.plant)


def _demand_plant(plant: Mapping[str, float | None] | None) -> None:
    if plant is None:
        return
    if unknown := set(plant) - set(PLANT):
        raise Refused("modules have other words", field="plant", value=", ".join(sorted(unknown)),
                      remedy="say only " + ", ".join(PLANT))  # fmt: skip
    limits = {"latitude": (-90, 90), "longitude": (-180, 180), "tilt_deg": (0, 90), "azimuth_deg": (0, 360),
              "peak_kw": (0, 1e7)}  # fmt: skip
    for name, (low, high) in limits.items():
        value = plant.get(name)
        if value is None and name in ("latitude", "longitude"):
            raise Refused("modules stand somewhere", field=name, remedy="give latitude and longitude")
        if value is not None and not low <= value <= high:
            raise Refused(
                f"{value:g} is out of range", field=name, value=value, remedy=f"use {low} to {high}"
            )


def add_target(session: Session, scope: Scope, *, position_id: UUID, new: NewTarget) -> ForecastTarget:
    """Have a sum of points forecast from now on; its first model is trained within minutes.

    raises Refused where the points cannot be added up in its steps
    """
    position = network.position(session, scope, position_id)
    scope.demand(position.organisation_id, *KEEPERS)
    points = [metering.point(session, scope, point_id) for point_id in new.points]
    carrier, unit = _demand_addable(points, new)
    _demand_near(
        session,
        scope,
        position.organisation_id,
        {("points", point): point.organisation_id for point in points},
    )
    _demand_sky(session, scope, position.organisation_id, new)
    _demand_free(session, scope, position.organisation_id, new.name)
    one = ForecastTarget(
        id=ids.new_id(), organisation_id=position.organisation_id, position_id=position.id, name=new.name.strip(),
        name_zh=new.name_zh, carrier=carrier, unit=unit, source=new.source, step_minutes=new.step_minutes,
        horizon_hours=new.horizon_hours, floor=new.floor, ceiling=new.ceiling,
        weather_place_id=new.weather_place_id, plant=_whole(new.plant), is_simulated=new.is_simulated,
        created_at=clock.now(),
    )  # fmt: skip
    session.add(one)
    session.flush()
    session.add_all(
        ForecastTerm(
            organisation_id=one.organisation_id,
            target_id=one.id,
            point_id=point.id,
            sign=new.points[point.id],
        )
        for point in points
    )
    session.flush()
    _note(session, scope, one, "added", {"name": one.name, "points": len(points), "source": one.source.value})
    return one


def change_target(session: Session, scope: Scope, *, target_id: UUID, **said: Any) -> ForecastTarget:
    """Say otherwise what a target is called, how far ahead, its limits, weather and modules (`CHANGEABLE`).

    Its points, place, source and steps stay: models and kept forecasts rest on them. What was forecast before is made
    again by what was said then (`as_it_was`); where weather or modules are others, a new model is asked for.
    """
    one = queries.held(session, scope, target_id)
    scope.demand(one.organisation_id, *KEEPERS)
    if one.ended_at is not None:
        raise Refused("this is not forecast any more", field="target_id", remedy="set up a new one")
    if unknown := set(said) - set(CHANGEABLE):
        raise Refused("this stays as it is", field=min(unknown), remedy="say only " + ", ".join(CHANGEABLE))
    before = {name: getattr(one, name) for name in CHANGEABLE}
    now = before | said
    points = {point.id: term.sign for term, point in queries.terms(session, scope, [one.id])[one.id]}
    new = NewTarget(points=points, source=one.source, step_minutes=one.step_minutes, **now)
    now |= {"name": new.name.strip(), "plant": _whole(new.plant)}
    _demand_free(session, scope, one.organisation_id, new.name, but=one.id)
    _demand_sky(session, scope, one.organisation_id, new)
    changed = {name: value for name, value in now.items() if value != before[name]}
    if not changed:
        return one
    if set(changed) & set(SETTINGS):
        was = {name: _plain(before[name]) for name in SETTINGS}
        one.earlier = [*one.earlier, {"until": clock.now().isoformat()} | was]
    for name, value in changed.items():
        setattr(one, name, value)
    if set(changed) & {"weather_place_id", "plant"} and one.retrain_asked_at is None:
        one.retrain_asked_at, one.retrain_asked_by = clock.now(), scope.actor_id
    session.flush()
    audit.record(
        session, scope, action="forecast_target.changed", entity="forecast_target", entity_id=one.id,
        organisation_id=one.organisation_id, before={name: _plain(before[name]) for name in changed},
        after={name: _plain(value) for name, value in changed.items()},
    )  # fmt: skip
    return one


def as_it_was(one: ForecastTarget, at: datetime) -> ForecastTarget:
    """Return a target with the settings it had at an instant: itself, or a copy that belongs to no session."""
    for was in one.earlier:
        if at < datetime.fromisoformat(was["until"]):
            columns = {
                name: getattr(one, name)
                for name in (column.key for column in inspect(ForecastTarget).column_attrs)
            }
            settings = {name: was[name] for name in SETTINGS}
            place_id = settings["weather_place_id"]
            settings["weather_place_id"] = None if place_id is None else UUID(place_id)
            return ForecastTarget(**columns | settings)
    return one


def end_target(session: Session, scope: Scope, *, target_id: UUID) -> ForecastTarget:
    """Forecast something no more; what was forecast stays."""
    one = queries.target(session, scope, target_id)
    scope.demand(one.organisation_id, *KEEPERS)
    if one.ended_at is None:
        one.ended_at = clock.now()
        _note(session, scope, one, "ended", None)
    return one


def _demand_sky(session: Session, scope: Scope, organisation_id: UUID, new: NewTarget) -> None:
    if new.weather_place_id is not None:
        place = weather.place(session, scope, new.weather_place_id)
        _demand_near(session, scope, organisation_id, {("weather_place_id", place): place.organisation_id})


def _demand_near(
    session: Session,
    scope: Scope,
    organisation_id: UUID,
    owners: Mapping[tuple[str, Point | WeatherPlace], UUID],
) -> None:
    """Raise Refused for what lies in another tree: workers serve one tree at a time and would leave it out unseen.

    owners: (field, thing) -> whose it is
    """
    tops = queries.trees(session, scope, {organisation_id, *owners.values()})
    for (field, one), owner in owners.items():
        if tops.get(owner, tops[organisation_id]) != tops[organisation_id]:
            raise Refused(
                f"{one.name} belongs to another region", field=field, value=ids.show(one.id),
                remedy="choose what belongs to the region of the place",
            )  # fmt: skip


def _demand_free(
    session: Session, scope: Scope, organisation_id: UUID, name: str, *, but: UUID | None = None
) -> None:
    if queries.is_named(session, scope, organisation_id, name.strip(), but=but):
        raise Refused("this name is taken", field="name", value=name, remedy="give it another name")


def _whole(plant: Mapping[str, float | None] | None) -> dict[str, float | None] | None:
    """Return the modules with every word, None where one is not known."""
    if plant is None:
        return None
    whole = {name: plant.get(name) for name in PLANT}
    PvArray(**{name: value for name, value in whole.items() if name != "peak_kw"})  # type: ignore[arg-type]  # as checked
    return whole


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _demand_addable(points: Sequence[Point], new: NewTarget) -> tuple[Carrier, str]:
    """Return carrier and unit of the sum; raises Refused where there is none."""
    first = points[0]
    for point in points:
        if point.kind not in (PointKind.REGISTER, PointKind.INTERVAL):
            raise Refused(
                f"{point.name} counts no amounts", field="points", value=ids.show(point.id),
                remedy="take registers and interval points",
            )  # fmt: skip
        if point.carrier is not first.carrier or (
            units.unit(point.unit).dimension != units.unit(first.unit).dimension
        ):
            raise Refused(
                f"{point.name} measures something else", field="points", value=ids.show(point.id),
                remedy="add up points of one carrier and quantity",
            )  # fmt: skip
        if new.step_minutes % point.interval_minutes:
            raise Refused(
                f"{point.name} counts by {point.interval_minutes} min", field="step_minutes",
                value=new.step_minutes, remedy=f"use steps of {max(point.interval_minutes, 15)} min or more",
            )  # fmt: skip
    return first.carrier, first.unit


def _note(
    session: Session, scope: Scope, one: ForecastTarget, what: str, after: dict[str, Any] | None
) -> None:
    audit.record(
        session, scope, action=f"forecast_target.{what}", entity="forecast_target", entity_id=one.id,
        organisation_id=one.organisation_id, after=after,
    )  # fmt: skip
