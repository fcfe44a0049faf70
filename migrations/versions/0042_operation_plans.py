"""Plants as data, plans, accepted plans, and what became of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042"
down_revision = "0041"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = ("plant_model", "plant_model_version", "operation_plan", "operation_schedule", "plan_outcome")


def upgrade() -> None:
    """Apply."""
    _plants()
    _plans()
    _what_became()
    for table in TABLES:
        op.create_index(f"ix_{table}_organisation_id", table, ["organisation_id"])
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({OWN})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")


def downgrade() -> None:
    """Take back."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _plants() -> None:
    op.create_table(
        "plant_model", _id(), _to("plant_model", "organisation_id", "organisation"),
        _to("plant_model", "site_id", "position"), sa.Column("is_active", sa.Boolean(), nullable=False),
        _instant("created_at"), sa.UniqueConstraint("site_id", name="uq_plant_model_site_id"),
    )  # fmt: skip
    op.create_table(
        "plant_model_version", _id(), _to("plant_model_version", "organisation_id", "organisation"),
        _to("plant_model_version", "plant_id", "plant_model"), sa.Column("number", sa.Integer(), nullable=False),
        _instant("valid_from"), _json("document"), _instant("created_at"),
        _to("plant_model_version", "created_by", "person", nullable=True),
        sa.UniqueConstraint("plant_id", "number", name="uq_plant_model_version_plant_id"),
    )  # fmt: skip


def _plans() -> None:
    figures = ("gap", "cost", "bound", "idle_cost", "rules_cost", "co2_kg")
    op.create_table(
        "operation_plan", _id(), _to("operation_plan", "organisation_id", "organisation"),
        _to("operation_plan", "plant_id", "plant_model"), _to("operation_plan", "version_id", "plant_model_version"),
        sa.Column("kind", _named("plankind", "rolling", "day ahead", "by hand"), nullable=False),
        _instant("starts_at"), _instant("ends_at"), _instant("made_at"),
        _to("operation_plan", "made_by", "person", nullable=True),
        sa.Column("status", _named("planstatus", "optimal", "time limit", "relaxed", "failed"), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in figures),
        sa.Column("currency", sa.String(), nullable=False), sa.Column("took_s", sa.Double(), nullable=False),
        _json("problem", nullable=True), *(_json(name) for name in ("inputs", "tariffs", "shortfalls", "actions")),
        *(sa.Column(name, sa.LargeBinary(), nullable=True) for name in ("result", "given")),
        sa.CheckConstraint("ends_at > starts_at", name="ck_operation_plan_half_open"),
        sa.CheckConstraint("(status = 'failed') = (problem IS NOT NULL)", name="ck_operation_plan_problem"),
    )  # fmt: skip
    op.create_index("ix_operation_plan_version_id", "operation_plan", ["version_id"])
    op.create_index("ix_operation_plan_made_at", "operation_plan", ["plant_id", "made_at"])
    op.create_index(
        "uq_operation_plan_of_the_clock", "operation_plan", ["plant_id", "kind", "starts_at"], unique=True,
        postgresql_where=sa.text("kind <> 'by hand'"),
    )  # fmt: skip


def _what_became() -> None:
    op.create_table(
        "operation_schedule", _id(), _to("operation_schedule", "organisation_id", "organisation"),
        _to("operation_schedule", "plant_id", "plant_model"), _to("operation_schedule", "plan_id", "operation_plan"),
        _instant("starts_at"), _instant("ends_at"), _instant("accepted_at"),
        _to("operation_schedule", "accepted_by", "person", nullable=True), _instant("superseded_at", nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name="ck_operation_schedule_half_open"),
    )  # fmt: skip
    op.create_index("ix_operation_schedule_plan_id", "operation_schedule", ["plan_id"])
    op.create_index(
        "ix_operation_schedule_in_force", "operation_schedule", ["plant_id"], unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "plan_outcome", _id(), _to("plan_outcome", "organisation_id", "organisation"),
        _to("plan_outcome", "plan_id", "operation_plan"), _instant("starts_at"), _instant("ends_at"),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("planned", "actual", "deviation")),
        _json("lines"), _instant("made_at"), sa.UniqueConstraint("plan_id", name="uq_plan_outcome_plan_id"),
    )  # fmt: skip


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), primary_key=True)


def _to(table: str, column: str, other: str, **more: bool) -> sa.Column[object]:
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}")
    return sa.Column(column, sa.Uuid(), key, **{"nullable": False, **more})


def _instant(name: str, **more: bool) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **{"nullable": False, **more})


def _json(name: str, **more: bool) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), **{"nullable": False, **more})


def _named(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=32)
