"""Who shelved or took out a rule and why; alarms that keep quiet; the evaluator's memory as one row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

APP = "enerfield_app"


def upgrade() -> None:
    """Apply."""
    for name, kind in (
        ("shelved_reason", sa.String()),
        ("out_of_service_by", sa.Uuid()),
        ("out_of_service_reason", sa.String()),
        ("suppressed_by_id", sa.Uuid()),
    ):
        op.add_column("alarm_rule", sa.Column(name, kind, nullable=True))
    op.create_foreign_key(
        op.f("fk_alarm_rule_suppressed_by_id"), "alarm_rule", "alarm_rule", ["suppressed_by_id"], ["id"]
    )
    op.create_index(op.f("ix_alarm_rule_suppressed_by_id"), "alarm_rule", ["suppressed_by_id"])
    op.add_column("alarm", sa.Column("times", sa.Integer(), nullable=False, server_default="1"))
    op.alter_column("alarm", "times", server_default=None)
    op.drop_column("alarm", "shelved_until")
    kinds = ("shelved", "out_of_service", "by_design")
    op.add_column("alarm", sa.Column("suppression", sa.Enum(*kinds, native_enum=False, length=32)))
    op.create_index("ix_alarm_raised_at", "alarm", ["raised_at", "id"])
    op.create_index("ix_alarm_event_at", "alarm_event", ["at", "kind"])
    op.drop_table("rule_memory")
    op.create_table(
        "rule_memory",
        sa.Column("follower", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("memory", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("follower", name=op.f("pk_rule_memory")),
    )
    op.execute("ALTER TABLE rule_memory ALTER COLUMN memory SET STORAGE EXTERNAL")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON rule_memory TO {APP}")


def downgrade() -> None:
    """Take back."""
    op.drop_table("rule_memory")
    op.create_table(
        "rule_memory",
        sa.Column("rule_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("memory", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("rule_key", name=op.f("pk_rule_memory")),
        postgresql_with={"fillfactor": "50"},
    )
    op.drop_index("ix_alarm_event_at", table_name="alarm_event")
    op.drop_index("ix_alarm_raised_at", table_name="alarm")
    op.drop_column("alarm", "suppression")
    op.add_column("alarm", sa.Column("shelved_until", sa.DateTime(timezone=True), nullable=True))
    op.drop_column("alarm", "times")
    for name in ("suppressed_by_id", "out_of_service_reason", "out_of_service_by", "shelved_reason"):
        op.drop_column("alarm_rule", name)
