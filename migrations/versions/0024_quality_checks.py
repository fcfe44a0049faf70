"""A share of closed orders is looked at again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"


def upgrade() -> None:
    """Apply."""
    op.add_column("sla_policy", sa.Column("quality_share", sa.Double(), nullable=False, server_default="0.1"))
    op.create_check_constraint("ck_sla_policy_share", "sla_policy", "quality_share BETWEEN 0 AND 1")
    op.create_table(
        "quality_check",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _to("organisation_id", "organisation"), _to("work_order_id", "work_order"),
        sa.Column("cycle", sa.Integer(), nullable=False), _to("event_id", "work_order_event"),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_good", sa.Boolean()), sa.Column("findings", sa.String()),
        sa.Column("checked_at", sa.DateTime(timezone=True)), _to("checked_by", "person", nullable=True),
        sa.UniqueConstraint("work_order_id", "cycle", name="uq_quality_check_work_order_id"),
    )  # fmt: skip
    op.create_index("ix_quality_check_organisation_id", "quality_check", ["organisation_id"])
    op.create_index("ix_quality_check_recent", "quality_check", ["organisation_id", "drawn_at", "id"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON quality_check TO {APP}")
    op.execute("ALTER TABLE quality_check ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY sees ON quality_check FOR SELECT TO {APP} USING ({OWN})")
    op.execute(f"CREATE POLICY adds ON quality_check FOR INSERT TO {APP} WITH CHECK ({OWN})")
    op.execute(f"CREATE POLICY changes ON quality_check FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
    op.execute(f"CREATE POLICY removes ON quality_check FOR DELETE TO {APP} USING ({OWN})")


def downgrade() -> None:
    """Take back."""
    op.drop_table("quality_check")
    op.drop_column("sla_policy", "quality_share")


def _to(column: str, other: str, *, nullable: bool = False) -> sa.Column[object]:
    key = sa.ForeignKey(f"{other}.id", name=f"fk_quality_check_{column}")
    return sa.Column(column, sa.Uuid(), key, nullable=nullable)
