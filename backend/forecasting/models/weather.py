"""Weather as it was known: each delivery is kept whole, so that what was known at any instant can be read again."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, deferred, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class WeatherKind(StrEnum):
    """Whether weather was observed or forecast."""

    OBSERVED = "observed"
    FORECAST = "forecast"


class WeatherPlace(TenantOwned, Base):
    """A place whose weather is kept. source: the gateway that brings it ('file', 'http')."""

    __tablename__ = "weather_place"
    __table_args__ = (
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="place"),
    )

    id: Mapped[Key]
    name: Mapped[str]
    name_zh: Mapped[str | None]
    latitude: Mapped[float]
    longitude: Mapped[float]
    source: Mapped[str]
    is_simulated: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    error: Mapped[str | None]


class WeatherRun(TenantOwned, Base):
    """One delivery of weather for a place: variables over steps.

    number: given under a lock, so that numbers go up in the order of commits: 'known when' is told by it
    issued_at: when the source says it was made; received_at: when it came here
    values: float32, variables × steps, deflated, NaN where none is said; units stand in the names of variables
    """

    __tablename__ = "weather_run"
    __table_args__ = (
        CheckConstraint("step_minutes BETWEEN 5 AND 180 AND steps > 0", name="steps"),
        Index("ix_weather_run_place_id", "place_id", "kind", "number"),
    )

    id: Mapped[Key]
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    place_id: Mapped[UUID] = mapped_column(ForeignKey("weather_place.id"))
    kind: Mapped[WeatherKind]
    issued_at: Mapped[datetime]
    received_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    step_minutes: Mapped[int] = mapped_column(SmallInteger)
    steps: Mapped[int]
    variables: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    values: Mapped[bytes] = deferred(mapped_column(LargeBinary))
