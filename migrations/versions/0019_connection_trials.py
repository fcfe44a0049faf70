"""Trials of connections: somebody asks whether a device answers, a worker finds out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "connection_trial",
        sa.Column(
            "connection_id", sa.Uuid(), sa.ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("unit", sa.SmallInteger()),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.String()),
        sa.Column("detail", JSONB()),
    )
    op.create_index("ix_connection_trial_organisation_id", "connection_trial", ["organisation_id"])
    op.execute(f"GRANT DELETE ON connection_trial TO {APP}")
    op.execute("ALTER TABLE connection_trial ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY sees ON connection_trial FOR SELECT TO {APP} USING ({OWN})")
    op.execute(f"CREATE POLICY adds ON connection_trial FOR INSERT TO {APP} WITH CHECK ({OWN})")
    op.execute(
        f"CREATE POLICY changes ON connection_trial FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})"
    )
    op.execute(f"CREATE POLICY removes ON connection_trial FOR DELETE TO {APP} USING ({OWN})")


def downgrade() -> None:
    """Take back."""
    op.drop_table("connection_trial")
