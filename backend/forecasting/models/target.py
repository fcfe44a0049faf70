"""What is forecast: the sum of points at a place, how far ahead and how finely."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.forecasting.rules import Source
from backend.kernel.db import Base, Key, TenantOwned
from backend.kernel.units import Carrier

SETTINGS = ("horizon_hours", "floor", "ceiling", "weather_place_id", "plant")
"""What of a target may change; forecasts made before are made again by what it was then."""


class ForecastTarget(TenantOwned, Base):
    """One series that is forecast: amounts of its terms, added up.

    position_id: the site or place it stands at (its zone and calendar); source: load, PV, wind, supply (see rules)
    unit: of its amounts, for each step; step_minutes: 15, 30 or 60; horizon_hours: how far ahead [h], up to 7 days
    floor, ceiling: limits of an amount in a step [unit], None where there is none
    weather_place_id: whose weather it follows, None for none
    plant: of PV {latitude, longitude, tilt_deg, azimuth_deg, peak_kw}, as rules.PvArray has them; None for others
    retrain_asked_at, retrain_asked_by: a person wants a new model; None when none is wanted
    tried_at: when training was last begun
    failing_since, failing: since when no forecast can be made, and why {missing, passed}; None while one can
    earlier: what `SETTINGS` were before they were changed, in order, each with until (ISO 8601): [{until, floor, …}]
    untrained_since, untrained: since when no model could be trained, and why {why, …}; None while one can
    ended_at: it is forecast no more from then on
    """

    __tablename__ = "forecast_target"
    __table_args__ = (
        CheckConstraint("step_minutes IN (15, 30, 60)", name="step_minutes"),
        CheckConstraint("horizon_hours BETWEEN 1 AND 168", name="horizon_hours"),
        Index("ix_forecast_target_position_id", "position_id"),
        Index("ix_forecast_target_listed", "organisation_id", "name", "id"),
    )

    id: Mapped[Key]
    position_id: Mapped[UUID] = mapped_column(ForeignKey("position.id"))
    name: Mapped[str]
    name_zh: Mapped[str | None]
    carrier: Mapped[Carrier]
    unit: Mapped[str]
    source: Mapped[Source]
    step_minutes: Mapped[int] = mapped_column(SmallInteger)
    horizon_hours: Mapped[int] = mapped_column(SmallInteger)
    floor: Mapped[float | None]
    ceiling: Mapped[float | None]
    weather_place_id: Mapped[UUID | None] = mapped_column(ForeignKey("weather_place.id"))
    plant: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    is_simulated: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    retrain_asked_at: Mapped[datetime | None]
    retrain_asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    tried_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    failing: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    earlier: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, default=list, server_default=text("'[]'::jsonb")
    )
    untrained_since: Mapped[datetime | None]
    untrained: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class ForecastTerm(TenantOwned, Base):
    """One point of a target, added or taken off."""

    __tablename__ = "forecast_term"
    __table_args__ = (
        CheckConstraint("sign IN (-1, 1)", name="sign"),
        Index("ix_forecast_term_point_id", "point_id"),
    )

    target_id: Mapped[UUID] = mapped_column(ForeignKey("forecast_target.id"), primary_key=True)
    point_id: Mapped[UUID] = mapped_column(ForeignKey("point.id"), primary_key=True)
    sign: Mapped[int] = mapped_column(SmallInteger, default=1)
