"""Hosted operation: contracts, duty rosters, shift logs, tickets, patrols, reading rounds, monthly reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = (
    "hosting_contract", "duty_shift", "shift_log", "shift_entry", "ticket_counter", "work_ticket", "patrol_plan",
    "patrol", "patrol_pass", "reading_round", "monthly_report",
)  # fmt: skip
SEEN = {"hosting_contract": f"{OWN} OR customer_id = ANY ((SELECT scope_organisations())::uuid[])"}
OPEN = "EXISTS (SELECT FROM shift_log l WHERE l.id = shift_log_id AND l.taken_at IS NULL)"
ADDED = {"shift_entry": f"{OWN} AND {OPEN}"}
CHANGED = {
    "shift_log": f"{OWN} AND taken_at IS NULL",
    "work_ticket": f"{OWN} AND status IN ('issued', 'approved')",
}
"""A shift that was taken over, and a ticket that is over, stay as they are: the database itself refuses."""


def upgrade() -> None:
    """Apply."""
    _tables()
    op.execute(
        "ALTER TABLE duty_shift ADD CONSTRAINT ex_duty_shift_double"
        " EXCLUDE USING gist (person_id WITH =, tstzrange(starts_at, ends_at) WITH &&)"
    )
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({SEEN.get(table, OWN)})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({ADDED.get(table, OWN)})")
        op.execute(
            f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP}"
            f" USING ({CHANGED.get(table, OWN)}) WITH CHECK ({OWN})"
        )
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")
    op.execute(f"REVOKE UPDATE, DELETE ON shift_entry, patrol_pass FROM {APP}")
    op.execute(f"REVOKE DELETE ON shift_log, ticket_counter, work_ticket, patrol, monthly_report FROM {APP}")


def downgrade() -> None:
    """Take back."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _tables() -> None:
    op.create_table(
        "hosting_contract",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("position_ids", JSONB(), nullable=False),
        sa.Column("carriers", JSONB(), nullable=False),
        sa.Column("sla_policy_id", sa.Uuid(), nullable=True),
        sa.Column("patrols", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("fee", sa.String(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_hosting_contract_half_open")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["organisation.id"], name=op.f("fk_hosting_contract_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_hosting_contract_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["sla_policy_id"], ["sla_policy.id"], name=op.f("fk_hosting_contract_sla_policy_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hosting_contract")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_hosting_contract_organisation_id")),
    )
    op.create_index(
        op.f("ix_hosting_contract_customer_id"), "hosting_contract", ["customer_id"], unique=False
    )
    op.create_index(
        op.f("ix_hosting_contract_organisation_id"), "hosting_contract", ["organisation_id"], unique=False
    )
    op.create_table(
        "duty_shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "duty",
            sa.Enum("dispatch", "field", "plant", name="duty", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before_id", sa.Uuid(), nullable=True),
        sa.Column("swap_reason", sa.String(), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_duty_shift_half_open")),
        sa.ForeignKeyConstraint(["before_id"], ["person.id"], name=op.f("fk_duty_shift_before_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_duty_shift_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_duty_shift_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_shift")),
    )
    op.create_index(op.f("ix_duty_shift_organisation_id"), "duty_shift", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_duty_shift_person_id"), "duty_shift", ["person_id"], unique=False)
    op.create_index("ix_duty_shift_when", "duty_shift", ["organisation_id", "starts_at"], unique=False)
    op.create_table(
        "shift_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=True),
        sa.Column("handed_over", JSONB(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_by", sa.Uuid(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["left_by"], ["person.id"], name=op.f("fk_shift_log_left_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_shift_log_organisation_id")
        ),
        sa.ForeignKeyConstraint(["started_by"], ["person.id"], name=op.f("fk_shift_log_started_by")),
        sa.ForeignKeyConstraint(["taken_by"], ["person.id"], name=op.f("fk_shift_log_taken_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_log")),
    )
    op.create_index(op.f("ix_shift_log_organisation_id"), "shift_log", ["organisation_id"], unique=False)
    op.create_index("ix_shift_log_recent", "shift_log", ["organisation_id", "started_at"], unique=False)
    op.create_index(
        "uq_shift_log_open",
        "shift_log",
        ["organisation_id"],
        unique=True,
        postgresql_where=sa.text("taken_at IS NULL"),
    )
    op.create_table(
        "shift_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("shift_log_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("work_order_id", sa.Uuid(), nullable=True),
        sa.Column("alarm_id", sa.Uuid(), nullable=True),
        sa.Column("position_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm.id"], name=op.f("fk_shift_entry_alarm_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_shift_entry_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_shift_entry_person_id")),
        sa.ForeignKeyConstraint(["position_id"], ["position.id"], name=op.f("fk_shift_entry_position_id")),
        sa.ForeignKeyConstraint(["shift_log_id"], ["shift_log.id"], name=op.f("fk_shift_entry_shift_log_id")),
        sa.ForeignKeyConstraint(
            ["work_order_id"], ["work_order.id"], name=op.f("fk_shift_entry_work_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_entry")),
    )
    op.create_index(op.f("ix_shift_entry_organisation_id"), "shift_entry", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_shift_entry_shift_log_id"), "shift_entry", ["shift_log_id"], unique=False)
    op.create_table(
        "ticket_counter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("work", "switching", name="ticketkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_ticket_counter_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_counter")),
        sa.UniqueConstraint(
            "organisation_id", "kind", "year", name=op.f("uq_ticket_counter_organisation_id")
        ),
    )
    op.create_index(
        op.f("ix_ticket_counter_organisation_id"), "ticket_counter", ["organisation_id"], unique=False
    )
    op.create_table(
        "work_ticket",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("work", "switching", name="ticketkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "issued", "approved", "finished", "void", name="ticketstatus", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("position_id", sa.Uuid(), nullable=True),
        sa.Column("work_order_id", sa.Uuid(), nullable=True),
        sa.Column("steps", JSONB(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("void_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_work_ticket_approved_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_work_ticket_ended_by")),
        sa.ForeignKeyConstraint(["issued_by"], ["person.id"], name=op.f("fk_work_ticket_issued_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_work_ticket_organisation_id")
        ),
        sa.ForeignKeyConstraint(["position_id"], ["position.id"], name=op.f("fk_work_ticket_position_id")),
        sa.ForeignKeyConstraint(
            ["work_order_id"], ["work_order.id"], name=op.f("fk_work_ticket_work_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_ticket")),
        sa.UniqueConstraint(
            "organisation_id", "kind", "year", "number", name=op.f("uq_work_ticket_organisation_id")
        ),
    )
    op.create_index(op.f("ix_work_ticket_organisation_id"), "work_ticket", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_work_ticket_position_id"), "work_ticket", ["position_id"], unique=False)
    op.create_index(op.f("ix_work_ticket_work_order_id"), "work_ticket", ["work_order_id"], unique=False)
    op.create_table(
        "patrol_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("checklist_id", sa.Uuid(), nullable=False),
        sa.Column("stops", JSONB(), nullable=False),
        sa.Column("weekdays", JSONB(), nullable=False),
        sa.Column("begins", sa.String(), nullable=False),
        sa.Column("ends", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("duration_min", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist_template.id"], name=op.f("fk_patrol_plan_checklist_id")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["hosting_contract.id"], name=op.f("fk_patrol_plan_contract_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_patrol_plan_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_plan")),
    )
    op.create_index(op.f("ix_patrol_plan_contract_id"), "patrol_plan", ["contract_id"], unique=False)
    op.create_index(op.f("ix_patrol_plan_organisation_id"), "patrol_plan", ["organisation_id"], unique=False)
    op.create_table(
        "patrol",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("walked_on", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stops", JSONB(), nullable=False),
        sa.Column("work_order_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_patrol_organisation_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["patrol_plan.id"], name=op.f("fk_patrol_plan_id")),
        sa.ForeignKeyConstraint(["work_order_id"], ["work_order.id"], name=op.f("fk_patrol_work_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol")),
        sa.UniqueConstraint("plan_id", "walked_on", name=op.f("uq_patrol_plan_id")),
    )
    op.create_index(op.f("ix_patrol_organisation_id"), "patrol", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_patrol_work_order_id"), "patrol", ["work_order_id"], unique=False)
    op.create_table(
        "patrol_pass",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("patrol_id", sa.Uuid(), nullable=False),
        sa.Column("position_id", sa.Uuid(), nullable=False),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("passed_by", sa.Uuid(), nullable=True),
        sa.Column("how", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_patrol_pass_organisation_id")
        ),
        sa.ForeignKeyConstraint(["passed_by"], ["person.id"], name=op.f("fk_patrol_pass_passed_by")),
        sa.ForeignKeyConstraint(["patrol_id"], ["patrol.id"], name=op.f("fk_patrol_pass_patrol_id")),
        sa.ForeignKeyConstraint(["position_id"], ["position.id"], name=op.f("fk_patrol_pass_position_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_pass")),
        sa.UniqueConstraint("patrol_id", "position_id", name=op.f("uq_patrol_pass_patrol_id")),
    )
    op.create_index(op.f("ix_patrol_pass_organisation_id"), "patrol_pass", ["organisation_id"], unique=False)
    op.create_table(
        "reading_round",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("point_ids", JSONB(), nullable=False),
        sa.Column("due_day", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("due_day BETWEEN 1 AND 28", name=op.f("ck_reading_round_due_day")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["hosting_contract.id"], name=op.f("fk_reading_round_contract_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_reading_round_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_round")),
    )
    op.create_index(op.f("ix_reading_round_contract_id"), "reading_round", ["contract_id"], unique=False)
    op.create_index(
        op.f("ix_reading_round_organisation_id"), "reading_round", ["organisation_id"], unique=False
    )
    op.create_table(
        "monthly_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("document_ids", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["hosting_contract.id"], name=op.f("fk_monthly_report_contract_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_monthly_report_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monthly_report")),
        sa.UniqueConstraint("contract_id", "month", name=op.f("uq_monthly_report_contract_id")),
    )
    op.create_index(
        op.f("ix_monthly_report_organisation_id"), "monthly_report", ["organisation_id"], unique=False
    )
