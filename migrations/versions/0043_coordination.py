"""Plants planned together: members, lines between them, rounds, shares, targets and their answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0043"
down_revision = "0042"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = (
    "coordination_member", "exchange_line", "coordination_round", "coordination_share", "coordination_target",
)  # fmt: skip
RULES = ("shapley", "nucleolus", "equal")


def upgrade() -> None:
    """Apply."""
    _members()
    _rounds()
    _targets()
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


def _members() -> None:
    op.create_table(
        "coordination_member", _id(), _to("coordination_member", "organisation_id", "organisation"),
        _to("coordination_member", "plant_id", "plant_model"), _money("bears"),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("refusals_a_month", "counters_most")),
        _instant("joined_at"), _instant("left_at", nullable=True),
        sa.UniqueConstraint("plant_id", name="uq_coordination_member_plant_id"),
    )  # fmt: skip
    op.create_table(
        "exchange_line", _id(), _to("exchange_line", "organisation_id", "organisation"), _text("name"),
        _text("carrier"), _to("exchange_line", "one_id", "plant_model"),
        _to("exchange_line", "other_id", "plant_model"),
        *(_figure(name) for name in ("most", "most_back", "share", "fee")), _instant("created_at"),
        _instant("ended_at", nullable=True), sa.CheckConstraint("one_id <> other_id", name="ck_exchange_line_two_ends"),
        sa.CheckConstraint(
            "share > 0 AND share <= 1 AND most >= 0 AND most_back >= 0 AND fee >= 0", name="ck_exchange_line_figures"
        ),
    )  # fmt: skip
    for end in ("one_id", "other_id"):
        op.create_index(f"ix_exchange_line_{end}", "exchange_line", [end])


def _rounds() -> None:
    op.create_table(
        "coordination_round", _id(), _to("coordination_round", "organisation_id", "organisation"),
        sa.Column("status", _named("roundstatus", "asked", "made", "failed"), nullable=False),
        _instant("starts_at"), _instant("ends_at"), _instant("asked_at"),
        _to("coordination_round", "asked_by", "person", nullable=True),
        sa.Column("asked", _named("rule", *RULES), nullable=False), _instant("made_at", nullable=True),
        sa.Column("rule", _named("rule", *RULES), nullable=True), _text("currency", nullable=True),
        *(_money(name, nullable=True) for name in ("alone", "cost", "gain", "fees")),
        *(_figure(name, nullable=True) for name in ("bound", "gap", "took_s")), _json("problem", nullable=True),
        *(_json(name) for name in ("said", "game", "split", "lines", "hours")),
        sa.CheckConstraint("ends_at > starts_at", name="ck_coordination_round_half_open"),
        sa.CheckConstraint("(status = 'failed') = (problem IS NOT NULL)", name="ck_coordination_round_problem"),
    )  # fmt: skip
    op.create_index("ix_coordination_round_asked_at", "coordination_round", ["organisation_id", "asked_at"])
    op.create_table(
        "coordination_share", _id(), _to("coordination_share", "organisation_id", "organisation"),
        _to("coordination_share", "round_id", "coordination_round"),
        _to("coordination_share", "plant_id", "plant_model"), _text("site"), _text("currency"),
        *(_money(name) for name in ("alone", "own", "share", "pays")), _figure("error", nullable=True), _json("said"),
        _json("game"), sa.Column("result", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("round_id", "plant_id", name="uq_coordination_share_round_id"),
        sa.CheckConstraint(
            "share >= 0 AND alone - share = own + pays", name="ck_coordination_share_nobody_worse_off"
        ),
    )  # fmt: skip
    op.create_index("ix_coordination_share_plant_id", "coordination_share", ["plant_id"])


def _targets() -> None:
    states = ("proposed", "countered", "accepted", "refused", "withdrawn", "lapsed")
    op.create_table(
        "coordination_target", _id(), _to("coordination_target", "organisation_id", "organisation"),
        _to("coordination_target", "region_id", "organisation"), _to("coordination_target", "plant_id", "plant_model"),
        _to("coordination_target", "round_id", "coordination_round", nullable=True),
        sa.Column("kind", _named("kind", "peak", "energy", "co2"), nullable=False), _text("carrier"), _figure("most"),
        _text("unit"), _instant("begins_at"), _instant("ends_at"), _money("pays"), _text("currency"),
        _instant("answer_by"), sa.Column("state", _named("state", *states), nullable=False),
        sa.Column("counters", sa.Integer(), nullable=False), _figure("counter", nullable=True),
        _money("wants", nullable=True),
        sa.Column("reason", _named("reason", "out_of_reach", "too_dear", "other"), nullable=True), _text("remark"),
        _figure("natural"), *(_figure(name, nullable=True) for name in ("least", "cost")), _instant("asked_at"),
        _to("coordination_target", "asked_by", "person", nullable=True), _instant("answered_at", nullable=True),
        _to("coordination_target", "answered_by", "person", nullable=True),
        sa.CheckConstraint("ends_at > begins_at", name="ck_coordination_target_half_open"),
    )  # fmt: skip
    for column in ("region_id", "round_id"):
        op.create_index(f"ix_coordination_target_{column}", "coordination_target", [column])
    op.create_index("ix_coordination_target_begins_at", "coordination_target", ["plant_id", "begins_at"])


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), primary_key=True)


def _to(table: str, column: str, other: str, **more: bool) -> sa.Column[object]:
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}")
    return sa.Column(column, sa.Uuid(), key, **{"nullable": False, **more})


def _instant(name: str, **more: bool) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **{"nullable": False, **more})


def _text(name: str, **more: bool) -> sa.Column[object]:
    return sa.Column(name, sa.String(), **{"nullable": False, **more})


def _figure(name: str, **more: bool) -> sa.Column[object]:
    return sa.Column(name, sa.Double(), **{"nullable": False, **more})


def _money(name: str, **more: bool) -> sa.Column[object]:
    return sa.Column(name, sa.Numeric(), **{"nullable": False, **more})


def _json(name: str, **more: bool) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), **{"nullable": False, **more})


def _named(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=32)
