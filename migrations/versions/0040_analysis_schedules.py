"""Views of analysis that are made by themselves for each period, and what became of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0040"
down_revision = "0039"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = ("analysis_schedule", "analysis_delivery")


def upgrade() -> None:
    """Apply."""
    _tables()
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({OWN})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")


def downgrade() -> None:
    """Take back."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _named(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=32)


def _tables() -> None:
    op.create_table(
        "analysis_schedule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("view", sa.String(32), nullable=False),
        sa.Column("filters", postgresql.JSONB(), nullable=False),
        sa.Column("every", _named("every", "day", "week", "month", "quarter", "year"), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("forms", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("road", _named("road", "mail", "folder"), nullable=False),
        sa.Column("recipients", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_analysis_schedule_ends_on")
        ),
        sa.CheckConstraint(
            "(road = 'mail') = (cardinality(recipients) > 0)", name=op.f("ck_analysis_schedule_recipients")
        ),
        sa.CheckConstraint("cardinality(forms) > 0", name=op.f("ck_analysis_schedule_forms")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_analysis_schedule_created_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_analysis_schedule_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_schedule")),
    )
    op.create_index(op.f("ix_analysis_schedule_organisation_id"), "analysis_schedule", ["organisation_id"])
    op.create_table(
        "analysis_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("status", _named("deliverystatus", "waiting", "done", "failed"), nullable=False),
        sa.Column("files", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["analysis_schedule.id"], name=op.f("fk_analysis_delivery_schedule_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_analysis_delivery_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_delivery")),
        sa.UniqueConstraint("schedule_id", "first", name=op.f("uq_analysis_delivery_schedule_id")),
    )
    op.create_index(op.f("ix_analysis_delivery_organisation_id"), "analysis_delivery", ["organisation_id"])
    op.create_index(
        "ix_analysis_delivery_due", "analysis_delivery", ["next_try_at"],
        postgresql_where=sa.text("status <> 'done'"),
    )  # fmt: skip
