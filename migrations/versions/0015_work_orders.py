"""Work orders, visits and all that happens to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
CONCERNED = "customer_id = ANY ((SELECT scope_organisations())::uuid[])"
OF_ORDER = "EXISTS (SELECT FROM work_order o WHERE o.id = work_order_id)"
FROM_ABOVE = (
    "work_calendar", "sla_policy", "verification_policy", "failure_code", "escalation_step", "checklist_template",
)  # fmt: skip
"""Policies of an organisation hold for all below it, so those below see them."""

SEEN = {
    "work_order": f"{OWN} OR {CONCERNED} OR reported_by = (SELECT scope_actor())",
    "visit": f"{OWN} OR {OF_ORDER}",
    "work_order_event": f"{OWN} OR {OF_ORDER}",
    "work_attachment": f"{OWN} OR {OF_ORDER}",
    "work_comment": f"{OWN} OR (is_public AND {OF_ORDER})",
    "checklist_answer": f"{OWN} OR {OF_ORDER}",
    "verification": f"{OWN} OR {OF_ORDER}",
} | dict.fromkeys(FROM_ABOVE, "organisation_id IN (SELECT organisations_upwards())")
"""What others than the operator see: those an order concerns, and who reported it."""

TABLES = (
    "work_calendar", "sla_policy", "verification_policy", "failure_code", "escalation_step", "checklist_template",
    "inspection_plan", "technician", "work_order", "visit", "work_order_event", "work_attachment", "work_comment",
    "time_punch", "part_use", "work_permit", "checklist_answer", "escalation", "verification",
)  # fmt: skip
UPWARDS = """
CREATE FUNCTION organisations_upwards() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The organisations that ask and all above them: whose policies may hold for what they see.
    SELECT DISTINCT above.id FROM organisation here JOIN organisation above ON above.path @> here.path
    WHERE here.id = ANY (scope_organisations()) $$;

