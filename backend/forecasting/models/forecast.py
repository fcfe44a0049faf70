"""Models with their champions, and forecasts with what was known when each was made."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column

from backend.forecasting.rules import Method
from backend.kernel.db import Base, Key, TenantOwned


class Verdict(StrEnum):
    """What came of a trained model."""

    CHAMPION = "champion"
    REPLACED = "replaced"
    REFUSED = "refused"


class ForecastModel(TenantOwned, Base):
    """A trained model of a target, kept as text (none where it was refused), with its scores on days it had not seen.

    number: 1, 2, … of its target; known_until: end of the newest interval it was trained on
    scores: method -> rules.Scores on held days it had not seen; champion_scores: the champion's then, on the same
    verdict: champion, replaced since, or refused; champion_from, champion_until: when it was used
    asked_by: the person who wanted it, None where it was time
    """

    __tablename__ = "forecast_model"
    __table_args__ = (
        UniqueConstraint("target_id", "number"),
        Index(
            "ix_forecast_model_champion", "target_id", unique=True, postgresql_where=text("verdict = 'champion'")
        ),
    )  # fmt: skip

    id: Mapped[Key]
    target_id: Mapped[UUID] = mapped_column(ForeignKey("forecast_target.id"))
    number: Mapped[int]
    body: Mapped[str] = deferred(mapped_column())
    trained_at: Mapped[datetime]
    known_from: Mapped[datetime]
    known_until: Mapped[datetime]
    took_s: Mapped[float]
    scores: Mapped[dict[str, Any]] = mapped_column(JSONB)
    champion_scores: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    verdict: Mapped[Verdict]
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    champion_from: Mapped[datetime | None]
    champion_until: Mapped[datetime | None]


class Forecast(TenantOwned, Base):
    """What was foreseen for a target at an instant.

    [starts_at, starts_at + steps × step_minutes); quantiles: float32, steps × 11, deflated (see models.packing)
    method: the rung of the ladder it stands on; passed: the rungs above and why not they [{method, why, facts}]
    model_id: the model, None for rungs without; known_until: end of the newest amount of its input
    weather_known_at: when the weather forecast in it was issued, None where none was used
    Replay: past_from, and of each term the version of each interval that was read (`inputs`, see models.packing);
    weather_number: the last weather run that was known
    """

    __tablename__ = "forecast"
    __table_args__ = (
        UniqueConstraint("target_id", "issued_at"),
        Index("ix_forecast_issued_at", "issued_at"),
    )

    id: Mapped[Key]
    target_id: Mapped[UUID] = mapped_column(ForeignKey("forecast_target.id"))
    issued_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    step_minutes: Mapped[int] = mapped_column(SmallInteger)
    steps: Mapped[int] = mapped_column(SmallInteger)
    quantiles: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    method: Mapped[Method]
    passed: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    model_id: Mapped[UUID | None] = mapped_column(ForeignKey("forecast_model.id"), index=True)
    known_until: Mapped[datetime | None]
    weather_known_at: Mapped[datetime | None]
    weather_number: Mapped[int] = mapped_column(BigInteger)
    past_from: Mapped[datetime]
    inputs: Mapped[bytes] = deferred(mapped_column(LargeBinary))
