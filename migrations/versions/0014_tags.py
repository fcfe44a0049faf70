"""Tags, their batches, bindings, aliases and sightings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

APP = "enerfield_app"
TABLES = ("tag_batch", "tag", "tag_event", "tag_alias", "tag_sighting", "tag_warning")
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
OF_TAG = f"{OWN} OR EXISTS (SELECT FROM tag t WHERE t.id = {{table}}.tag_id)"
APPEND_ONLY = ("tag_event", "tag_sighting")

PUBLIC_TAG = """
CREATE FUNCTION public_tag(wanted uuid)
RETURNS TABLE (
    state varchar, organisation_id uuid, operator varchar, operator_zh varchar, emergency_phone varchar,
    position_id uuid, device_id uuid, position_kind varchar, carriers text[], is_simulated boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- What a passer-by may know of a tag whose code they hold; the ids stay inside. The phone is the nearest upwards.
    SELECT t.state, o.id, o.name, o.name_zh,
           (SELECT a.emergency_phone FROM organisation a
            WHERE a.path @> o.path AND a.emergency_phone IS NOT NULL ORDER BY nlevel(a.path) DESC LIMIT 1),
           p.id, t.device_id, p.kind, p.carriers, o.is_simulated
    FROM tag t
    JOIN organisation o ON o.id = t.organisation_id
    LEFT JOIN installation i ON i.device_id = t.device_id AND i.removed_at IS NULL
    LEFT JOIN position p ON p.id = coalesce(t.position_id, i.position_id)
    WHERE t.id = wanted $$;
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("organisation", sa.Column("emergency_phone", sa.String()))
    _tables()
    op.execute(PUBLIC_TAG)
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {APP}")
    op.execute(f"GRANT DELETE ON tag_alias TO {APP}")
    for table in TABLES:
        sees = OWN if table in {"tag", "tag_batch"} else OF_TAG.format(table=table)
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({sees})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({sees}) WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")


def downgrade() -> None:
    """Take back."""
    op.execute("DROP FUNCTION public_tag")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("organisation", "emergency_phone")


def _tables() -> None:
    _table(
        "tag_batch",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        _kind("surroundings", "indoors", "outdoors", "harsh"),
        _instant("made_at"),
        sa.Column("made_by", sa.Uuid()),
    )
    _table(
        "tag",
        sa.Column("region_id", sa.Uuid(), nullable=False),
        _kind("kind", "qr", "rfid", "nfc"),
        _kind("state", "unbound", "bound", "retired"),
        sa.Column("short_code", sa.String(), nullable=False),
        _reference("batch_id", "tag_batch"),
        _reference("position_id", "position"),
        _reference("device_id", "device"),
        _instant("made_at"),
        _instant("bound_at", nullable=True),
        _instant("seen_at", nullable=True),
        sa.Column("seen_by", sa.Uuid()),
        *_place("seen_"),
        sa.UniqueConstraint("region_id", "short_code", name=op.f("uq_tag_region_id")),
        sa.CheckConstraint(
            "num_nonnulls(position_id, device_id) = (state = 'bound')::int", name=op.f("ck_tag_one_asset")
        ),
    )
    for column in ("position_id", "device_id", "batch_id"):
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_tag_{column}", "tag", [column], postgresql_where=there)
    _table(
        "tag_event",
        _reference("tag_id", "tag", nullable=False),
        _kind("kind", "made", "bound", "rebound", "retired", "alias_added", "alias_removed"),
        _instant("at"),
        _instant("recorded_at"),
        sa.Column("actor_id", sa.Uuid()),
        _reference("position_id", "position"),
        _reference("device_id", "device"),
        sa.Column("reason", sa.String()),
        *_place(),
        sa.Column("photo_sha256", sa.String()),
    )
    op.create_index("ix_tag_event_tag_id", "tag_event", ["tag_id", "id"])
    _table(
        "tag_alias",
        sa.Column("region_id", sa.Uuid(), nullable=False),
        _reference("tag_id", "tag", nullable=False),
        _kind("scheme", "gs1", "nfc", "maker"),
        sa.Column("value", sa.String(), nullable=False),
        _instant("added_at"),
        sa.UniqueConstraint("region_id", "scheme", "value", name=op.f("uq_tag_alias_region_id")),
    )
    op.create_index(op.f("ix_tag_alias_tag_id"), "tag_alias", ["tag_id"])
    _table(
        "tag_sighting",
        _reference("tag_id", "tag", nullable=False),
        _instant("at"),
        _instant("recorded_at"),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("source", sa.String(), nullable=False),
        *_place(),
    )
    op.create_index("ix_tag_sighting_tag_id_at", "tag_sighting", ["tag_id", "at"])
    _table(
        "tag_warning",
        _reference("tag_id", "tag", nullable=False),
        _reference("first_sighting_id", "tag_sighting", nullable=False),
        _reference("second_sighting_id", "tag_sighting", nullable=False),
        sa.Column("distance_m", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        _instant("raised_at"),
        sa.Column("times", sa.Integer(), nullable=False),
        _instant("acknowledged_at", nullable=True),
        sa.Column("acknowledged_by", sa.Uuid()),
        sa.Column("comment", sa.String()),
    )
    op.create_index(op.f("ix_tag_warning_tag_id"), "tag_warning", ["tag_id"])
    is_open = sa.text("acknowledged_at IS NULL")
    op.create_index("uq_tag_warning_open", "tag_warning", ["tag_id"], unique=True, postgresql_where=is_open)


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    """Create a table of tenants: with its key and its owner."""
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f(f"fk_{name}_organisation_id")
        ),
        *(
            sa.ForeignKeyConstraint(
                [part.name], [f"{part.info['to']}.id"], name=op.f(f"fk_{name}_{part.name}")
            )
            for part in parts
            if "to" in part.info
        ),
    )
    op.create_index(op.f(f"ix_{name}_organisation_id"), name, ["organisation_id"])


def _reference(name: str, to: str, *, nullable: bool = True) -> sa.Column[sa.Uuid]:
    return sa.Column(name, sa.Uuid(), nullable=nullable, info={"to": to})


def _kind(name: str, *values: str) -> sa.Column[str]:
    return sa.Column(name, sa.Enum(*values, native_enum=False, length=32), nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _place(prefix: str = "") -> list[sa.Column[float]]:
    return [sa.Column(f"{prefix}{part}", sa.Float()) for part in ("longitude", "latitude", "accuracy_m")]
