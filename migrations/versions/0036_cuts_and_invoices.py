"""Supply that may be cut for debt, prepaid balances, statutory invoices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
MINE = "customer_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = ("supply_cut", "prepaid_balance", "electronic_invoice")
SEEN = {
    "supply_cut": f"{OWN} OR {MINE}",
    "prepaid_balance": f"{OWN} OR EXISTS (SELECT FROM supply_contract c WHERE c.id = contract_id)",
    "electronic_invoice": f"{OWN} OR EXISTS (SELECT FROM bill b WHERE b.id = bill_id)",
}


def upgrade() -> None:
    """Apply."""
    _tables()
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({SEEN[table]})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")


def downgrade() -> None:
    """Take back."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _word(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=32)


def _key(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([name], [what], name=op.f(f"fk_{table}_{name}"))
        for name, what in columns.items()
    ]


def _tables() -> None:
    op.create_table(
        "supply_cut",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            _word("cutstatus", "announced", "requested", "cut", "reconnecting", "reconnected", "withdrawn"),
            nullable=False,
        ),
        sa.Column("debt", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=False),
        sa.Column("announced_by", sa.Uuid(), nullable=True),
        sa.Column("earliest_on", sa.Date(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("low_c", sa.Float(), nullable=True),
        sa.Column("high_c", sa.Float(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("back_order_id", sa.Uuid(), nullable=True),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["supply_contract.id"], name=op.f("fk_supply_cut_contract_id")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["organisation.id"], name=op.f("fk_supply_cut_customer_id")),
        sa.ForeignKeyConstraint(["announced_by"], ["person.id"], name=op.f("fk_supply_cut_announced_by")),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"], name=op.f("fk_supply_cut_requested_by")),
        *_key("supply_cut", organisation_id="organisation.id"),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (status NOT IN ('reconnected', 'withdrawn'))",
            name=op.f("ck_supply_cut_ended"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supply_cut")),
    )
    op.create_index(op.f("ix_supply_cut_organisation_id"), "supply_cut", ["organisation_id"])
    op.create_index("ix_supply_cut_customer_id", "supply_cut", ["customer_id"])
    op.create_index(
        "uq_supply_cut_open",
        "supply_cut",
        ["contract_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "prepaid_balance",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("booked", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("used", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["supply_contract.id"], name=op.f("fk_prepaid_balance_contract_id")
        ),
        *_key("prepaid_balance", organisation_id="organisation.id"),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_prepaid_balance")),
    )
    op.create_index(op.f("ix_prepaid_balance_organisation_id"), "prepaid_balance", ["organisation_id"])
    op.create_table(
        "electronic_invoice",
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("status", _word("invoicestatus", "waiting", "issued", "refused"), nullable=False),
        sa.Column("is_red", sa.Boolean(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_electronic_invoice_bill_id")),
        *_key("electronic_invoice", organisation_id="organisation.id"),
        sa.CheckConstraint(
            "(status = 'issued') = (number IS NOT NULL)", name=op.f("ck_electronic_invoice_number")
        ),
        sa.PrimaryKeyConstraint("bill_id", name=op.f("pk_electronic_invoice")),
    )
    op.create_index(op.f("ix_electronic_invoice_organisation_id"), "electronic_invoice", ["organisation_id"])
    op.create_index("ix_electronic_invoice_status", "electronic_invoice", ["organisation_id", "status"])
