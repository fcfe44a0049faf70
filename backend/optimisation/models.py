"""Tables of optimisation: plants as data, plans, accepted plans, and what became of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class PlanKind(StrEnum):
    """What asked for a plan."""

    ROLLING = "rolling"
    DAY_AHEAD = "day ahead"
    BY_HAND = "by hand"


class PlanStatus(StrEnum):
    """How far a plan can be relied on; a failed one says why in `problem`."""

    OPTIMAL = "optimal"
    TIME_LIMIT = "time limit"
    RELAXED = "relaxed"
    FAILED = "failed"


class SitePlant(TenantOwned, Base):
    """The plant of a site; what it is stands in its versions. is_active: it is planned for by the clock."""

    __tablename__ = "plant_model"
    __table_args__ = (UniqueConstraint("site_id"),)

    id: Mapped[Key]
    site_id: Mapped[UUID] = mapped_column(ForeignKey("position.id"))
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class PlantVersion(TenantOwned, Base):
    """A plant's document, valid from an instant on. Never changed: another word is the next number."""

    __tablename__ = "plant_model_version"
    __table_args__ = (UniqueConstraint("plant_id", "number"),)

    id: Mapped[Key]
    plant_id: Mapped[UUID] = mapped_column(ForeignKey("plant_model.id"))
    number: Mapped[int]
    valid_from: Mapped[datetime]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class OperationPlan(TenantOwned, Base):
    """What a plant should do over [starts_at, ends_at).

    gap: (cost - bound) / cost; cost, bound, idle_cost (everything rests), rules_cost (fixed priorities) [currency]
    said: how far it can be relied on, or why there is none
    problem: of a failed one {message, field, value, remedy, faults}
    inputs: name, known when, quality, oldest, remark of each; tariffs: unit, code, revision, valid from of each
    shortfalls: what had to give; actions: what each unit does and why {unit, first, last, template, values}
    result, given: arrays (rules.keeping, rules.model.given)
    """

    __tablename__ = "operation_plan"
    __table_args__ = (
        Index(
            "uq_operation_plan_of_the_clock", "plant_id", "kind", "starts_at", unique=True,
            postgresql_where=text("kind <> 'by hand'"),
        ),
        CheckConstraint("ends_at > starts_at", name="half_open"),
        CheckConstraint("(status = 'failed') = (problem IS NOT NULL)", name="problem"),
        Index("ix_operation_plan_made_at", "plant_id", "made_at"),
    )  # fmt: skip

    id: Mapped[Key]
    plant_id: Mapped[UUID] = mapped_column(ForeignKey("plant_model.id"))
    version_id: Mapped[UUID] = mapped_column(ForeignKey("plant_model_version.id"), index=True)
    kind: Mapped[PlanKind]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    status: Mapped[PlanStatus]
    said: Mapped[str]
    gap: Mapped[float | None]
    cost: Mapped[float | None]
    bound: Mapped[float | None]
    idle_cost: Mapped[float | None]
    rules_cost: Mapped[float | None]
    co2_kg: Mapped[float | None]
    currency: Mapped[str]
    took_s: Mapped[float]
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    inputs: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    tariffs: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    shortfalls: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    actions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    result: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    given: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))


class OperationSchedule(TenantOwned, Base):
    """A plan somebody accepted for [starts_at, ends_at). superseded_at: another took its place from then on."""

    __tablename__ = "operation_schedule"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="half_open"),
        Index(
            "ix_operation_schedule_in_force", "plant_id", unique=True, postgresql_where=text("superseded_at IS NULL")
        ),
    )  # fmt: skip

    id: Mapped[Key]
    plant_id: Mapped[UUID] = mapped_column(ForeignKey("plant_model.id"))
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("operation_plan.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    accepted_at: Mapped[datetime]
    accepted_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    superseded_at: Mapped[datetime | None]


class PlanOutcome(TenantOwned, Base):
    """A plan beside what was counted, over [starts_at, ends_at) of it.

    planned, actual: cost of what was bought and sold [currency]; deviation: actual - planned
    lines: of each unit and demand with meters (see rules.outcome)
    """

    __tablename__ = "plan_outcome"
    __table_args__ = (UniqueConstraint("plan_id"),)

    id: Mapped[Key]
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("operation_plan.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    planned: Mapped[float | None]
    actual: Mapped[float | None]
    deviation: Mapped[float | None]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    made_at: Mapped[datetime]
