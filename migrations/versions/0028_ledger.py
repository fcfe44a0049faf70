"""The ledger: double entry, only ever added to, chained by hashes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0028"
down_revision = "0027"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = ("ledger_book", "ledger_account", "journal_entry", "ledger_posting", "ledger_closing")
APPEND_ONLY = ("journal_entry", "ledger_posting", "ledger_closing")
BALANCED = ("journal_entry", "ledger_posting")

FUNCTIONS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
-- Whoever asks, the owner of the tables included.
BEGIN
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION entry_is_balanced() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- At the commit: an entry has all the sides it says, and they balance in each currency.
DECLARE
    entry uuid := to_jsonb(NEW) ->> CASE TG_TABLE_NAME WHEN 'journal_entry' THEN 'id' ELSE 'entry_id' END;
BEGIN
    IF (SELECT count(*) FROM ledger_posting WHERE entry_id = entry)
        IS DISTINCT FROM (SELECT sides::bigint FROM journal_entry WHERE id = entry)
        OR EXISTS (SELECT FROM ledger_posting WHERE entry_id = entry GROUP BY currency HAVING sum(amount) <> 0)
    THEN
        RAISE EXCEPTION 'journal entry % does not balance', entry USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION entry_is_open() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Nothing is written into a closed period.
BEGIN
    IF NEW.booked_on < (SELECT closed_until FROM ledger_book WHERE id = NEW.book_id) THEN
        RAISE EXCEPTION 'the book is closed on %', NEW.booked_on USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


def upgrade() -> None:
    """Apply."""
    _tables()
    op.execute(FUNCTIONS)
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({OWN})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APP}")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table in BALANCED:
        op.execute(
            f"CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION entry_is_balanced()"
        )
    op.execute(
        "CREATE TRIGGER open BEFORE INSERT ON journal_entry FOR EACH ROW EXECUTE FUNCTION entry_is_open()"
    )


def downgrade() -> None:
    """Take back."""
    for table in ("ledger_closing", "ledger_posting", "journal_entry", "ledger_account", "ledger_book"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change, entry_is_balanced, entry_is_open")


def _tables() -> None:
    op.create_table(
        "ledger_book",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("closed_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_ledger_book_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_book")),
        sa.UniqueConstraint("organisation_id", "name", name=op.f("uq_ledger_book_organisation_id")),
    )
    op.create_index(op.f("ix_ledger_book_organisation_id"), "ledger_book", ["organisation_id"], unique=False)
    op.create_table(
        "journal_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "opening",
                "bill",
                "credit_note",
                "debit_note",
                "payment",
                "assignment",
                "refund",
                "reversal",
                name="cause",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("sides", sa.SmallInteger(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "octet_length(hash) = 32 AND octet_length(previous) = 32", name=op.f("ck_journal_entry_hash")
        ),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_journal_entry_sequence")),
        sa.CheckConstraint("sides >= 2", name=op.f("ck_journal_entry_sides")),
        sa.ForeignKeyConstraint(["book_id"], ["ledger_book.id"], name=op.f("fk_journal_entry_book_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_journal_entry_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("book_id", "previous", name="uq_journal_entry_previous"),
        sa.UniqueConstraint("book_id", "sequence", name=op.f("uq_journal_entry_book_id")),
    )
    op.create_index("ix_journal_entry_booked_on", "journal_entry", ["book_id", "booked_on"], unique=False)
    op.create_index("ix_journal_entry_cause", "journal_entry", ["cause_id"], unique=False)
    op.create_index(
        op.f("ix_journal_entry_organisation_id"), "journal_entry", ["organisation_id"], unique=False
    )
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "asset",
                "liability",
                "equity",
                "income",
                "expense",
                name="accountkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["ledger_book.id"], name=op.f("fk_ledger_account_book_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_ledger_account_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("book_id", "code", name=op.f("uq_ledger_account_book_id")),
    )
    op.create_index(
        op.f("ix_ledger_account_organisation_id"), "ledger_account", ["organisation_id"], unique=False
    )
    op.create_table(
        "ledger_closing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("balance", JSONB(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["ledger_book.id"], name=op.f("fk_ledger_closing_book_id")),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_ledger_closing_closed_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_ledger_closing_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_closing")),
        sa.UniqueConstraint("book_id", "until", name=op.f("uq_ledger_closing_book_id")),
    )
    op.create_index(
        op.f("ix_ledger_closing_organisation_id"), "ledger_closing", ["organisation_id"], unique=False
    )
    op.create_table(
        "ledger_posting",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_ledger_posting_currency")),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_posting_amount")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["ledger_account.id"], name=op.f("fk_ledger_posting_account_id")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_ledger_posting_entry_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_ledger_posting_organisation_id")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["organisation.id"], name=op.f("fk_ledger_posting_party_id")),
        sa.PrimaryKeyConstraint("entry_id", "place", name=op.f("pk_ledger_posting")),
    )
    op.create_index("ix_ledger_posting_account", "ledger_posting", ["account_id", "party_id"], unique=False)
    op.create_index(
        op.f("ix_ledger_posting_organisation_id"), "ledger_posting", ["organisation_id"], unique=False
    )
