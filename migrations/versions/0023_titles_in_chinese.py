"""Titles of work orders that the product made read in Chinese, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Apply; orders that alarms raised take the Chinese name of their rule, inspections that of their plan."""
    op.add_column("work_order", sa.Column("title_zh", sa.String(), nullable=True))
    op.execute(
        "UPDATE work_order SET title_zh = r.name_zh FROM alarm a JOIN alarm_rule r ON r.id = a.rule_id"
        " WHERE a.id = work_order.alarm_id AND work_order.title = r.name"
    )
    op.execute(
        "UPDATE work_order SET title_zh = p.name_zh FROM inspection_plan p"
        " WHERE p.id = work_order.inspection_plan_id AND work_order.title = p.name"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("work_order", "title_zh")
