"""What customers owed before an operator's books began."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "opening_balance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["supply_contract.id"], name=op.f("fk_opening_balance_contract_id")
        ),
        sa.ForeignKeyConstraint(["note_id"], ["bill.id"], name=op.f("fk_opening_balance_note_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_opening_balance_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_balance")),
        sa.UniqueConstraint("contract_id", "reference", name=op.f("uq_opening_balance_contract_id")),
    )
    op.create_index(op.f("ix_opening_balance_organisation_id"), "opening_balance", ["organisation_id"])
    op.execute(f"GRANT SELECT, INSERT ON opening_balance TO {APP}")
    op.execute("ALTER TABLE opening_balance ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY sees ON opening_balance FOR SELECT TO {APP} USING ({OWN})")
    op.execute(f"CREATE POLICY adds ON opening_balance FOR INSERT TO {APP} WITH CHECK ({OWN})")
    op.execute(
        f"CREATE POLICY changes ON opening_balance FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})"
    )
    op.execute(f"CREATE POLICY removes ON opening_balance FOR DELETE TO {APP} USING ({OWN})")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON opening_balance"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("opening_balance")
