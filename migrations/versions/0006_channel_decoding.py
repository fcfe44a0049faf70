"""Say apart where a channel reads and how what it finds is decoded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
    op.add_column("channel", sa.Column("decoding", JSONB, nullable=False, server_default="{}"))
    op.add_column("connection", sa.Column("timeout_seconds", sa.Double, nullable=False, server_default="1"))


def downgrade() -> None:
    """Take back."""
    op.drop_column("channel", "decoding")
    op.drop_column("connection", "timeout_seconds")
