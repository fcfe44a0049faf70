"""Parts set aside, alarms held quiet by several orders, health, knowledge; a visit belongs to a cycle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0022"
down_revision = "0021"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = ("planned_part", "alarm_hold", "asset_health", "knowledge_card")
OPEN = "status NOT IN ({over}) AND kind = 'repair' AND NOT is_rehearsal"
OVER = "'closed', 'cancelled', 'rejected', 'merged'"


def upgrade() -> None:
    """Apply."""
    op.add_column("visit", sa.Column("cycle", sa.Integer(), nullable=False, server_default="1"))
    _open_orders(f"{OVER}, 'cannot_complete'")
    _tables()
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
    _open_orders(OVER)
    op.drop_column("visit", "cycle")


def _open_orders(over: str) -> None:
    """One open repair for a fault at a place; what cannot be completed is no longer open."""
    op.drop_index("uq_work_order_open", "work_order")
    op.create_index(
        "uq_work_order_open", "work_order", ["position_id", "fault_class"], unique=True,
        postgresql_where=sa.text(OPEN.format(over=over)),
    )  # fmt: skip


def _tables() -> None:
    op.create_table(
        "planned_part", *_keys("planned_part"),
        _to("planned_part", "work_order_id", "work_order"), _to("planned_part", "part_id", "part"),
        sa.Column("quantity", sa.Numeric(12, 3), nullable=False),
        _to("planned_part", "store_id", "store", nullable=True),
        sa.UniqueConstraint("work_order_id", "part_id", name="uq_planned_part_work_order_id"),
    )  # fmt: skip
    for column in ("work_order_id", "part_id", "store_id"):
        op.create_index(f"ix_planned_part_{column}", "planned_part", [column])
    op.create_table(
        "alarm_hold", *_keys("alarm_hold"), _to("alarm_hold", "work_order_id", "work_order"),
        _to("alarm_hold", "rule_id", "alarm_rule"), sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("work_order_id", "rule_id", name="uq_alarm_hold_work_order_id"),
    )  # fmt: skip
    for column in ("work_order_id", "rule_id"):
        op.create_index(f"ix_alarm_hold_{column}", "alarm_hold", [column])
    op.create_table(
        "asset_health", *_keys("asset_health"), _to("asset_health", "position_id", "position"),
        sa.Column("score", sa.Float(), nullable=False), sa.Column("because", JSONB(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("position_id", name="uq_asset_health_position_id"),
    )  # fmt: skip
    op.create_table(
        "knowledge_card", *_keys("knowledge_card"), _to("knowledge_card", "work_order_id", "work_order"),
        sa.Column("cycle", sa.Integer(), nullable=False), sa.Column("fault_class", sa.String(), nullable=False),
        sa.Column("problem_code", sa.String(), nullable=False), sa.Column("cause_code", sa.String(), nullable=False),
        sa.Column("remedy_code", sa.String(), nullable=False), sa.Column("text", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        _to("knowledge_card", "decided_by", "person", nullable=True),
        sa.UniqueConstraint("work_order_id", "cycle", name="uq_knowledge_card_work_order_id"),
    )  # fmt: skip


def _keys(table: str) -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.Uuid(), primary_key=True),
        _to(table, "organisation_id", "organisation"),
    )


def _to(table: str, column: str, other: str, *, nullable: bool = False) -> sa.Column[object]:
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}")
    return sa.Column(column, sa.Uuid(), key, nullable=nullable)
