"""What phones sent and what they are told: operations, conflicts, uploads, subscriptions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
MINE = "person_id = (SELECT scope_actor())"
PERSONAL = ("field_device", "field_operation", "field_upload", "push_subscription")

OVERDUE = """
CREATE FUNCTION people_with_overdue_operations(now timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Whose held operations have waited their time: a worker then acts for each of them in turn.
    SELECT DISTINCT person_id FROM field_operation WHERE outcome = 'held' AND held_until <= now $$;
"""

HOLDERS = """
CREATE FUNCTION holders_of_role(node uuid, wanted text)
RETURNS TABLE (person_id uuid, email text, name text, locale text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Active people who hold a role at a node or above it: who is to be told of what happens there.
    SELECT DISTINCT p.id, p.email::text, p.name::text, p.locale::text
    FROM organisation here
    JOIN organisation above ON above.path @> here.path
    JOIN membership m ON m.organisation_id = above.id AND m.role = wanted
    JOIN person p ON p.id = m.person_id AND p.status = 'active'
    WHERE here.id = node $$;
"""

CREW = """
CREATE FUNCTION subscriptions_of(people uuid[])
RETURNS SETOF push_subscription
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Where some people's phones are told; asked by the worker that tells them.
    SELECT * FROM push_subscription WHERE person_id = ANY (people) $$;

CREATE FUNCTION forget_subscription(gone text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The push service says that nobody is there any more.
    DELETE FROM push_subscription WHERE endpoint = gone $$;
"""


def upgrade() -> None:
    """Apply."""
    _tables()
    for function in (OVERDUE, HOLDERS, CREW):
        op.execute(function)
    for table in (*PERSONAL, "field_conflict"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    for table in PERSONAL:
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({MINE})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({MINE})")
        op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({MINE}) WITH CHECK ({MINE})")
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({MINE})")
    op.execute(f"CREATE POLICY sees ON field_conflict FOR SELECT TO {APP} USING ({OWN})")
    op.execute(f"CREATE POLICY adds ON field_conflict FOR INSERT TO {APP} WITH CHECK ({OWN})")
    op.execute(
        f"CREATE POLICY changes ON field_conflict FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})"
    )
    op.execute(f"CREATE POLICY removes ON field_conflict FOR DELETE TO {APP} USING ({OWN})")
    op.execute(f"REVOKE DELETE ON field_operation, field_conflict FROM {APP}")


def downgrade() -> None:
    """Take back."""
    op.execute(
        "DROP FUNCTION people_with_overdue_operations, holders_of_role, subscriptions_of, forget_subscription"
    )
    for table in (*PERSONAL, "field_conflict"):
        op.drop_table(table)


def _tables() -> None:
    op.create_table(
        "field_conflict",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("op_id", sa.Uuid(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("mine", JSONB(), nullable=False),
        sa.Column("theirs", JSONB(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("resolution", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_field_conflict_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_field_conflict_person_id")),
        sa.ForeignKeyConstraint(["resolved_by"], ["person.id"], name=op.f("fk_field_conflict_resolved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_conflict")),
    )
    op.create_index(
        "ix_field_conflict_open", "field_conflict", ["organisation_id", "resolved_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_field_conflict_organisation_id"), "field_conflict", ["organisation_id"], unique=False
    )
    op.create_table(
        "field_device",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("app", sa.String(), nullable=True),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("is_clock_odd", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_field_device_person_id")),
        sa.PrimaryKeyConstraint("person_id", "device_id", name=op.f("pk_field_device")),
    )
    op.create_table(
        "field_operation",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("op_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("result", JSONB(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uncertainty_s", sa.Double(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_field_operation_person_id")),
        sa.PrimaryKeyConstraint("person_id", "op_id", name=op.f("pk_field_operation")),
    )
    op.create_index(
        "ix_field_operation_held",
        "field_operation",
        ["held_until"],
        unique=False,
        postgresql_where=sa.text("outcome = 'held'"),
    )
    op.create_index("ix_field_operation_received_at", "field_operation", ["received_at"], unique=False)
    op.create_table(
        "field_upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mime", sa.String(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("stored_sha256", sa.String(), nullable=True),
        sa.Column("refused", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_field_upload_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_upload")),
        sa.UniqueConstraint("person_id", "sha256", name=op.f("uq_field_upload_person_id")),
    )
    op.create_index(op.f("ix_field_upload_expires_at"), "field_upload", ["expires_at"], unique=False)
    op.create_index(op.f("ix_field_upload_person_id"), "field_upload", ["person_id"], unique=False)
    op.create_table(
        "push_subscription",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("p256dh", sa.String(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_push_subscription_person_id")),
        sa.PrimaryKeyConstraint("person_id", "device_id", name=op.f("pk_push_subscription")),
    )
