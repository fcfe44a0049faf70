"""Validation, estimation, editing: gaps and their shapes, exceptions, authors of versions, virtual meters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"

KEEP_WITH_AUTHOR = """
CREATE OR REPLACE FUNCTION keep_superseded_interval() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO superseded_interval (point_key, start, version, minutes, method, rule, amount, author_id)
    VALUES (OLD.point_key, OLD.start, OLD.version, OLD.minutes, OLD.method, OLD.rule, OLD.amount, OLD.author_id);
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;
"""
KEEP = """
CREATE OR REPLACE FUNCTION keep_superseded_interval() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO superseded_interval (point_key, start, version, minutes, method, rule, amount)
    VALUES (OLD.point_key, OLD.start, OLD.version, OLD.minutes, OLD.method, OLD.rule, OLD.amount);
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;
"""


def upgrade() -> None:
    """Apply."""
    for table in ("interval", "superseded_interval"):
        op.add_column(table, sa.Column("author_id", sa.Uuid()))
    op.execute(KEEP_WITH_AUTHOR)
    op.add_column("progress", sa.Column("validated_until", sa.DateTime(timezone=True)))
    op.create_table(
        "gap",
        sa.Column("point_key", sa.BigInteger(), primary_key=True, autoincrement=False),
        _instant("first_at", primary_key=True), _instant("last_at"), _instant("noted_at"),
        _instant("estimated_at", nullable=True), sa.Column("rule", sa.SmallInteger()),
        sa.Column("weight", sa.LargeBinary()), sa.Column("reason", sa.String()),
        sa.Column("author_id", sa.Uuid()),
    )  # fmt: skip
    op.create_index("ix_gap_waiting", "gap", ["noted_at"], postgresql_where=sa.text("estimated_at IS NULL"))
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON gap TO {APP}")
    op.create_table(
        "vee_exception",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _to("vee_exception", "organisation_id", "organisation"), _to("vee_exception", "point_id", "point"),
        _instant("starts_at"), _instant("ends_at"),
        sa.Column("check", sa.SmallInteger(), nullable=False), sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("measured", sa.Double(), nullable=False), sa.Column("limit", sa.Double(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False), _instant("found_at"),
        _instant("settled_at", nullable=True), _to("vee_exception", "settled_by", "person", nullable=True),
        sa.Column("reason", sa.String()),
        sa.CheckConstraint("ends_at > starts_at", name="ck_vee_exception_period"),
        sa.UniqueConstraint("point_id", "check", "starts_at", name="uq_vee_exception_point_id"),
    )  # fmt: skip
    op.create_index("ix_vee_exception_organisation_id", "vee_exception", ["organisation_id"])
    op.create_index("ix_vee_exception_recent", "vee_exception", ["organisation_id", "found_at", "id"])
    op.create_table(
        "virtual_term",
        _to("virtual_term", "organisation_id", "organisation"),
        _to("virtual_term", "point_id", "point", primary_key=True),
        _to("virtual_term", "source_id", "point", primary_key=True),
        sa.Column("sign", sa.SmallInteger(), nullable=False),
        sa.Column("share_from", sa.Double(), nullable=False), sa.Column("share_to", sa.Double(), nullable=False),
        sa.CheckConstraint("sign IN (-1, 1)", name="ck_virtual_term_sign"),
        sa.CheckConstraint("0 <= share_from AND share_from < share_to AND share_to <= 1", name="ck_virtual_term_share"),
        sa.CheckConstraint("point_id <> source_id", name="ck_virtual_term_itself"),
    )  # fmt: skip
    op.create_index("ix_virtual_term_organisation_id", "virtual_term", ["organisation_id"])
    op.create_index("ix_virtual_term_source_id", "virtual_term", ["source_id"])
    for table in ("vee_exception", "virtual_term"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({OWN})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")


def downgrade() -> None:
    """Take back."""
    for table in ("virtual_term", "vee_exception", "gap"):
        op.drop_table(table)
    op.drop_column("progress", "validated_until")
    op.execute(KEEP)
    for table in ("superseded_interval", "interval"):
        op.drop_column(table, "author_id")


def _to(table: str, column: str, other: str, **more: bool) -> sa.Column[object]:
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}")
    return sa.Column(column, sa.Uuid(), key, **{"nullable": False, **more})


def _instant(name: str, **more: bool) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **{"nullable": False, **more})
