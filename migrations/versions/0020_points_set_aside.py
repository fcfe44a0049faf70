"""A point whose readings nothing can be made of is set aside with its error, and holds up nobody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Apply."""
    op.add_column("point", sa.Column("error", sa.String()))
    op.add_column("point", sa.Column("failing_since", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Take back."""
    op.drop_column("point", "failing_since")
    op.drop_column("point", "error")
