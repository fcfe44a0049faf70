"""What use depends on and is compared by, what was fitted to it, and where customers stand among others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0041"
down_revision = "0040"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = ("driver", "own_factor", "use_quota", "measure", "purchase", "use_fit", "peer_place")
CARRIERS = ("electricity", "heat", "cooling", "steam", "gas", "water", "fuel", "environment")
BASES = ("area", "heads", "product")


def upgrade() -> None:
    """Apply."""
    _said()
    _worked_out()
    for table in TABLES:
        op.create_index(f"ix_{table}_organisation_id", table, ["organisation_id"])
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({OWN})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")
    op.execute(f"REVOKE UPDATE, DELETE ON peer_place FROM {APP}")  # told once, never made again


def downgrade() -> None:
    """Take back."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _said() -> None:
    """What people say."""
    op.create_table(
        "driver", *_start("driver"), _to("driver", "position_id", "position", nullable=True),
        _column("kind", _named("driverkind", "production", "hours", "area", "heads", "temperature")),
        _column("product", sa.String()), _column("unit", sa.String()), _column("starts_on", sa.Date()),
        _column("ends_on", sa.Date(), nullable=True), _column("value", sa.Double()),
        _column("source", _named("source", "page", "file", "api")), *_entered("driver"),
        sa.UniqueConstraint("organisation_id", "position_id", "kind", "product", "starts_on", name="uq_driver_once",
                            postgresql_nulls_not_distinct=True),
        sa.CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="ck_driver_half_open"),
        sa.CheckConstraint("(kind = 'production') = (product <> '')", name="ck_driver_product"),
        sa.CheckConstraint("(ends_on IS NULL) = (kind IN ('area', 'heads'))", name="ck_driver_level"),
    )  # fmt: skip
    op.create_table(
        "own_factor", *_start("own_factor"), _column("carrier", _named("carrier", *CARRIERS)),
        _column("kind", _named("factorkind", "calorific", "equivalent", "co2")), _column("from_on", sa.Date()),
        _column("value", sa.Numeric(12, 6)), _column("source", sa.String()), *_entered("own_factor"),
        sa.UniqueConstraint("organisation_id", "carrier", "kind", "from_on", name="uq_own_factor_once"),
    )  # fmt: skip
    op.create_table(
        "use_quota", *_start("use_quota"), _column("trade", sa.String()),
        _column("carrier", _named("carrier", *CARRIERS)),
        _column("basis", _named("basis", *BASES)), _column("from_on", sa.Date()), _column("value", sa.Double()),
        _column("source", sa.String()), *_entered("use_quota"),
        sa.UniqueConstraint("organisation_id", "trade", "carrier", "basis", "from_on", name="uq_use_quota_once"),
        sa.CheckConstraint("value > 0", name="ck_use_quota_value"),
    )  # fmt: skip
    op.create_table(
        "measure", *_start("measure"), _column("name", sa.String()),
        _column("carrier", _named("carrier", *CARRIERS), nullable=True), _column("begun_on", sa.Date()),
        _column("outlay", sa.Numeric(20, 4)), _column("currency", sa.String()), _column("yearly", sa.Numeric(20, 4)),
        _column("years", sa.SmallInteger()), _column("rate", sa.Numeric(6, 4)), *_entered("measure"),
        sa.CheckConstraint("outlay > 0 AND years BETWEEN 1 AND 60", name="ck_measure_sound"),
    )  # fmt: skip
    op.create_table(
        "purchase", *_start("purchase"), _to("purchase", "point_id", "point"), _to("purchase", "tariff_id", "tariff"),
        _column("starts_on", sa.Date()), _column("ends_on", sa.Date(), nullable=True),
        _column("facts", postgresql.JSONB()), *_entered("purchase"),
        sa.UniqueConstraint("point_id", "starts_on", name="uq_purchase_point_id"),
        sa.CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="ck_purchase_half_open"),
    )  # fmt: skip


def _worked_out() -> None:
    """What is worked out by schedule."""
    op.create_table(
        "use_fit", *_start("use_fit"), _column("carrier", _named("carrier", *CARRIERS)), _column("first", sa.Date()),
        _column("until", sa.Date()), _column("unit", sa.String()), _column("document", postgresql.JSONB()),
        _column("autocorrelation", sa.Double()), _column("left_out", sa.Integer()),
        _column("fitted_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("organisation_id", "carrier", "first", "until", name="uq_use_fit_once"),
    )  # fmt: skip
    op.create_table(
        "peer_place", *_start("peer_place"), _column("carrier", _named("carrier", *CARRIERS)),
        _column("basis", _named("basis", *BASES)), _column("product", sa.String()), _column("first", sa.Date()),
        _column("until", sa.Date()), _column("value", sa.Double()), _column("unit", sa.String()),
        _column("weather", sa.Boolean()),
        _column("width", _named("width", "trade_and_size", "trade", "size", "all"), nullable=True),
        *(_column(name, sa.SmallInteger(), nullable=True) for name in ("others", "quarter")),
        *(_column(name, sa.Double(), nullable=True) for name in ("lower", "middle", "upper", "quota")),
        _column("quota_source", sa.String(), nullable=True), _column("made_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("organisation_id", "carrier", "basis", "product", "first", "until",
                            name="uq_peer_place_once"),
    )  # fmt: skip


def _start(table: str) -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.Uuid(), primary_key=True, nullable=False),
        _to(table, "organisation_id", "organisation"),
    )


def _entered(table: str) -> tuple[sa.Column[object], ...]:
    return (
        _column("entered_at", sa.DateTime(timezone=True)),
        _to(table, "entered_by", "person", nullable=True),
    )


def _named(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=32)


def _column(name: str, kind: object, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=nullable)  # type: ignore[call-overload]  # any type of column


def _to(table: str, column: str, other: str, *, nullable: bool = False) -> sa.Column[object]:
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}")
    return sa.Column(column, sa.Uuid(), key, nullable=nullable)
