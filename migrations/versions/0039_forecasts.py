"""What is forecast, by which models, from what was known; and the weather as it was known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0039"
down_revision = "0038"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = ("weather_place", "weather_run", "forecast_target", "forecast_term", "forecast_model", "forecast")


def upgrade() -> None:
    """Apply."""
    _weather()
    _targets()
    _forecasts()
    for table in TABLES:
        op.create_index(f"ix_{table}_organisation_id", table, ["organisation_id"])
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({OWN})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")


def downgrade() -> None:
    """Take back."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), primary_key=True)


def _to(table: str, column: str, other: str, **more: bool) -> sa.Column[object]:
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}")
    return sa.Column(column, sa.Uuid(), key, **{"nullable": False, **more})


def _instant(name: str, **more: bool) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **{"nullable": False, **more})


def _text(name: str, **more: bool) -> sa.Column[object]:
    return sa.Column(name, sa.String(), **{"nullable": False, **more})


def _named(name: str, enum: str, *values: str) -> sa.Column[object]:
    return sa.Column(name, sa.Enum(*values, name=enum, native_enum=False, length=32), nullable=False)


def _simulated() -> sa.Column[object]:
    return sa.Column("is_simulated", sa.Boolean(), server_default=sa.text("false"), nullable=False)


def _weather() -> None:
    op.create_table(
        "weather_place",
        _id(), _to("weather_place", "organisation_id", "organisation"), _text("name"), _text("name_zh", nullable=True),
        sa.Column("latitude", sa.Double(), nullable=False), sa.Column("longitude", sa.Double(), nullable=False),
        _text("source"), _simulated(), _instant("created_at"), _instant("asked_at", nullable=True),
        _text("error", nullable=True),
        sa.CheckConstraint(
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="ck_weather_place_place"
        ),
    )  # fmt: skip
    op.create_table(
        "weather_run",
        _id(), _to("weather_run", "organisation_id", "organisation"),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _to("weather_run", "place_id", "weather_place"), _named("kind", "weatherkind", "observed", "forecast"),
        _instant("issued_at"), _instant("received_at"), _instant("starts_at"),
        sa.Column("step_minutes", sa.SmallInteger(), nullable=False), sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("variables", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("values", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("step_minutes BETWEEN 5 AND 180 AND steps > 0", name="ck_weather_run_steps"),
        sa.UniqueConstraint("number", name="uq_weather_run_number"),
    )  # fmt: skip
    op.create_index("ix_weather_run_place_id", "weather_run", ["place_id", "kind", "number"])


def _targets() -> None:
    op.create_table(
        "forecast_target",
        _id(), _to("forecast_target", "organisation_id", "organisation"),
        _to("forecast_target", "position_id", "position"), _text("name"), _text("name_zh", nullable=True),
        _named("carrier", "carrier", "electricity", "heat", "cooling", "steam", "gas", "water", "fuel", "environment"),
        _text("unit"), _named("source", "source", "load", "pv", "wind", "supply"),
        sa.Column("step_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("horizon_hours", sa.SmallInteger(), nullable=False),
        sa.Column("floor", sa.Double(), nullable=True), sa.Column("ceiling", sa.Double(), nullable=True),
        _to("forecast_target", "weather_place_id", "weather_place", nullable=True),
        sa.Column("plant", postgresql.JSONB(), nullable=True), _simulated(), _instant("created_at"),
        _instant("ended_at", nullable=True), _instant("retrain_asked_at", nullable=True),
        _to("forecast_target", "retrain_asked_by", "person", nullable=True),
        _instant("tried_at", nullable=True), _instant("failing_since", nullable=True),
        sa.Column("failing", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint("step_minutes IN (15, 30, 60)", name="ck_forecast_target_step_minutes"),
        sa.CheckConstraint("horizon_hours BETWEEN 1 AND 168", name="ck_forecast_target_horizon_hours"),
    )  # fmt: skip
    op.create_index("ix_forecast_target_position_id", "forecast_target", ["position_id"])
    op.create_index("ix_forecast_target_listed", "forecast_target", ["organisation_id", "name", "id"])
    op.create_table(
        "forecast_term",
        _to("forecast_term", "organisation_id", "organisation"), _to("forecast_term", "target_id", "forecast_target"),
        _to("forecast_term", "point_id", "point"), sa.Column("sign", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("target_id", "point_id", name="pk_forecast_term"),
        sa.CheckConstraint("sign IN (-1, 1)", name="ck_forecast_term_sign"),
    )  # fmt: skip
    op.create_index("ix_forecast_term_point_id", "forecast_term", ["point_id"])


def _forecasts() -> None:
    op.create_table(
        "forecast_model",
        _id(), _to("forecast_model", "organisation_id", "organisation"),
        _to("forecast_model", "target_id", "forecast_target"), sa.Column("number", sa.Integer(), nullable=False),
        _text("body"), _instant("trained_at"), _instant("known_from"), _instant("known_until"),
        sa.Column("took_s", sa.Double(), nullable=False), sa.Column("scores", postgresql.JSONB(), nullable=False),
        sa.Column("champion_scores", postgresql.JSONB(), nullable=True),
        _named("verdict", "verdict", "champion", "replaced", "refused"),
        _to("forecast_model", "asked_by", "person", nullable=True), _instant("champion_from", nullable=True),
        _instant("champion_until", nullable=True),
        sa.UniqueConstraint("target_id", "number", name="uq_forecast_model_target_id"),
    )  # fmt: skip
    op.create_index(
        "ix_forecast_model_champion", "forecast_model", ["target_id"], unique=True,
        postgresql_where=sa.text("verdict = 'champion'"),
    )  # fmt: skip
    op.create_table(
        "forecast",
        _id(), _to("forecast", "organisation_id", "organisation"), _to("forecast", "target_id", "forecast_target"),
        _instant("issued_at"), _instant("starts_at"), sa.Column("step_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("steps", sa.SmallInteger(), nullable=False), sa.Column("quantiles", sa.LargeBinary(), nullable=False),
        _named("method", "method", "model", "model_without_weather", "last_week", "previous_day", "profile"),
        sa.Column("passed", postgresql.JSONB(), nullable=False),
        _to("forecast", "model_id", "forecast_model", nullable=True), _instant("known_until", nullable=True),
        _instant("weather_known_at", nullable=True), sa.Column("weather_number", sa.BigInteger(), nullable=False),
        _instant("past_from"), sa.Column("inputs", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("target_id", "issued_at", name="uq_forecast_target_id"),
    )  # fmt: skip
    op.create_index("ix_forecast_issued_at", "forecast", ["issued_at"])
    op.create_index("ix_forecast_model_id", "forecast", ["model_id"])
