"""Remember the newest reading a point's amounts were made of: an earlier one that comes later moves borders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply."""
    op.add_column("progress", sa.Column("read_until", sa.DateTime(timezone=True)))
    op.execute("UPDATE progress SET read_until = settled_until")
    op.alter_column("progress", "read_until", nullable=False)


def downgrade() -> None:
    """Take back."""
    op.drop_column("progress", "read_until")
