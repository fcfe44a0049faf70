"""Tables of optimisation: plants as data, plans, accepted plans and what became of them; plants planned together."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column

from backend.kernel.db import Base, Key, TenantOwned
from backend.optimisation.rules.coordination.asking import Reason, State
from backend.optimisation.rules.coordination.sharing import Rule
from backend.optimisation.rules.targets import Kind


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
    targets: what was agreed to, and what this plan was let of it (service.bound)
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
    targets: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, default=list, server_default=text("'[]'::jsonb")
    )
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


class RoundStatus(StrEnum):
    """How far a round of coordination has come; a failed one says why in `problem`."""

    ASKED = "asked"
    MADE = "made"
    FAILED = "failed"


class CoordinationMember(TenantOwned, Base):
    """A plant that is planned together with others, and what it has agreed to bear when it is asked for a target.

    bears: cost of a target beyond what is paid for it [currency]; refusals_a_month: for reasons of its own
    counters_most: counters to one target; left_at: it is planned alone from then on
    """

    __tablename__ = "coordination_member"
    __table_args__ = (UniqueConstraint("plant_id"),)

    id: Mapped[Key]
    plant_id: Mapped[UUID] = mapped_column(ForeignKey("plant_model.id"))
    bears: Mapped[Decimal]
    refusals_a_month: Mapped[int]
    counters_most: Mapped[int]
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


class ExchangeLine(TenantOwned, Base):
    """A cable or pipe between two plants, kept by the organisation above both.

    most, most_back: from one to the other and back, at the sender's end [carrier's unit per hour]
    share: what arrives of what is sent; fee: [currency per unit sent]
    """

    __tablename__ = "exchange_line"
    __table_args__ = (
        CheckConstraint("one_id <> other_id", name="two_ends"),
        CheckConstraint(
            "share > 0 AND share <= 1 AND most >= 0 AND most_back >= 0 AND fee >= 0", name="figures"
        ),
    )

    id: Mapped[Key]
    name: Mapped[str]
    carrier: Mapped[str]
    one_id: Mapped[UUID] = mapped_column(ForeignKey("plant_model.id"), index=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("plant_model.id"), index=True)
    most: Mapped[float]
    most_back: Mapped[float]
    share: Mapped[float]
    fee: Mapped[float]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class CoordinationRound(TenantOwned, Base):
    """Plants planned alone and together over [starts_at, ends_at), and how the gain is split.

    alone, cost, bound, gain, fees: of all together [currency]; rule: the one used; gap: (cost - bound) / cost
    said: sentences {template, values}; game: {sites, gains: [{sites, gain}], tolerance, pairs, seed}
    split: {rule, complete, known, against_asked, against}
    lines: of each {name, carrier, one, other, unit, sent}; hours: length of each step [h]
    """

    __tablename__ = "coordination_round"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="half_open"),
        CheckConstraint("(status = 'failed') = (problem IS NOT NULL)", name="problem"),
        Index("ix_coordination_round_asked_at", "organisation_id", "asked_at"),
    )

    id: Mapped[Key]
    status: Mapped[RoundStatus]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    asked: Mapped[Rule]
    made_at: Mapped[datetime | None]
    rule: Mapped[Rule | None]
    currency: Mapped[str | None]
    alone: Mapped[Decimal | None]
    cost: Mapped[Decimal | None]
    gain: Mapped[Decimal | None]
    fees: Mapped[Decimal | None]
    bound: Mapped[float | None]
    gap: Mapped[float | None]
    took_s: Mapped[float | None]
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    said: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    game: Mapped[dict[str, Any]] = mapped_column(JSONB)
    split: Mapped[dict[str, Any]] = mapped_column(JSONB)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    hours: Mapped[list[float]] = mapped_column(JSONB)


class CoordinationShare(TenantOwned, Base):
    """What a round means to one plant; alone - share = own + pays, to the coin.

    error: standard error of the share where orders were drawn [currency]
    game: as the round's, so that the plant's own people can work the split out again
    result: its part of the joint plan (rules.keeping)
    """

    __tablename__ = "coordination_share"
    __table_args__ = (
        UniqueConstraint("round_id", "plant_id"),
        CheckConstraint("share >= 0 AND alone - share = own + pays", name="nobody_worse_off"),
    )

    id: Mapped[Key]
    round_id: Mapped[UUID] = mapped_column(ForeignKey("coordination_round.id"))
    plant_id: Mapped[UUID] = mapped_column(ForeignKey("plant_model.id"), index=True)
    site: Mapped[str]
    currency: Mapped[str]
    alone: Mapped[Decimal]
    own: Mapped[Decimal]
    share: Mapped[Decimal]
    pays: Mapped[Decimal]
    error: Mapped[float | None]
    said: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    game: Mapped[dict[str, Any]] = mapped_column(JSONB)
    result: Mapped[bytes] = deferred(mapped_column(LargeBinary))


class CoordinationTarget(TenantOwned, Base):
    """What a region asks of a plant over [begins_at, ends_at), and the answer (rules.coordination.asking).

    region_id: the organisation that asks; most, counter, natural, least, measured: [unit]
    pays, wants, cost: [currency]; natural, least, cost: what it meant to the plant when it was proposed
    """

    __tablename__ = "coordination_target"
    __table_args__ = (
        CheckConstraint("ends_at > begins_at", name="half_open"),
        Index("ix_coordination_target_begins_at", "plant_id", "begins_at"),
    )

    id: Mapped[Key]
    region_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    plant_id: Mapped[UUID] = mapped_column(ForeignKey("plant_model.id"))
    round_id: Mapped[UUID | None] = mapped_column(ForeignKey("coordination_round.id"), index=True)
    kind: Mapped[Kind]
    carrier: Mapped[str]
    most: Mapped[float]
    unit: Mapped[str]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    pays: Mapped[Decimal]
    currency: Mapped[str]
    answer_by: Mapped[datetime]
    state: Mapped[State]
    counters: Mapped[int]
    counter: Mapped[float | None]
    wants: Mapped[Decimal | None]
    reason: Mapped[Reason | None]
    remark: Mapped[str]
    natural: Mapped[float]
    least: Mapped[float | None]
    cost: Mapped[float | None]
    asked_at: Mapped[datetime]
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
