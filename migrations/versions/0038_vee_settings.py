"""How organisations want their intervals validated and estimated, and when points are known to be shut."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = ("vee_setting", "shut_period")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "vee_setting",
        sa.Column("id", sa.Uuid(), primary_key=True), _to("vee_setting", "organisation_id", "organisation"),
        *(sa.Column(name, sa.Boolean(), nullable=False)
          for name in ("uses_siblings", "uses_weather", "uses_holidays", "is_shut_without_supply")),
        *(sa.Column(name, sa.SmallInteger(), nullable=False) for name in ("longest_gap_days", "missing")),
        *(sa.Column(name, sa.Double(), nullable=False)
          for name in ("spike", "high", "low", "dead_hours", "clock_s", "loss", "excess")),
        _instant("changed_at"),
        sa.CheckConstraint("longest_gap_days BETWEEN 1 AND 62", name="ck_vee_setting_longest_gap_days"),
        sa.CheckConstraint(
            "missing >= 0 AND spike > 1 AND high > 1 AND low BETWEEN 0 AND 1 AND dead_hours > 0 AND clock_s > 0"
            " AND loss BETWEEN 0 AND 1 AND excess BETWEEN 0 AND 1",
            name="ck_vee_setting_limits",
        ),
        sa.UniqueConstraint("organisation_id", name="uq_vee_setting_organisation_id"),
    )  # fmt: skip
    op.create_index("ix_vee_setting_organisation_id", "vee_setting", ["organisation_id"])
    op.create_table(
        "shut_period",
        sa.Column("id", sa.Uuid(), primary_key=True), _to("shut_period", "organisation_id", "organisation"),
        _to("shut_period", "point_id", "point"), _instant("starts_at"), _instant("ends_at", nullable=True),
        sa.Column("reason", sa.String(), nullable=False), _to("shut_period", "said_by", "person", nullable=True),
        sa.CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="ck_shut_period_period"),
        sa.UniqueConstraint("point_id", "starts_at", name="uq_shut_period_point_id"),
    )  # fmt: skip
    op.create_index("ix_shut_period_organisation_id", "shut_period", ["organisation_id"])
    for table in TABLES:
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


def _to(table: str, column: str, other: str, **more: bool) -> sa.Column[object]:
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}")
    return sa.Column(column, sa.Uuid(), key, **{"nullable": False, **more})


def _instant(name: str, **more: bool) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **{"nullable": False, **more})
