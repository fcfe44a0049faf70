"""Refunds by a provider; reminders, what holds them up, and debts paid in parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0034"
down_revision = "0033"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
MINE = "customer_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = (
    "provider_refund", "dunning_policy", "bill_reminder", "bill_hold", "instalment_plan", "plan_instalment",
    "planned_bill",
)  # fmt: skip
OF_PLAN = f"{OWN} OR EXISTS (SELECT FROM instalment_plan p WHERE p.id = plan_id)"
SEEN = {
    "bill_reminder": f"{OWN} OR {MINE}", "instalment_plan": f"{OWN} OR {MINE}", "plan_instalment": OF_PLAN,
    "planned_bill": OF_PLAN,
}  # fmt: skip
APPEND_ONLY = ("bill_reminder", "plan_instalment", "planned_bill")


def upgrade() -> None:
    """Apply."""
    _tables()
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({SEEN.get(table, OWN)})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({OWN})")
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
        "provider_refund",
        sa.Column("refund_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("status", _word("givingstatus", "wanted", "sent", "paid", "failed"), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        *_key("provider_refund", organisation_id="organisation.id"),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_provider_refund_payment_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_provider_refund_refund_id")),
        sa.PrimaryKeyConstraint("refund_id", name=op.f("pk_provider_refund")),
    )
    op.create_index(op.f("ix_provider_refund_organisation_id"), "provider_refund", ["organisation_id"])
    op.create_index(op.f("ix_provider_refund_payment_id"), "provider_refund", ["payment_id"])
    op.create_table(
        "dunning_policy",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("steps", JSONB(), nullable=False),
        sa.Column("least", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_dunning_policy_changed_by")),
        *_key("dunning_policy", organisation_id="organisation.id"),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_dunning_policy")),
    )
    op.create_index(op.f("ix_dunning_policy_organisation_id"), "dunning_policy", ["organisation_id"])
    op.create_table(
        "bill_reminder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("open", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("fee", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=True),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_bill_reminder_bill_id")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["organisation.id"], name=op.f("fk_bill_reminder_customer_id")
        ),
        sa.ForeignKeyConstraint(["note_id"], ["bill.id"], name=op.f("fk_bill_reminder_note_id")),
        *_key("bill_reminder", organisation_id="organisation.id"),
        sa.UniqueConstraint("bill_id", "level", name=op.f("uq_bill_reminder_bill_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill_reminder")),
    )
    op.create_index(op.f("ix_bill_reminder_organisation_id"), "bill_reminder", ["organisation_id"])
    op.create_index("ix_bill_reminder_note_id", "bill_reminder", ["note_id"])
    op.create_index(op.f("ix_bill_reminder_customer_id"), "bill_reminder", ["customer_id"])
    op.create_index("ix_bill_reminder_recent", "bill_reminder", ["organisation_id", "told_on", "id"])
    op.create_table(
        "bill_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "complaint", "enquiry", "hardship", "other", name="holdreason", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_by", sa.Uuid(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_bill_hold_bill_id")),
        sa.ForeignKeyConstraint(["held_by"], ["person.id"], name=op.f("fk_bill_hold_held_by")),
        sa.ForeignKeyConstraint(["released_by"], ["person.id"], name=op.f("fk_bill_hold_released_by")),
        *_key("bill_hold", organisation_id="organisation.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill_hold")),
    )
    op.create_index(op.f("ix_bill_hold_organisation_id"), "bill_hold", ["organisation_id"])
    op.create_index(
        "uq_bill_hold_open", "bill_hold", ["bill_id", "reason"], unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "instalment_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("total", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("grace_days", sa.SmallInteger(), nullable=False),
        sa.Column("status", _word("planstatus", "active", "paid", "broken", "cancelled"), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["organisation.id"], name=op.f("fk_instalment_plan_customer_id")
        ),
        sa.ForeignKeyConstraint(["agreed_by"], ["person.id"], name=op.f("fk_instalment_plan_agreed_by")),
        *_key("instalment_plan", organisation_id="organisation.id"),
        sa.CheckConstraint("total > 0", name=op.f("ck_instalment_plan_total")),
        sa.CheckConstraint("(status = 'active') = (ended_at IS NULL)", name=op.f("ck_instalment_plan_ended")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instalment_plan")),
    )
    op.create_index(op.f("ix_instalment_plan_organisation_id"), "instalment_plan", ["organisation_id"])
    op.create_index("ix_instalment_plan_customer_id", "instalment_plan", ["customer_id"])
    op.create_index(
        "ix_instalment_plan_active", "instalment_plan", ["organisation_id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "plan_instalment",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["instalment_plan.id"], name=op.f("fk_plan_instalment_plan_id")),
        *_key("plan_instalment", organisation_id="organisation.id"),
        sa.CheckConstraint("amount > 0", name=op.f("ck_plan_instalment_amount")),
        sa.PrimaryKeyConstraint("plan_id", "place", name=op.f("pk_plan_instalment")),
    )
    op.create_index(op.f("ix_plan_instalment_organisation_id"), "plan_instalment", ["organisation_id"])
    op.create_table(
        "planned_bill",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("open", sa.Numeric(precision=20, scale=4), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["instalment_plan.id"], name=op.f("fk_planned_bill_plan_id")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_planned_bill_bill_id")),
        *_key("planned_bill", organisation_id="organisation.id"),
        sa.PrimaryKeyConstraint("plan_id", "bill_id", name=op.f("pk_planned_bill")),
    )
    op.create_index(op.f("ix_planned_bill_organisation_id"), "planned_bill", ["organisation_id"])
    op.create_index(op.f("ix_planned_bill_bill_id"), "planned_bill", ["bill_id"])
