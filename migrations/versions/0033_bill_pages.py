"""Customers see their tariffs and what the ledger says of them; complaints about lines; bills so far."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0033"
down_revision = "0032"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
MINE = "customer_id = ANY ((SELECT scope_organisations())::uuid[])"
ABOUT_ME = "party_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = ("complaint", "complaint_word", "bill_so_far")
SEEN = {
    "tariff": "EXISTS (SELECT FROM supply_contract c WHERE c.tariff_id = tariff.id)",
    "tariff_version": "EXISTS (SELECT FROM supply_contract c WHERE c.tariff_id = tariff_version.tariff_id)",
    "ledger_posting": ABOUT_ME,
    "ledger_account": f"EXISTS (SELECT FROM ledger_posting p WHERE p.account_id = ledger_account.id AND p.{ABOUT_ME})",
}
"""What else is seen of tables that were an operator's alone: by customers, what concerns them."""

OF_MY_COMPLAINT = "EXISTS (SELECT FROM complaint c WHERE c.id = complaint_id)"
"""The complaint's own policy says whose it is."""


def upgrade() -> None:
    """Apply."""
    for table, more in SEEN.items():
        op.execute(f"DROP POLICY sees ON {table}")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({OWN} OR {more})")
    _tables()
    for table, seen, adds, changes in (
        ("complaint", f"{OWN} OR {MINE}", f"{OWN} OR {MINE}", f"{OWN} OR {MINE}"),
        ("complaint_word", OF_MY_COMPLAINT, OF_MY_COMPLAINT, "false"),
        ("bill_so_far", f"{OWN} OR {MINE}", OWN, OWN),
    ):
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({seen})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({adds})")
        op.execute(
            f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({changes}) WITH CHECK ({changes})"
        )
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")
    op.execute(f"REVOKE UPDATE ON complaint_word FROM {APP}")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON complaint_word"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Take back."""
    for table in reversed(TABLES):
        op.drop_table(table)
    for table in SEEN:
        op.execute(f"DROP POLICY sees ON {table}")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({OWN})")


def _tables() -> None:
    op.create_table(
        "complaint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("open", "answered", "settled", name="complaintstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_complaint_bill_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["organisation.id"], name=op.f("fk_complaint_customer_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_complaint_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
    )
    op.create_index(op.f("ix_complaint_organisation_id"), "complaint", ["organisation_id"])
    op.create_index("ix_complaint_bill_id", "complaint", ["bill_id"])
    op.create_index("ix_complaint_customer_id", "complaint", ["customer_id"])
    op.create_table(
        "complaint_word",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("is_answer", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_by", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name=op.f("fk_complaint_word_complaint_id")
        ),
        sa.ForeignKeyConstraint(["said_by"], ["person.id"], name=op.f("fk_complaint_word_said_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_complaint_word_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_word")),
    )
    op.create_index(op.f("ix_complaint_word_organisation_id"), "complaint_word", ["organisation_id"])
    op.create_index("ix_complaint_word_complaint_id", "complaint_word", ["complaint_id"])
    op.create_table(
        "bill_so_far",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=4), nullable=True),
        sa.Column("projected", sa.Numeric(precision=20, scale=4), nullable=True),
        sa.Column("usual", sa.Numeric(precision=20, scale=4), nullable=True),
        sa.Column("parts", JSONB(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("is_high", sa.Boolean(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["supply_contract.id"], name=op.f("fk_bill_so_far_contract_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["organisation.id"], name=op.f("fk_bill_so_far_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_bill_so_far_organisation_id")
        ),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_bill_so_far")),
    )
    op.create_index(op.f("ix_bill_so_far_organisation_id"), "bill_so_far", ["organisation_id"])
    op.create_index("ix_bill_so_far_customer_id", "bill_so_far", ["customer_id"])
