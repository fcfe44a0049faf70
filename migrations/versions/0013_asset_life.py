"""Life cycle of devices, documents, spare parts and stock, customers' files, search, and the feed of changes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
CUSTOMER = "customer_id = ANY ((SELECT scope_organisations())::uuid[])"
POLICIES = {
    "device_event": f"{OWN} OR EXISTS (SELECT FROM covered_periods() c"
    " WHERE c.position_id = device_event.position_id AND device_event.at >= c.starts_at"
    " AND (c.ends_at IS NULL OR device_event.at < c.ends_at))",
    "document": f"{OWN} OR (is_shared AND ({CUSTOMER}"
    " OR position_id IN (SELECT c.position_id FROM covered_periods() c)"
    " OR EXISTS (SELECT FROM installation i WHERE i.device_id = document.device_id)))",
    "customer_contact": OWN,
    "customer_note": OWN,
    "contract_reference": f"{OWN} OR {CUSTOMER}",
    "part": OWN,
    "store": OWN,
    "stock_movement": OWN,
    "change": OWN,
}
APPEND_ONLY = ("device_event", "customer_note", "stock_movement", "change")
NEVER_DELETED = ("device", "installation", "document", "part", "store")

HAN = r"\u3400-\u9fff\uf900-\ufaff"
APART = r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20"
"""Chinese characters, and what stands between words: code points, so that no locale matters."""

GRAMS = f"""
CREATE FUNCTION search_grams(said text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
-- What a text is found by: Chinese characters one by one and in pairs; of words (letters, digits) every
-- three neighbours, and their first one and two marked with '^'. backend/assets/rules/search.py asks likewise.
DECLARE
    run text;
    grams text[] := '{{}}';
    place int;
BEGIN
    FOR run IN SELECT (regexp_matches(lower(said), '[{HAN}]+|[^{APART}{HAN}]+', 'g'))[1] LOOP
        IF run ~ '^[{HAN}]' THEN
            FOR place IN 1 .. length(run) LOOP
                grams := grams || substr(run, place, 1);
                IF place < length(run) THEN grams := grams || substr(run, place, 2); END IF;
            END LOOP;
        ELSE
            grams := grams || ('^' || left(run, 1)) || ('^' || left(run, 2));
            FOR place IN 1 .. length(run) - 2 LOOP
                grams := grams || substr(run, place, 3);
            END LOOP;
        END IF;
    END LOOP;
    RETURN grams;
END $$;

CREATE FUNCTION search_text(a text, b text, c text DEFAULT NULL) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(a, '') || ' ' || coalesce(b, '') || ' ' || coalesce(c, '') $$;

CREATE FUNCTION search_rank(said text, pattern text) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN said ILIKE substr(pattern, 2) THEN 0
                WHEN said ILIKE '% ' || substr(pattern, 2) THEN 1 ELSE 2 END $$;
"""
FOUND_BY = {
    "device": ("manufacturer", "model", "serial_number"),
    "position": ("name", "name_zh", "code"),
    "document": ("title", "file_name"),
    "part": ("number", "name", "name_zh"),
    "organisation": ("name", "name_zh"),
}
"""Table -> the columns it is found by."""

WHOSE = {
    "device": "(t.organisation_id = ANY (mine) OR t.id IN (SELECT i.device_id FROM installation i"
    " JOIN covered_periods() c ON c.position_id = i.position_id"
    " AND tstzrange(c.starts_at, c.ends_at) && tstzrange(i.installed_at, i.removed_at)))",
    "position": "(t.organisation_id = ANY (mine) OR t.id IN (SELECT c.position_id FROM covered_periods() c))",
    "document": "t.archived_at IS NULL AND t.organisation_id = ANY (mine)",
    "part": "t.archived_at IS NULL AND t.organisation_id = ANY (mine)",
    "organisation": "t.id = ANY (mine)",
}
FOUND = """
    IF '{name}' = ANY (kinds) THEN
        RETURN QUERY SELECT '{name}'::text, c.id, search_rank(c.said, words[1])
        FROM (SELECT t.id, search_text({columns}) AS said FROM {name} t
              WHERE search_grams(search_text({columns})) @> grams AND search_text({columns}) ILIKE ALL (words)
                AND {whose} LIMIT {ranked}) c
        ORDER BY 3, 2 LIMIT most;
    END IF;"""


RANKED = 2000
"""So many hits of a table are ranked: a word that fits a fifth of the register must not cost a second."""


def search_function() -> str:
    """Return the function that searches as the owner: row-level security keeps indexes from any operator
    that is not proved leak-free, so the function asks whose a row is itself."""
    parts = "".join(
        FOUND.format(
            name=name,
            whose=WHOSE[name],
            ranked=RANKED,
            columns=", ".join(f"t.{column}" for column in columns),
        )
        for name, columns in FOUND_BY.items()
    )
    return f"""
CREATE FUNCTION search_assets(words text[], grams text[], kinds text[], most int)
RETURNS TABLE (entity text, id uuid, rank int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- words: patterns for ILIKE, all of which must fit; rank: 0 begins with the first, 1 a word does, 2 somewhere
DECLARE mine uuid[] := scope_organisations();
BEGIN{parts}
END $$;
"""


def upgrade() -> None:
    """Apply."""
    _device()
    _documents()
    _parts()
    _customers()
    _changes()
    for table in NEVER_DELETED:
        op.execute(f"REVOKE DELETE ON {table} FROM {APP}")
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {APP}")
    op.execute(f"GRANT DELETE ON customer_contact, contract_reference TO {APP}")
    for table, condition in POLICIES.items():
        write = "true" if table == "change" else OWN  # whoever reports a fault changes what they do not see
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({condition})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({write})")
        op.execute(
            f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({write}) WITH CHECK ({write})"
        )
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({write})")
    _search()


def downgrade() -> None:
    """Take back."""
    op.execute("DROP FUNCTION search_assets")
    for table in FOUND_BY:
        op.execute(f"DROP INDEX ix_{table}_search")
    op.execute("DROP FUNCTION search_grams, search_text, search_rank")
    for table in reversed(POLICIES):
        op.drop_table(table)
    op.execute("DROP SEQUENCE change_sequence")
    op.execute(f"GRANT DELETE ON device, installation TO {APP}")
    for column in (
        "parent_id", "purchased_on", "purchase_cost", "purchase_currency", "supplier", "warranty_until",
        "commissioned_at",
    ):  # fmt: skip
        op.drop_column("device", column)


def _table(name: str, *columns: Any) -> None:
    """Make a tenant's table."""
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("organisation_id", sa.Uuid(), sa.ForeignKey("organisation.id"), nullable=False, index=True),
        *columns,
    )


def _text(name: str, *, nullable: bool = False) -> Any:
    return sa.Column(name, sa.String(), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> Any:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _reference(name: str, table: str, *, nullable: bool = False, index: bool = True) -> Any:
    return sa.Column(name, sa.Uuid(), sa.ForeignKey(f"{table}.id"), nullable=nullable, index=index)


def _device() -> None:
    for column in (
        _reference("parent_id", "device", nullable=True), sa.Column("purchased_on", sa.Date()),
        sa.Column("purchase_cost", sa.Numeric(14, 2)), _text("purchase_currency", nullable=True),
        _text("supplier", nullable=True), sa.Column("warranty_until", sa.Date()),
        _instant("commissioned_at", nullable=True),
    ):  # fmt: skip
        op.add_column("device", column)
    _table(
        "device_event", _reference("device_id", "device", index=False), _instant("at"), _instant("recorded_at"),
        _text("step"), sa.Column("from_status", sa.String(32)), sa.Column("to_status", sa.String(32), nullable=False),
        _reference("position_id", "position", nullable=True, index=False), _text("reason", nullable=True),
        _text("actor_kind"), sa.Column("actor_id", sa.Uuid()),
    )  # fmt: skip
    op.create_index("ix_device_event_device_id", "device_event", ["device_id", "at"])
    op.create_index("ix_device_event_position_id", "device_event", ["position_id", "at"])


def _documents() -> None:
    _table(
        "document", _reference("position_id", "position", nullable=True),
        _reference("device_id", "device", nullable=True), _reference("customer_id", "organisation", nullable=True),
        sa.Column("kind", sa.String(32), nullable=False), _text("title"), _text("file_name"), _text("media_type"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False), _text("sha256"),
        _text("preview_sha256", nullable=True),
        sa.Column("is_shared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _instant("created_at"), sa.Column("actor_id", sa.Uuid()), _instant("archived_at", nullable=True),
        sa.CheckConstraint("num_nonnulls(position_id, device_id, customer_id) = 1", name="at_one_thing"),
    )  # fmt: skip


def _parts() -> None:
    _table(
        "part", _text("number"), _text("name"), _text("name_zh", nullable=True), _text("unit"),
        sa.Column("minimum", sa.Numeric(14, 3), server_default=sa.text("0"), nullable=False),
        _instant("archived_at", nullable=True), _instant("created_at"),
        sa.UniqueConstraint("organisation_id", "number"),
    )  # fmt: skip
    _table(
        "store", sa.Column("kind", sa.String(32), nullable=False), _text("name"), _text("name_zh", nullable=True),
        _reference("person_id", "person", nullable=True), _reference("position_id", "position", nullable=True),
        _instant("archived_at", nullable=True), _instant("created_at"),
        sa.UniqueConstraint("organisation_id", "name"),
    )  # fmt: skip
    _table(
        "stock_movement", _reference("store_id", "store", index=False), _reference("part_id", "part", index=False),
        sa.Column("delta", sa.Numeric(14, 3), nullable=False), sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("reference_id", sa.Uuid(), index=True), _text("note", nullable=True),
        sa.Column("op_id", sa.Uuid(), nullable=False), _instant("at"), _instant("recorded_at"),
        sa.Column("actor_id", sa.Uuid()),
        sa.UniqueConstraint("op_id", "store_id", "part_id"),
        sa.CheckConstraint("delta <> 0", name="moves_something"),
    )  # fmt: skip
    op.create_index(
        "ix_stock_movement_store_id_part_id", "stock_movement", ["store_id", "part_id"],
        postgresql_include=["delta"],
    )  # fmt: skip
    op.create_index("ix_stock_movement_part_id", "stock_movement", ["part_id", "at"])


def _customers() -> None:
    customer = [_reference("customer_id", "organisation") for _ in range(3)]
    _table(
        "customer_contact", customer[0], _text("name"), _text("function", nullable=True),
        _text("phone", nullable=True), _text("email", nullable=True), _text("note", nullable=True),
        _instant("created_at"), _instant("archived_at", nullable=True),
    )  # fmt: skip
    _table(
        "customer_note", customer[1], _instant("at"), _text("text"), sa.Column("actor_id", sa.Uuid()),
    )  # fmt: skip
    _table(
        "contract_reference", customer[2], _text("number"), _text("title"),
        sa.Column("starts_on", sa.Date(), nullable=False), sa.Column("ends_on", sa.Date()),
        _text("note", nullable=True), _instant("created_at"),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="in_order"),
    )  # fmt: skip


def _changes() -> None:
    op.execute("CREATE SEQUENCE change_sequence")
    op.execute(f"GRANT USAGE, SELECT ON SEQUENCE change_sequence TO {APP}")
    op.create_table(
        "change",
        sa.Column("sequence", sa.BigInteger(), primary_key=True, autoincrement=False),
        _text("entity"),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        _instant("at"),
    )
    op.create_index("ix_change_organisation_id_sequence", "change", ["organisation_id", "sequence"])
    op.create_index("ix_change_entity_id", "change", ["entity_id", "sequence"])


def _search() -> None:
    op.execute(GRAMS)
    for table, columns in FOUND_BY.items():
        text = f"search_text({', '.join(columns)})"
        op.execute(f"CREATE INDEX ix_{table}_search ON {table} USING gin (search_grams({text}))")
    op.execute(search_function())
