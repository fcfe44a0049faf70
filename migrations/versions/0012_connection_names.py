"""Connections have a name in Chinese; dead letters keep what a replay must know beside their bytes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Apply."""
    op.add_column("connection", sa.Column("name_zh", sa.String(), nullable=True))
    op.add_column("dead_letter", sa.Column("known", JSONB(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("dead_letter", "known")
    op.drop_column("connection", "name_zh")