CREATE FUNCTION way_up(node uuid) RETURNS TABLE (id uuid, depth int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A node and those above it, with how deep each lies: the nearest policy upwards holds.
    SELECT above.id, nlevel(above.path) FROM organisation here JOIN organisation above ON above.path @> here.path
    WHERE here.id = node AND here.id = ANY (scope_organisations()) $$;
"""

APPEND_ONLY = ("work_order_event", "work_comment", "time_punch", "part_use")


def upgrade() -> None:
    """Apply."""
    _tables()
    op.execute(UPWARDS)
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({SEEN.get(table, OWN)})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {APP}")
    op.execute(f"REVOKE DELETE ON work_order, visit, verification FROM {APP}")
    op.execute("CREATE SEQUENCE work_order_number")
    op.execute(f"GRANT USAGE ON SEQUENCE work_order_number TO {APP}")


def downgrade() -> None:
    """Take back."""
    op.execute("DROP SEQUENCE work_order_number")
    for table in FROM_ABOVE:
        op.execute(f"DROP POLICY sees ON {table}")
    op.execute("DROP FUNCTION organisations_upwards, way_up")
    for table in reversed(TABLES):
        op.drop_table(table)


def _tables() -> None:
    op.create_table(
        "work_calendar",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("weekly", JSONB(), nullable=False),
        sa.Column("holidays", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_work_calendar_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_calendar")),
    )
    op.create_index(
        op.f("ix_work_calendar_organisation_id"), "work_calendar", ["organisation_id"], unique=False
    )
    op.create_table(
        "sla_policy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("targets", JSONB(), nullable=False),
        sa.Column("pausing", JSONB(), nullable=False),
        sa.Column("approval_above", sa.Double(), nullable=False),
        sa.Column("geofence_m", sa.Double(), nullable=False),
        sa.Column("horizon_h", sa.Double(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["work_calendar.id"], name=op.f("fk_sla_policy_calendar_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_sla_policy_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_policy")),
        sa.UniqueConstraint("organisation_id", "name", "version", name=op.f("uq_sla_policy_organisation_id")),
    )
    op.create_index(op.f("ix_sla_policy_organisation_id"), "sla_policy", ["organisation_id"], unique=False)
    op.create_table(
        "verification_policy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=True),
        sa.Column("fault_class", sa.String(), nullable=True),
        sa.Column("window_s", sa.Double(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("oldest_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_verification_policy_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_policy")),
    )
    op.create_index(
        op.f("ix_verification_policy_organisation_id"),
        "verification_policy",
        ["organisation_id"],
        unique=False,
    )
    op.create_table(
        "failure_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=True),
        sa.Column("fault_classes", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_failure_code_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failure_code")),
        sa.UniqueConstraint("organisation_id", "kind", "code", name=op.f("uq_failure_code_organisation_id")),
    )
    op.create_index(
        op.f("ix_failure_code_organisation_id"), "failure_code", ["organisation_id"], unique=False
    )
    op.create_table(
        "escalation_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("after_min", sa.Double(), nullable=False),
        sa.Column("roles", JSONB(), nullable=False),
        sa.Column("ways", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_escalation_step_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_step")),
        sa.UniqueConstraint(
            "organisation_id", "priority", "step", name=op.f("uq_escalation_step_organisation_id")
        ),
    )
    op.create_index(
        op.f("ix_escalation_step_organisation_id"), "escalation_step", ["organisation_id"], unique=False
    )
    op.create_table(
        "checklist_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=True),
        sa.Column("fault_classes", JSONB(), nullable=False),
        sa.Column("items", JSONB(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_checklist_template_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_template")),
        sa.UniqueConstraint(
            "organisation_id", "code", "version", name=op.f("uq_checklist_template_organisation_id")
        ),
    )
    op.create_index(
        op.f("ix_checklist_template_organisation_id"), "checklist_template", ["organisation_id"], unique=False
    )
    op.create_table(
        "inspection_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("position_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=True),
        sa.Column("checklist_id", sa.Uuid(), nullable=False),
        sa.Column("trigger", sa.String(), nullable=False),
        sa.Column("parameters", JSONB(), nullable=False),
        sa.Column("skills", JSONB(), nullable=False),
        sa.Column("duration_min", sa.Integer(), nullable=False),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("counted_from", sa.Double(), nullable=True),
        sa.Column("last_order_id", sa.Uuid(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist_template.id"], name=op.f("fk_inspection_plan_checklist_id")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_inspection_plan_device_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_inspection_plan_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["position_id"], ["position.id"], name=op.f("fk_inspection_plan_position_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_plan")),
    )
    op.create_index("ix_inspection_plan_due", "inspection_plan", ["is_active", "next_on"], unique=False)
    op.create_index(
        op.f("ix_inspection_plan_organisation_id"), "inspection_plan", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_inspection_plan_position_id"), "inspection_plan", ["position_id"], unique=False)
    op.create_table(
        "technician",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("skills", JSONB(), nullable=False),
        sa.Column("certificates", JSONB(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("shift", JSONB(), nullable=False),
        sa.Column("breaks", JSONB(), nullable=False),
        sa.Column("base_longitude", sa.Double(), nullable=False),
        sa.Column("base_latitude", sa.Double(), nullable=False),
        sa.Column("speed_kmh", sa.Double(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_technician_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_technician_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_technician")),
        sa.UniqueConstraint("person_id", "organisation_id", name=op.f("uq_technician_person_id")),
    )
    op.create_index(op.f("ix_technician_organisation_id"), "technician", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_technician_person_id"), "technician", ["person_id"], unique=False)
    op.create_table(
        "work_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "repair", "inspection", "exchange", "reading", name="orderkind", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "source",
            sa.Enum(
                "alarm",
                "customer",
                "public",
                "technician",
                "dispatcher",
                "inspection",
                name="source",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "reported",
                "triaged",
                "rejected",
                "merged",
                "awaiting_approval",
                "ready",
                "scheduled",
                "dispatched",
                "accepted",
                "in_progress",
                "on_hold",
                "field_complete",
                "verifying",
                "verified",
                "verify_failed",
                "verify_manual",
                "closed",
                "reopened",
                "cancelled",
                "cannot_complete",
                name="orderstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("position_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("alarm_id", sa.Uuid(), nullable=True),
        sa.Column(
            "carrier",
            sa.Enum(
                "electricity",
                "heat",
                "cooling",
                "steam",
                "gas",
                "water",
                "fuel",
                "environment",
                name="carrier",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("fault_class", sa.String(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_by", sa.Uuid(), nullable=True),
        sa.Column("reporter", JSONB(), nullable=True),
        sa.Column("sla_policy_id", sa.Uuid(), nullable=True),
        sa.Column("checklist_id", sa.Uuid(), nullable=True),
        sa.Column("needs_permit", sa.Boolean(), nullable=False),
        sa.Column("needs_signature", sa.Boolean(), nullable=False),
        sa.Column("skills", JSONB(), nullable=False),
        sa.Column("duration_min", sa.Integer(), nullable=False),
        sa.Column("window_starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_reason", sa.String(), nullable=True),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("estimate", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("cost", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("problem_code", sa.String(), nullable=True),
        sa.Column("cause_code", sa.String(), nullable=True),
        sa.Column("remedy_code", sa.String(), nullable=True),
        sa.Column("downtime_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("downtime_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("follow_up_of_id", sa.Uuid(), nullable=True),
        sa.Column("inspection_plan_id", sa.Uuid(), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("rating_comment", sa.String(), nullable=True),
        sa.Column("is_rehearsal", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name=op.f("ck_work_order_priority")),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm.id"], name=op.f("fk_work_order_alarm_id")),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_work_order_approved_by")),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist_template.id"], name=op.f("fk_work_order_checklist_id")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["organisation.id"], name=op.f("fk_work_order_customer_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_work_order_device_id")),
        sa.ForeignKeyConstraint(
            ["follow_up_of_id"], ["work_order.id"], name=op.f("fk_work_order_follow_up_of_id")
        ),
        sa.ForeignKeyConstraint(
            ["inspection_plan_id"], ["inspection_plan.id"], name=op.f("fk_work_order_inspection_plan_id")
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"], ["work_order.id"], name=op.f("fk_work_order_merged_into_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_work_order_organisation_id")
        ),
        sa.ForeignKeyConstraint(["position_id"], ["position.id"], name=op.f("fk_work_order_position_id")),
        sa.ForeignKeyConstraint(["reported_by"], ["person.id"], name=op.f("fk_work_order_reported_by")),
        sa.ForeignKeyConstraint(
            ["sla_policy_id"], ["sla_policy.id"], name=op.f("fk_work_order_sla_policy_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_work_order_organisation_id")),
    )
    op.create_index(op.f("ix_work_order_alarm_id"), "work_order", ["alarm_id"], unique=False)
    op.create_index(op.f("ix_work_order_customer_id"), "work_order", ["customer_id"], unique=False)
    op.create_index(op.f("ix_work_order_device_id"), "work_order", ["device_id"], unique=False)
    op.create_index(op.f("ix_work_order_organisation_id"), "work_order", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_work_order_position_id"), "work_order", ["position_id"], unique=False)
    op.create_index(
        "ix_work_order_recent", "work_order", ["organisation_id", "reported_at", "id"], unique=False
    )
    op.create_index("ix_work_order_status", "work_order", ["organisation_id", "status"], unique=False)
    op.create_index(
        "uq_work_order_open",
        "work_order",
        ["position_id", "fault_class"],
        unique=True,
        postgresql_where=sa.text(
            "status NOT IN ('closed', 'cancelled', 'rejected', 'merged') AND kind = 'repair' AND NOT is_rehearsal"
        ),
    )
    op.create_table(
        "visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("work_order_id", sa.Uuid(), nullable=False),
        sa.Column("technician_id", sa.Uuid(), nullable=False),
        sa.Column("companions", JSONB(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "planned",
                "offered",
                "accepted",
                "enroute",
                "on_site",
                "working",
                "break",
                "done",
                "partial",
                "aborted",
                "no_access",
                "declined",
                "cancelled",
                name="visitstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("planned_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.CheckConstraint("planned_end > planned_start", name=op.f("ck_visit_half_open")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_visit_organisation_id")
        ),
        sa.ForeignKeyConstraint(["technician_id"], ["person.id"], name=op.f("fk_visit_technician_id")),
        sa.ForeignKeyConstraint(["work_order_id"], ["work_order.id"], name=op.f("fk_visit_work_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    op.create_index(op.f("ix_visit_organisation_id"), "visit", ["organisation_id"], unique=False)
    op.create_index("ix_visit_plan", "visit", ["technician_id", "planned_start"], unique=False)
    op.create_index(op.f("ix_visit_technician_id"), "visit", ["technician_id"], unique=False)
    op.create_index(op.f("ix_visit_work_order_id"), "visit", ["work_order_id"], unique=False)
    op.create_table(
        "work_order_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("work_order_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=True),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("evidence", JSONB(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raw_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uncertainty_s", sa.Double(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_id", sa.String(), nullable=True),
        sa.Column("op_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_work_order_event_organisation_id")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_work_order_event_visit_id")),
        sa.ForeignKeyConstraint(
            ["work_order_id"], ["work_order.id"], name=op.f("fk_work_order_event_work_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order_event")),
    )
    op.create_index("ix_work_order_event_order", "work_order_event", ["work_order_id", "id"], unique=False)
    op.create_index(
        op.f("ix_work_order_event_organisation_id"), "work_order_event", ["organisation_id"], unique=False
    )
    op.create_index(
        "uq_work_order_event_op",
        "work_order_event",
        ["op_id", "command"],
        unique=True,
        postgresql_where=sa.text("op_id IS NOT NULL"),
    )
    op.create_table(
        "work_attachment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("work_order_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mime", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.String(), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stored_sha256", sa.String(), nullable=True),
        sa.Column("op_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_work_attachment_organisation_id")
        ),
        sa.ForeignKeyConstraint(["taken_by"], ["person.id"], name=op.f("fk_work_attachment_taken_by")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_work_attachment_visit_id")),
        sa.ForeignKeyConstraint(
            ["work_order_id"], ["work_order.id"], name=op.f("fk_work_attachment_work_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_attachment")),
        sa.UniqueConstraint("op_id", name=op.f("uq_work_attachment_op_id")),
    )
    op.create_index("ix_work_attachment_missing", "work_attachment", ["arrived_at", "sha256"], unique=False)
    op.create_index(
        op.f("ix_work_attachment_organisation_id"), "work_attachment", ["organisation_id"], unique=False
    )
    op.create_index(
        op.f("ix_work_attachment_work_order_id"), "work_attachment", ["work_order_id"], unique=False
    )
    op.create_table(
        "work_comment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("work_order_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("op_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_work_comment_author_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_work_comment_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["work_order_id"], ["work_order.id"], name=op.f("fk_work_comment_work_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_comment")),
        sa.UniqueConstraint("op_id", name=op.f("uq_work_comment_op_id")),
    )
    op.create_index(
        op.f("ix_work_comment_organisation_id"), "work_comment", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_work_comment_work_order_id"), "work_comment", ["work_order_id"], unique=False)
    op.create_table(
        "time_punch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("op_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_time_punch_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_time_punch_person_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_time_punch_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_punch")),
        sa.UniqueConstraint("op_id", name=op.f("uq_time_punch_op_id")),
    )
    op.create_index(op.f("ix_time_punch_organisation_id"), "time_punch", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_time_punch_visit_id"), "time_punch", ["visit_id"], unique=False)
    op.create_table(
        "part_use",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("work_order_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("part_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("cost", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("op_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_part_use_organisation_id")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_part_use_visit_id")),
        sa.ForeignKeyConstraint(["work_order_id"], ["work_order.id"], name=op.f("fk_part_use_work_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_use")),
        sa.UniqueConstraint("op_id", name=op.f("uq_part_use_op_id")),
    )
    op.create_index(op.f("ix_part_use_organisation_id"), "part_use", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_part_use_work_order_id"), "part_use", ["work_order_id"], unique=False)
    op.create_table(
        "work_permit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("work_order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("isolation", JSONB(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("handed_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_back_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_work_permit_confirmed_by")),
        sa.ForeignKeyConstraint(
            ["handed_back_by"], ["person.id"], name=op.f("fk_work_permit_handed_back_by")
        ),
        sa.ForeignKeyConstraint(["issued_by"], ["person.id"], name=op.f("fk_work_permit_issued_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_work_permit_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["work_order_id"], ["work_order.id"], name=op.f("fk_work_permit_work_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_permit")),
    )
    op.create_index(op.f("ix_work_permit_organisation_id"), "work_permit", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_work_permit_work_order_id"), "work_permit", ["work_order_id"], unique=False)
    op.create_table(
        "checklist_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("work_order_id", sa.Uuid(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("value", JSONB(), nullable=False),
        sa.Column("is_failed", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("repair_id", sa.Uuid(), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_checklist_answer_answered_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_checklist_answer_organisation_id")
        ),
        sa.ForeignKeyConstraint(["repair_id"], ["work_order.id"], name=op.f("fk_checklist_answer_repair_id")),
        sa.ForeignKeyConstraint(
            ["work_order_id"], ["work_order.id"], name=op.f("fk_checklist_answer_work_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_answer")),
        sa.UniqueConstraint("work_order_id", "cycle", "item", name=op.f("uq_checklist_answer_work_order_id")),
    )
    op.create_index(
        op.f("ix_checklist_answer_organisation_id"), "checklist_answer", ["organisation_id"], unique=False
    )
    op.create_index(
        op.f("ix_checklist_answer_work_order_id"), "checklist_answer", ["work_order_id"], unique=False
    )
    op.create_table(
        "escalation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("work_order_id", sa.Uuid(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", JSONB(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"], ["person.id"], name=op.f("fk_escalation_acknowledged_by")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_escalation_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["work_order_id"], ["work_order.id"], name=op.f("fk_escalation_work_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation")),
        sa.UniqueConstraint(
            "work_order_id", "cycle", "reason", "step", name=op.f("uq_escalation_work_order_id")
        ),
    )
    op.create_index("ix_escalation_open", "escalation", ["acknowledged_at", "told_at"], unique=False)
    op.create_index(op.f("ix_escalation_organisation_id"), "escalation", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_escalation_work_order_id"), "escalation", ["work_order_id"], unique=False)
    op.create_table(
        "verification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("work_order_id", sa.Uuid(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("question", JSONB(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("because", JSONB(), nullable=True),
        sa.Column("first_good_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_verification_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["work_order_id"], ["work_order.id"], name=op.f("fk_verification_work_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification")),
        sa.UniqueConstraint("work_order_id", "cycle", "attempt", name=op.f("uq_verification_work_order_id")),
    )
    op.create_index(
        op.f("ix_verification_organisation_id"), "verification", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_verification_work_order_id"), "verification", ["work_order_id"], unique=False)
