"""Bill runs, bills and their lines; what is issued stays as it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0030"
down_revision = "0029"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = ("bill_run", "bill_run_exception", "bill", "bill_line", "bill_counter")
ISSUED_TO_ME = "(customer_id = ANY ((SELECT scope_organisations())::uuid[]) AND status = 'issued')"
SEEN = {
    "bill": f"{OWN} OR {ISSUED_TO_ME}",
    "bill_line": f"{OWN} OR EXISTS (SELECT FROM bill b WHERE b.id = bill_id)",
}
THROWN_AWAY = ("bill", "bill_line")
"""Drafts may be; the triggers see to it that nothing else is."""

FUNCTIONS = """
CREATE FUNCTION bill_is_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'issued' THEN
        RAISE EXCEPTION 'bill % is issued and stays as it is', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER issued BEFORE UPDATE OR DELETE ON bill FOR EACH ROW EXECUTE FUNCTION bill_is_draft();

CREATE FUNCTION line_is_of_draft() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM touched JOIN bill ON bill.id = touched.bill_id WHERE bill.status = 'issued') THEN
        RAISE EXCEPTION 'lines of an issued bill stay as they are' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER issued_added AFTER INSERT ON bill_line REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION line_is_of_draft();
CREATE TRIGGER issued_changed AFTER UPDATE ON bill_line REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION line_is_of_draft();
CREATE TRIGGER issued_removed AFTER DELETE ON bill_line REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION line_is_of_draft();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON bill FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON bill_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Apply."""
    _tables()
    op.execute(
        "ALTER TABLE bill ADD CONSTRAINT ex_bill_once EXCLUDE USING gist"
        " (contract_id WITH =, daterange(starts_on, ends_on) WITH &&) WHERE (kind = 'bill')"
    )
    op.execute(FUNCTIONS)
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({SEEN.get(table, OWN)})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")
    for table in THROWN_AWAY:
        op.execute(f"GRANT DELETE ON {table} TO {APP}")


def downgrade() -> None:
    """Take back."""
    for table in ("bill_line", "bill", "bill_run_exception", "bill_run", "bill_counter"):
        op.drop_table(table)
    op.execute("DROP FUNCTION bill_is_draft, line_is_of_draft")


def _tables() -> None:
    op.create_table(
        "bill_counter",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_bill_counter_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "year", name=op.f("pk_bill_counter")),
    )
    op.create_table(
        "bill_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "previewing",
                "previewed",
                "issuing",
                "issued",
                "abandoned",
                name="runstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("after_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("issue_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_bill_run_approved_by")),
        sa.ForeignKeyConstraint(["book_id"], ["ledger_book.id"], name=op.f("fk_bill_run_book_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_bill_run_organisation_id")
        ),
        sa.ForeignKeyConstraint(["started_by"], ["person.id"], name=op.f("fk_bill_run_started_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill_run")),
    )
    op.create_index(op.f("ix_bill_run_organisation_id"), "bill_run", ["organisation_id"], unique=False)
    op.create_index("ix_bill_run_recent", "bill_run", ["organisation_id", "started_at"], unique=False)
    op.create_table(
        "bill",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum("bill", "credit_note", "debit_note", name="billkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum("draft", "issued", name="billstatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("year", sa.SmallInteger(), nullable=True),
        sa.Column("serial", sa.Integer(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("months", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("total", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("tariff_version_id", sa.Uuid(), nullable=False),
        sa.Column("opening", JSONB(), nullable=False),
        sa.Column("closing", JSONB(), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(status = 'issued') = (serial IS NOT NULL AND issued_at IS NOT NULL)",
            name=op.f("ck_bill_number"),
        ),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("ck_bill_half_open")),
        sa.ForeignKeyConstraint(["contract_id"], ["supply_contract.id"], name=op.f("fk_bill_contract_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["bill.id"], name=op.f("fk_bill_corrects_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["organisation.id"], name=op.f("fk_bill_customer_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_bill_organisation_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["bill_run.id"], name=op.f("fk_bill_run_id")),
        sa.ForeignKeyConstraint(
            ["tariff_version_id"], ["tariff_version.id"], name=op.f("fk_bill_tariff_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill")),
        sa.UniqueConstraint("organisation_id", "year", "serial", name="uq_bill_number"),
    )
    op.create_index("ix_bill_contract_id", "bill", ["contract_id", "starts_on"], unique=False)
    op.create_index("ix_bill_corrects_id", "bill", ["corrects_id"], unique=False)
    op.create_index("ix_bill_customer_id", "bill", ["customer_id", "issued_at"], unique=False)
    op.create_index(op.f("ix_bill_organisation_id"), "bill", ["organisation_id"], unique=False)
    op.create_index("ix_bill_run_id", "bill", ["run_id", "id"], unique=False)
    op.create_table(
        "bill_run_exception",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["supply_contract.id"], name=op.f("fk_bill_run_exception_contract_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_bill_run_exception_organisation_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["bill_run.id"], name=op.f("fk_bill_run_exception_run_id")),
        sa.PrimaryKeyConstraint("run_id", "contract_id", name=op.f("pk_bill_run_exception")),
    )
    op.create_index(
        op.f("ix_bill_run_exception_organisation_id"), "bill_run_exception", ["organisation_id"], unique=False
    )
    op.create_table(
        "bill_line",
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("component", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", JSONB(), nullable=False),
        sa.Column("period", sa.String(), nullable=True),
        sa.Column("block", sa.SmallInteger(), nullable=True),
        sa.Column("register", sa.String(), nullable=True),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("price", sa.Numeric(), nullable=True),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("is_included", sa.Boolean(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Date(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_bill_line_bill_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_bill_line_organisation_id")
        ),
        sa.PrimaryKeyConstraint("bill_id", "place", name=op.f("pk_bill_line")),
    )
    op.create_index(op.f("ix_bill_line_organisation_id"), "bill_line", ["organisation_id"], unique=False)
