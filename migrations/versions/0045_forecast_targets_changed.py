"""What a forecast target was set to before it was changed, and why no model could be trained."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "forecast_target", sa.Column("earlier", JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb"))
    )
    op.add_column("forecast_target", sa.Column("untrained_since", sa.DateTime(timezone=True)))
    op.add_column("forecast_target", sa.Column("untrained", JSONB()))


def downgrade() -> None:
    """Take back."""
    for column in ("untrained", "untrained_since", "earlier"):
        op.drop_column("forecast_target", column)
