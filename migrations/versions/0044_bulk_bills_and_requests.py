"""Bills of a run packed together, bills on schedule, what customers ask of the office, emergency credit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0044"
down_revision = "0043"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
THEIRS = f"{OWN} OR customer_id = ANY ((SELECT scope_organisations())::uuid[])"
MONEY = sa.Numeric(20, 4)
OF_WHOM = (
    "(paper <> 'statement' OR customer_id IS NOT NULL)"
    " AND (paper IN ('statement', 'bills') OR customer_id IS NULL)"
)


def upgrade() -> None:
    """Apply."""
    _archives()
    _requests()
    op.drop_constraint("ck_document_schedule_customer", "document_schedule")
    op.create_check_constraint("ck_document_schedule_customer", "document_schedule", OF_WHOM)
    op.add_column("supply_contract", sa.Column("emergency_credit", MONEY, nullable=True))
    op.create_check_constraint(
        "ck_supply_contract_emergency_credit", "supply_contract", "emergency_credit > 0"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_constraint("ck_supply_contract_emergency_credit", "supply_contract")
    op.drop_column("supply_contract", "emergency_credit")
    op.execute(
        "DELETE FROM document_delivery USING document_schedule s WHERE s.id = schedule_id AND paper = 'bills'"
    )
    op.execute("DELETE FROM document_schedule WHERE paper = 'bills'")
    op.drop_constraint("ck_document_schedule_customer", "document_schedule")
    op.create_check_constraint(
        "ck_document_schedule_customer",
        "document_schedule",
        "(paper = 'statement') = (customer_id IS NOT NULL)",
    )
    op.drop_table("account_request")
    op.drop_table("bill_archive")


def _to(table: str, column: str, other: str, **more: bool) -> sa.Column[object]:
    return sa.Column(column, sa.Uuid(), sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}"), **more)


def _named(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=32)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _archives() -> None:
    table = "bill_archive"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), primary_key=True), _to(table, "organisation_id", "organisation", nullable=False),
        _to(table, "run_id", "bill_run", nullable=False), sa.Column("locale", sa.String(), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=False), sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("after_id", sa.Uuid(), nullable=True),
        sa.Column("parts", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        _instant("asked_at"), _to(table, "asked_by", "person", nullable=True), _instant("ended_at", nullable=True),
        sa.UniqueConstraint("run_id", "locale", name="uq_bill_archive_run_id"),
    )  # fmt: skip
    op.create_index("ix_bill_archive_organisation_id", table, ["organisation_id"])
    _secured(table, OWN)


def _requests() -> None:
    table = "account_request"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), primary_key=True), _to(table, "organisation_id", "organisation", nullable=False),
        _to(table, "customer_id", "organisation", nullable=False),
        sa.Column("kind", _named("requestkind", "instalments", "refund"), nullable=False),
        _to(table, "bill_id", "bill", nullable=True), sa.Column("parts", sa.SmallInteger(), nullable=True),
        sa.Column("amount", MONEY, nullable=True), sa.Column("currency", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("status", _named("requeststatus", "open", "granted", "declined"), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        _instant("asked_at"), _to(table, "asked_by", "person", nullable=True),
        _instant("answered_at", nullable=True), _to(table, "answered_by", "person", nullable=True),
        sa.CheckConstraint("(status = 'open') = (answered_at IS NULL)", name="ck_account_request_answered"),
        sa.CheckConstraint("(kind = 'instalments') = (parts IS NOT NULL)", name="ck_account_request_parts"),
        sa.CheckConstraint("(kind = 'refund') = (amount IS NOT NULL)", name="ck_account_request_amount"),
    )  # fmt: skip
    op.create_index("ix_account_request_organisation_id", table, ["organisation_id"])
    op.create_index(
        "uq_account_request_open", table, ["organisation_id", "customer_id", "kind", "currency"], unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )  # fmt: skip
    op.create_index("ix_account_request_customer_id", table, ["customer_id"])
    _secured(table, THEIRS)


def _secured(table: str, seen: str) -> None:
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({seen})")
    op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({seen})")
    op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
    op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")
