"""Sequence numbers heard from devices, and answers already given to pushing gateways."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = ("device_sequence", "gateway_request")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "device_sequence",
        sa.Column("connection_id", sa.Uuid(), sa.ForeignKey("connection.id"), primary_key=True),
        sa.Column("device", sa.String(), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id"), nullable=False, index=True),
        sa.Column("run_us", sa.BigInteger(), nullable=False),
        sa.Column("seen", postgresql.INT8MULTIRANGE(), nullable=False),
        sa.Column("broken_at", sa.DateTime(timezone=True)),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "ix_device_sequence_broken_at", "device_sequence", ["broken_at"],
        postgresql_where=sa.text("broken_at IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "gateway_request",
        sa.Column("connection_id", sa.Uuid(), sa.ForeignKey("connection.id"), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id"), nullable=False, index=True),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({OWN})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")


def downgrade() -> None:
    """Take back."""
    for table in TABLES:
        op.drop_table(table)
