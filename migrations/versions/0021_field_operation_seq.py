"""What a phone counted before an operation is found at once, however much it has sent."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_field_operation_seq", "field_operation", ["person_id", "device_id", "seq"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_field_operation_seq", table_name="field_operation")
