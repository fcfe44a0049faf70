"""Find edited intervals at once; keep the journal's bytes plain (compressing them costs more than it saves)."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    op.execute('CREATE INDEX ix_interval_edited ON "interval" (point_key, start) WHERE method = 2')
    for column in ("spans", "journal"):
        op.execute(f"ALTER TABLE batch ALTER COLUMN {column} SET STORAGE EXTERNAL")


def downgrade() -> None:
    """Take back."""
    op.execute("DROP INDEX ix_interval_edited")
    for column in ("spans", "journal"):
        op.execute(f"ALTER TABLE batch ALTER COLUMN {column} SET STORAGE EXTENDED")
