"""Payments, what they paid, refunds, bank files, and payments asked of a provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
MINE = "customer_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = ("bank_file", "payment", "allocation", "refund", "payment_intent")
SEEN = dict.fromkeys(("payment", "refund", "payment_intent"), f"{OWN} OR {MINE}") | {
    "allocation": f"{OWN} OR EXISTS (SELECT FROM bill b WHERE b.id = bill_id)",
}
ADDED = {"payment_intent": f"{OWN} OR {MINE}"}
"""Customers ask for payments themselves."""

APPEND_ONLY = ("bank_file", "allocation", "refund")

FUNCTIONS = """
CREATE FUNCTION payment_stays() RETURNS trigger LANGUAGE plpgsql AS $$
-- Only whose it is may be said of a payment, once.
BEGIN
    IF TG_OP = 'DELETE' OR OLD.customer_id IS NOT NULL
        OR to_jsonb(NEW) - '{customer_id,matched_by}'::text[] <> to_jsonb(OLD) - '{customer_id,matched_by}'::text[]
    THEN
        RAISE EXCEPTION 'payment % stays as it is', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON payment FOR EACH ROW EXECUTE FUNCTION payment_stays();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON payment FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Apply."""
    _tables()
    op.execute(FUNCTIONS)
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({SEEN.get(table, OWN)})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({ADDED.get(table, OWN)})")
        op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE ON {table} FROM {APP}")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """Take back."""
    for table in ("payment_intent", "refund", "allocation", "payment", "bank_file"):
        op.drop_table(table)
    op.execute("DROP FUNCTION payment_stays")


def _tables() -> None:
    op.create_table(
        "bank_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_bank_file_added_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_bank_file_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_file")),
        sa.UniqueConstraint("organisation_id", "digest", name=op.f("uq_bank_file_organisation_id")),
    )
    op.create_index(op.f("ix_bank_file_organisation_id"), "bank_file", ["organisation_id"], unique=False)
    op.create_table(
        "payment_intent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("open", "paid", "failed", name="intentstatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("pay_url", sa.String(), nullable=True),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_intent_amount")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_payment_intent_asked_by")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["organisation.id"], name=op.f("fk_payment_intent_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_payment_intent_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_intent")),
    )
    op.create_index("ix_payment_intent_customer_id", "payment_intent", ["customer_id"], unique=False)
    op.create_index(
        op.f("ix_payment_intent_organisation_id"), "payment_intent", ["organisation_id"], unique=False
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column(
            "way",
            sa.Enum("bank", "cash", "provider", name="way", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("payer", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("matched_by", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(customer_id IS NULL) = (matched_by IS NULL)", name=op.f("ck_payment_matched")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_amount")),
        sa.ForeignKeyConstraint(["book_id"], ["ledger_book.id"], name=op.f("fk_payment_book_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["organisation.id"], name=op.f("fk_payment_customer_id")),
        sa.ForeignKeyConstraint(["file_id"], ["bank_file.id"], name=op.f("fk_payment_file_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_payment_organisation_id")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_payment_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("organisation_id", "way", "key", name=op.f("uq_payment_organisation_id")),
    )
    op.create_index("ix_payment_customer_id", "payment", ["customer_id"], unique=False)
    op.create_index(op.f("ix_payment_organisation_id"), "payment", ["organisation_id"], unique=False)
    op.create_index("ix_payment_recent", "payment", ["organisation_id", "received_on", "id"], unique=False)
    op.create_index(
        "ix_payment_unassigned",
        "payment",
        ["organisation_id", "id"],
        unique=False,
        postgresql_where=sa.text("customer_id IS NULL"),
    )
    op.create_table(
        "refund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "way",
            sa.Enum("bank", "cash", "provider", name="way", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("amount", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refund_amount")),
        sa.ForeignKeyConstraint(["book_id"], ["ledger_book.id"], name=op.f("fk_refund_book_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["organisation.id"], name=op.f("fk_refund_customer_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_refund_organisation_id")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_refund_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
    )
    op.create_index("ix_refund_customer_id", "refund", ["customer_id"], unique=False)
    op.create_index(op.f("ix_refund_organisation_id"), "refund", ["organisation_id"], unique=False)
    op.create_table(
        "allocation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=True),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_allocation_amount")),
        sa.CheckConstraint("bill_id IS NOT NULL OR source_id IS NOT NULL", name=op.f("ck_allocation_ends")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_allocation_bill_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_allocation_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
    )
    op.create_index("ix_allocation_bill_id", "allocation", ["bill_id"], unique=False)
    op.create_index(op.f("ix_allocation_organisation_id"), "allocation", ["organisation_id"], unique=False)
    op.create_index("ix_allocation_source_id", "allocation", ["source_id"], unique=False)
