"""Numbers of messages stand with their readings and are united by device later; what is missing stays known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLE = "told_numbers"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        TABLE,
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("connection_id", sa.Uuid(), sa.ForeignKey("connection.id"), nullable=False, index=True),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id"), nullable=False, index=True),
        sa.Column("teller", sa.String(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
    )
    op.add_column(
        "device_sequence",
        sa.Column("missing", postgresql.INT8MULTIRANGE(), nullable=False, server_default="{}"),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLE} TO {APP}")
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY sees ON {TABLE} FOR SELECT TO {APP} USING ({OWN})")
    op.execute(f"CREATE POLICY adds ON {TABLE} FOR INSERT TO {APP} WITH CHECK ({OWN})")
    op.execute(f"CREATE POLICY changes ON {TABLE} FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
    op.execute(f"CREATE POLICY removes ON {TABLE} FOR DELETE TO {APP} USING ({OWN})")


def downgrade() -> None:
    """Take back: what is not united yet would be taken for messages that were lost."""
    op.drop_column("device_sequence", "missing")
    op.drop_table(TABLE)
