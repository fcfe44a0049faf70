"""first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

from backend.kernel.tree import Ltree

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    for extension in ("postgis", "ltree", "btree_gist"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    for sequence in ("alarm_rule_key", "batch_id", "batch_sequence"):
        op.execute(f"CREATE SEQUENCE {sequence}")
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("entity_id", sa.String(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_where", "audit_event", ["organisation_id", "id"], unique=False)
    op.create_table(
        "batch",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("spans", sa.LargeBinary(), nullable=True),
        sa.Column("journal", sa.LargeBinary(), nullable=True),
        sa.Column("notes", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
    )
    op.create_index("ix_batch_connection_id", "batch", ["connection_id", "received_at"], unique=False)
    op.create_index("ix_batch_sequence", "batch", ["sequence"], unique=True)
    op.create_table(
        "cursor",
        sa.Column("follower", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("follower", name=op.f("pk_cursor")),
    )
    op.create_table(
        "hour_statistic",
        sa.Column("point_key", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("total", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("low_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("high_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("point_key", "start", name=op.f("pk_hour_statistic")),
    )
    op.create_table(
        "interval",
        sa.Column("point_key", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("method", sa.SmallInteger(), nullable=False),
        sa.Column("rule", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_interval_amount")),
        sa.PrimaryKeyConstraint("point_key", "start", name=op.f("pk_interval")),
        postgresql_partition_by="RANGE (start)",
    )
    op.create_table(
        "latest",
        sa.Column("point_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quality", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("point_key", name=op.f("pk_latest")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("path", Ltree(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "region",
                "park",
                "enterprise",
                "customer",
                name="organisationkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=True),
        sa.Column("trade", sa.String(), nullable=True),
        sa.Column("is_simulated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["organisation.id"], name=op.f("fk_organisation_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.create_index(op.f("ix_organisation_parent_id"), "organisation", ["parent_id"], unique=False)
    op.create_index("ix_organisation_path", "organisation", ["path"], unique=False, postgresql_using="gist")
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("listener", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("cause_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_open", "outbox", ["due_at"], unique=False, postgresql_where=sa.text("done_at IS NULL")
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column(
            "status",
            sa.Enum("invited", "active", "suspended", name="personstatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("preferences", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    op.create_table(
        "progress",
        sa.Column("point_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settled_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_value", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("point_key", name=op.f("pk_progress")),
    )
    op.create_index("ix_progress_settled_until", "progress", ["settled_until"], unique=False)
    op.create_table(
        "reading",
        sa.Column("point_key", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("quality", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("point_key", "read_at", name=op.f("pk_reading")),
        postgresql_partition_by="RANGE (read_at)",
    )
    op.create_table(
        "roll_up",
        sa.Column("grain", sa.SmallInteger(), nullable=False),
        sa.Column("point_key", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("estimated", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("grain", "point_key", "start", name=op.f("pk_roll_up")),
    )
    op.create_table(
        "rule_memory",
        sa.Column("rule_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("memory", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("rule_key", name=op.f("pk_rule_memory")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "superseded_interval",
        sa.Column("point_key", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("minutes", sa.SmallInteger(), nullable=False),
        sa.Column("method", sa.SmallInteger(), nullable=False),
        sa.Column("rule", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("point_key", "start", "version", name=op.f("pk_superseded_interval")),
    )
    op.create_table(
        "superseded_reading",
        sa.Column("point_key", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("quality", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("point_key", "read_at", "revision", name=op.f("pk_superseded_reading")),
    )
    op.create_table(
        "application_switch",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "application",
            sa.Enum(
                "monitoring",
                "analysis",
                "management",
                "maintenance",
                "trading",
                "services",
                name="application",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_application_switch_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "application", name=op.f("pk_application_switch")),
    )
    op.create_table(
        "connection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "protocol",
            sa.Enum(
                "mqtt",
                "sparkplug",
                "modbus",
                "opcua",
                "http",
                "file",
                name="protocol",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("address", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("poll_seconds", sa.Double(), nullable=False),
        sa.Column("silence_seconds", sa.Double(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_connection_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_connection_key_hash")),
        sa.UniqueConstraint("organisation_id", "name", name=op.f("uq_connection_organisation_id")),
    )
    op.create_index(op.f("ix_connection_organisation_id"), "connection", ["organisation_id"], unique=False)
    op.create_table(
        "device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("family", sa.String(), nullable=True),
        sa.Column("manufacturer", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("serial_number", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "planned",
                "purchased",
                "stored",
                "installed",
                "in_service",
                "out_of_service",
                "scrapped",
                name="devicestatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("is_simulated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_device_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint(
            "organisation_id", "manufacturer", "serial_number", name=op.f("uq_device_organisation_id")
        ),
    )
    op.create_index(op.f("ix_device_organisation_id"), "device", ["organisation_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_membership_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("person_id", "organisation_id", "role", name=op.f("uq_membership_person_id")),
    )
    op.create_index(op.f("ix_membership_organisation_id"), "membership", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_membership_person_id"), "membership", ["person_id"], unique=False)
    op.create_table(
        "one_time_token",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('invitation', 'password_reset')", name=op.f("ck_one_time_token_purpose")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_one_time_token_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_one_time_token")),
    )
    op.create_index(op.f("ix_one_time_token_person_id"), "one_time_token", ["person_id"], unique=False)
    op.create_table(
        "portal_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_agent", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_portal_session_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_portal_session")),
    )
    op.create_index(op.f("ix_portal_session_person_id"), "portal_session", ["person_id"], unique=False)
    op.create_table(
        "position",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("path", Ltree(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "site",
                "building",
                "plant",
                "unit",
                "substation",
                "station",
                "feeder",
                "room",
                "metering",
                "intake",
                "stack",
                "outfall",
                name="positionkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=True),
        sa.Column("carriers", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column(
            "geometry",
            Geometry(
                srid=4326, dimension=2, from_text="ST_GeomFromEWKT", name="geometry", spatial_index=False
            ),
            nullable=True,
        ),
        sa.Column("is_simulated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_position_organisation_id")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["position.id"], name=op.f("fk_position_parent_id")),
        sa.ForeignKeyConstraint(["site_id"], ["position.id"], name=op.f("fk_position_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_position")),
    )
    op.create_index("idx_position_geometry", "position", ["geometry"], unique=False, postgresql_using="gist")
    op.create_index(op.f("ix_position_organisation_id"), "position", ["organisation_id"], unique=False)
    op.create_index("ix_position_parent_id", "position", ["parent_id"], unique=False)
    op.create_index("ix_position_path", "position", ["path"], unique=False, postgresql_using="gist")
    op.create_index(op.f("ix_position_site_id"), "position", ["site_id"], unique=False)
    op.create_table(
        "refresh_token",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("successor_hash", sa.LargeBinary(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_refresh_token_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_token")),
    )
    op.create_index(op.f("ix_refresh_token_family_id"), "refresh_token", ["family_id"], unique=False)
    op.create_index(op.f("ix_refresh_token_person_id"), "refresh_token", ["person_id"], unique=False)
    op.create_table(
        "connection_state",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("error_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("readings_per_minute", sa.Double(), nullable=False),
        sa.Column("missed", sa.BigInteger(), nullable=False),
        sa.Column("last_gap", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_connection_state_connection_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_connection_state_organisation_id")
        ),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_connection_state")),
    )
    op.create_index(
        op.f("ix_connection_state_organisation_id"), "connection_state", ["organisation_id"], unique=False
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_dead_letter_connection_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_dead_letter_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letter")),
    )
    op.create_index(op.f("ix_dead_letter_connection_id"), "dead_letter", ["connection_id"], unique=False)
    op.create_index(
        "ix_dead_letter_open",
        "dead_letter",
        ["organisation_id", "id"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_index(op.f("ix_dead_letter_organisation_id"), "dead_letter", ["organisation_id"], unique=False)
    op.create_table(
        "installation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("position_id", sa.Uuid(), nullable=False),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "removed_at IS NULL OR removed_at > installed_at", name=op.f("ck_installation_half_open")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_installation_device_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_installation_organisation_id")
        ),
        sa.ForeignKeyConstraint(["position_id"], ["position.id"], name=op.f("fk_installation_position_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_index(op.f("ix_installation_device_id"), "installation", ["device_id"], unique=False)
    op.create_index(
        op.f("ix_installation_organisation_id"), "installation", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_installation_position_id"), "installation", ["position_id"], unique=False)
    op.create_table(
        "line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
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
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("from_position_id", sa.Uuid(), nullable=True),
        sa.Column("to_position_id", sa.Uuid(), nullable=True),
        sa.Column(
            "geometry",
            Geometry(
                srid=4326,
                dimension=2,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                spatial_index=False,
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("length_m", sa.Double(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["from_position_id"], ["position.id"], name=op.f("fk_line_from_position_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_line_organisation_id")
        ),
        sa.ForeignKeyConstraint(["to_position_id"], ["position.id"], name=op.f("fk_line_to_position_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line")),
    )
    op.create_index("idx_line_geometry", "line", ["geometry"], unique=False, postgresql_using="gist")
    op.create_index(op.f("ix_line_from_position_id"), "line", ["from_position_id"], unique=False)
    op.create_index(op.f("ix_line_organisation_id"), "line", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_line_to_position_id"), "line", ["to_position_id"], unique=False)
    op.create_table(
        "point",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("position_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=True),
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
            nullable=False,
        ),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "register", "interval", "instant", "state", name="pointkind", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "direction", sa.Enum("in", "out", name="direction", native_enum=False, length=32), nullable=False
        ),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("interval_minutes", sa.Integer(), nullable=False),
        sa.Column("dial", sa.Double(), nullable=True),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("is_settled", sa.Boolean(), nullable=False),
        sa.Column("is_total", sa.Boolean(), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("dial IS NULL OR dial > 0", name=op.f("ck_point_dial")),
        sa.CheckConstraint("interval_minutes IN (5, 15, 30, 60)", name=op.f("ck_point_interval_minutes")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_point_organisation_id")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["point.id"], name=op.f("fk_point_parent_id")),
        sa.ForeignKeyConstraint(["position_id"], ["position.id"], name=op.f("fk_point_position_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point")),
        sa.UniqueConstraint("key", name=op.f("uq_point_key")),
    )
    op.create_index(op.f("ix_point_organisation_id"), "point", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_point_parent_id"), "point", ["parent_id"], unique=False)
    op.create_index("ix_point_position_id", "point", ["position_id"], unique=False)
    op.create_table(
        "sighting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("sample", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_sighting_connection_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_sighting_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sighting")),
        sa.UniqueConstraint("connection_id", "address", name=op.f("uq_sighting_connection_id")),
    )
    op.create_index(op.f("ix_sighting_connection_id"), "sighting", ["connection_id"], unique=False)
    op.create_index(op.f("ix_sighting_organisation_id"), "sighting", ["organisation_id"], unique=False)
    op.create_table(
        "site",
        sa.Column("position_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("calendar", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_site_organisation_id")
        ),
        sa.ForeignKeyConstraint(["position_id"], ["position.id"], name=op.f("fk_site_position_id")),
        sa.PrimaryKeyConstraint("position_id", name=op.f("pk_site")),
    )
    op.create_index(op.f("ix_site_organisation_id"), "site", ["organisation_id"], unique=False)
    op.create_table(
        "supply_agreement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("position_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "ends_at IS NULL OR ends_at > starts_at", name=op.f("ck_supply_agreement_half_open")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["organisation.id"], name=op.f("fk_supply_agreement_operator_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_supply_agreement_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["position_id"], ["position.id"], name=op.f("fk_supply_agreement_position_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supply_agreement")),
    )
    op.create_index(
        op.f("ix_supply_agreement_operator_id"), "supply_agreement", ["operator_id"], unique=False
    )
    op.create_index(
        op.f("ix_supply_agreement_organisation_id"), "supply_agreement", ["organisation_id"], unique=False
    )
    op.create_index(
        op.f("ix_supply_agreement_position_id"), "supply_agreement", ["position_id"], unique=False
    )
    op.create_table(
        "alarm_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "key", sa.BigInteger(), server_default=sa.text("nextval('alarm_rule_key')"), nullable=False
        ),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("position_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "limit",
                "rate",
                "silence",
                "state",
                "expression",
                "night_flow",
                name="rulekind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=True),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("deadband", sa.Double(), nullable=False),
        sa.Column("on_delay_s", sa.Double(), nullable=False),
        sa.Column("off_delay_s", sa.Double(), nullable=False),
        sa.Column("advice", sa.String(), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("shelved_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shelved_by", sa.Uuid(), nullable=True),
        sa.Column("out_of_service_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_alarm_rule_organisation_id")
        ),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name=op.f("fk_alarm_rule_point_id")),
        sa.ForeignKeyConstraint(["position_id"], ["position.id"], name=op.f("fk_alarm_rule_position_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_rule")),
        sa.UniqueConstraint("key", name=op.f("uq_alarm_rule_key")),
    )
    op.create_index(op.f("ix_alarm_rule_organisation_id"), "alarm_rule", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_alarm_rule_point_id"), "alarm_rule", ["point_id"], unique=False)
    op.create_index(op.f("ix_alarm_rule_position_id"), "alarm_rule", ["position_id"], unique=False)
    op.create_table(
        "channel",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("address", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("scale", sa.Double(), nullable=False),
        sa.Column("offset", sa.Double(), nullable=False),
        sa.Column("poll_seconds", sa.Double(), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_channel_connection_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_channel_organisation_id")
        ),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name=op.f("fk_channel_point_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("connection_id", "point_id", name=op.f("uq_channel_connection_id")),
    )
    op.create_index(op.f("ix_channel_connection_id"), "channel", ["connection_id"], unique=False)
    op.create_index(op.f("ix_channel_organisation_id"), "channel", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_channel_point_id"), "channel", ["point_id"], unique=False)
    op.create_table(
        "register_event",
        sa.Column("point_key", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("reset", "exchange", name="registereventkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("final", sa.Double(), nullable=False),
        sa.Column("initial", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["point_key"], ["point.key"], name=op.f("fk_register_event_point_key")),
        sa.PrimaryKeyConstraint("point_key", "at", name=op.f("pk_register_event")),
    )
    op.create_table(
        "alarm",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("position_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "unacknowledged",
                "acknowledged",
                "returned",
                "normal",
                name="alarmstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("limit", sa.Double(), nullable=True),
        sa.Column("worst", sa.Double(), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shelved_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_alarm_organisation_id")
        ),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name=op.f("fk_alarm_point_id")),
        sa.ForeignKeyConstraint(["position_id"], ["position.id"], name=op.f("fk_alarm_position_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["alarm_rule.id"], name=op.f("fk_alarm_rule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    op.create_index(op.f("ix_alarm_organisation_id"), "alarm", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_alarm_point_id"), "alarm", ["point_id"], unique=False)
    op.create_index("ix_alarm_position_id", "alarm", ["position_id"], unique=False)
    op.create_index("ix_alarm_recent", "alarm", ["organisation_id", "raised_at", "id"], unique=False)
    op.create_index(op.f("ix_alarm_rule_id"), "alarm", ["rule_id"], unique=False)
    op.create_index(
        "uq_alarm_open",
        "alarm",
        ["rule_id", "point_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'normal'"),
    )
    op.create_table(
        "alarm_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("alarm_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("comment", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm.id"], name=op.f("fk_alarm_event_alarm_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_alarm_event_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_event")),
    )
    op.create_index("ix_alarm_event_alarm_id", "alarm_event", ["alarm_id", "id"], unique=False)
    op.create_index(op.f("ix_alarm_event_organisation_id"), "alarm_event", ["organisation_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_alarm_event_organisation_id"), table_name="alarm_event")
    op.drop_index("ix_alarm_event_alarm_id", table_name="alarm_event")
    op.drop_table("alarm_event")
    op.drop_index("uq_alarm_open", table_name="alarm", postgresql_where=sa.text("state <> 'normal'"))
    op.drop_index(op.f("ix_alarm_rule_id"), table_name="alarm")
    op.drop_index("ix_alarm_recent", table_name="alarm")
    op.drop_index("ix_alarm_position_id", table_name="alarm")
    op.drop_index(op.f("ix_alarm_point_id"), table_name="alarm")
    op.drop_index(op.f("ix_alarm_organisation_id"), table_name="alarm")
    op.drop_table("alarm")
    op.drop_table("register_event")
    op.drop_index(op.f("ix_channel_point_id"), table_name="channel")
    op.drop_index(op.f("ix_channel_organisation_id"), table_name="channel")
    op.drop_index(op.f("ix_channel_connection_id"), table_name="channel")
    op.drop_table("channel")
    op.drop_index(op.f("ix_alarm_rule_position_id"), table_name="alarm_rule")
    op.drop_index(op.f("ix_alarm_rule_point_id"), table_name="alarm_rule")
    op.drop_index(op.f("ix_alarm_rule_organisation_id"), table_name="alarm_rule")
    op.drop_table("alarm_rule")
    op.drop_index(op.f("ix_supply_agreement_position_id"), table_name="supply_agreement")
    op.drop_index(op.f("ix_supply_agreement_organisation_id"), table_name="supply_agreement")
    op.drop_index(op.f("ix_supply_agreement_operator_id"), table_name="supply_agreement")
    op.drop_table("supply_agreement")
    op.drop_index(op.f("ix_site_organisation_id"), table_name="site")
    op.drop_table("site")
    op.drop_index(op.f("ix_sighting_organisation_id"), table_name="sighting")
    op.drop_index(op.f("ix_sighting_connection_id"), table_name="sighting")
    op.drop_table("sighting")
    op.drop_index("ix_point_position_id", table_name="point")
    op.drop_index(op.f("ix_point_parent_id"), table_name="point")
    op.drop_index(op.f("ix_point_organisation_id"), table_name="point")
    op.drop_table("point")
    op.drop_index(op.f("ix_line_to_position_id"), table_name="line")
    op.drop_index(op.f("ix_line_organisation_id"), table_name="line")
    op.drop_index(op.f("ix_line_from_position_id"), table_name="line")
    op.drop_index("idx_line_geometry", table_name="line", postgresql_using="gist")
    op.drop_table("line")
    op.drop_index(op.f("ix_installation_position_id"), table_name="installation")
    op.drop_index(op.f("ix_installation_organisation_id"), table_name="installation")
    op.drop_index(op.f("ix_installation_device_id"), table_name="installation")
    op.drop_table("installation")
    op.drop_index(op.f("ix_dead_letter_organisation_id"), table_name="dead_letter")
    op.drop_index(
        "ix_dead_letter_open", table_name="dead_letter", postgresql_where=sa.text("settled_at IS NULL")
    )
    op.drop_index(op.f("ix_dead_letter_connection_id"), table_name="dead_letter")
    op.drop_table("dead_letter")
    op.drop_index(op.f("ix_connection_state_organisation_id"), table_name="connection_state")
    op.drop_table("connection_state")
    op.drop_index(op.f("ix_refresh_token_person_id"), table_name="refresh_token")
    op.drop_index(op.f("ix_refresh_token_family_id"), table_name="refresh_token")
    op.drop_table("refresh_token")
    op.drop_index(op.f("ix_position_site_id"), table_name="position")
    op.drop_index("ix_position_path", table_name="position", postgresql_using="gist")
    op.drop_index("ix_position_parent_id", table_name="position")
    op.drop_index(op.f("ix_position_organisation_id"), table_name="position")
    op.drop_index("idx_position_geometry", table_name="position", postgresql_using="gist")
    op.drop_table("position")
    op.drop_index(op.f("ix_portal_session_person_id"), table_name="portal_session")
    op.drop_table("portal_session")
    op.drop_index(op.f("ix_one_time_token_person_id"), table_name="one_time_token")
    op.drop_table("one_time_token")
    op.drop_index(op.f("ix_membership_person_id"), table_name="membership")
    op.drop_index(op.f("ix_membership_organisation_id"), table_name="membership")
    op.drop_table("membership")
    op.drop_index(op.f("ix_device_organisation_id"), table_name="device")
    op.drop_table("device")
    op.drop_index(op.f("ix_connection_organisation_id"), table_name="connection")
    op.drop_table("connection")
    op.drop_table("application_switch")
    op.drop_table("superseded_reading")
    op.drop_table("superseded_interval")
    op.drop_table("rule_memory")
    op.drop_table("roll_up")
    op.drop_table("reading")
    op.drop_index("ix_progress_settled_until", table_name="progress")
    op.drop_table("progress")
    op.drop_table("person")
    op.drop_index("ix_outbox_open", table_name="outbox", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_table("outbox")
    op.drop_index("ix_organisation_path", table_name="organisation", postgresql_using="gist")
    op.drop_index(op.f("ix_organisation_parent_id"), table_name="organisation")
    op.drop_table("organisation")
    op.drop_table("lease")
    op.drop_table("latest")
    op.drop_table("interval")
    op.drop_table("hour_statistic")
    op.drop_table("cursor")
    op.drop_index("ix_batch_sequence", table_name="batch")
    op.drop_index("ix_batch_connection_id", table_name="batch")
    op.drop_table("batch")
    op.drop_index("ix_audit_event_where", table_name="audit_event")
    op.drop_table("audit_event")
    for sequence in ("alarm_rule_key", "batch_id", "batch_sequence"):
        op.execute(f"DROP SEQUENCE {sequence}")
