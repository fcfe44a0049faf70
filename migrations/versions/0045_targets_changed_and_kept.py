"""What a forecast target was before it was changed, why no model could be trained, and what a plan kept to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "forecast_target",
        sa.Column("earlier", JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb")),
    )
    op.add_column(
        "operation_plan", sa.Column("targets", JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb"))
    )
    op.add_column("forecast_target", sa.Column("untrained_since", sa.DateTime(timezone=True)))
    op.add_column("forecast_target", sa.Column("untrained", JSONB()))


def downgrade() -> None:
    """Take back."""
    op.drop_column("operation_plan", "targets")
    for column in ("untrained", "untrained_since", "earlier"):
        op.drop_column("forecast_target", column)
