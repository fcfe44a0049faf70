"""Bills that rest on intervals revised since wait to be rated again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "revised_bill",
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("intervals", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_revised_bill_bill_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_revised_bill_organisation_id")
        ),
        sa.PrimaryKeyConstraint("bill_id", name=op.f("pk_revised_bill")),
    )
    op.create_index(op.f("ix_revised_bill_organisation_id"), "revised_bill", ["organisation_id"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON revised_bill TO {APP}")
    op.execute("ALTER TABLE revised_bill ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY sees ON revised_bill FOR SELECT TO {APP} USING ({OWN})")
    op.execute(f"CREATE POLICY adds ON revised_bill FOR INSERT TO {APP} WITH CHECK ({OWN})")
    op.execute(f"CREATE POLICY changes ON revised_bill FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
    op.execute(f"CREATE POLICY removes ON revised_bill FOR DELETE TO {APP} USING ({OWN})")


def downgrade() -> None:
    """Take back."""
    op.drop_table("revised_bill")
