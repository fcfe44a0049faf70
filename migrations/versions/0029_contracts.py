"""Tariffs, contracts, and the points they pay for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0029"
down_revision = "0028"

APP = "enerfield_app"
OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
MINE = "customer_id = ANY ((SELECT scope_organisations())::uuid[])"
TABLES = ("tariff", "tariff_version", "supply_contract", "contract_point")
SEEN = {
    "supply_contract": f"{OWN} OR {MINE}",
    "contract_point": f"{OWN} OR EXISTS (SELECT FROM supply_contract c WHERE c.id = contract_id)",
}
APPEND_ONLY = ("tariff_version",)


def upgrade() -> None:
    """Apply."""
    _tables()
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {APP}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({SEEN.get(table, OWN)})")
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({OWN}) WITH CHECK ({OWN})")
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({OWN})")
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE ON {table} FROM {APP}")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """Take back."""
    for table in ("contract_point", "supply_contract", "tariff_version", "tariff"):
        op.drop_table(table)


def _tables() -> None:
    op.create_table(
        "tariff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_tariff_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff")),
        sa.UniqueConstraint("organisation_id", "code", name=op.f("uq_tariff_organisation_id")),
    )
    op.create_index(op.f("ix_tariff_organisation_id"), "tariff", ["organisation_id"], unique=False)
    op.create_table(
        "supply_contract",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("tariff_id", sa.Uuid(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("months", sa.SmallInteger(), nullable=False),
        sa.Column("day", sa.SmallInteger(), nullable=False),
        sa.Column("first", sa.SmallInteger(), nullable=False),
        sa.Column("due_days", sa.SmallInteger(), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("payer", sa.String(), nullable=True),
        sa.Column("low_balance", sa.Numeric(precision=20, scale=4), nullable=True),
        sa.Column("is_prepaid", sa.Boolean(), nullable=False),
        sa.Column("is_protected", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on > starts_on", name=op.f("ck_supply_contract_half_open")
        ),
        sa.CheckConstraint(
            "months IN (1, 2, 3, 6, 12) AND day BETWEEN 1 AND 28", name=op.f("ck_supply_contract_calendar")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["organisation.id"], name=op.f("fk_supply_contract_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_supply_contract_organisation_id")
        ),
        sa.ForeignKeyConstraint(["tariff_id"], ["tariff.id"], name=op.f("fk_supply_contract_tariff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supply_contract")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_supply_contract_organisation_id")),
    )
    op.create_index("ix_supply_contract_customer_id", "supply_contract", ["customer_id"], unique=False)
    op.create_index(
        op.f("ix_supply_contract_organisation_id"), "supply_contract", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_supply_contract_tariff_id"), "supply_contract", ["tariff_id"], unique=False)
    op.create_table(
        "tariff_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tariff_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document", JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_tariff_version_created_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_tariff_version_organisation_id")
        ),
        sa.ForeignKeyConstraint(["tariff_id"], ["tariff.id"], name=op.f("fk_tariff_version_tariff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff_version")),
        sa.UniqueConstraint("tariff_id", "revision", name=op.f("uq_tariff_version_tariff_id")),
    )
    op.create_index(
        op.f("ix_tariff_version_organisation_id"), "tariff_version", ["organisation_id"], unique=False
    )
    op.create_table(
        "contract_point",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("point_id", sa.Uuid(), nullable=False),
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("share BETWEEN 1 AND 1000000", name=op.f("ck_contract_point_share")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["supply_contract.id"], name=op.f("fk_contract_point_contract_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_contract_point_organisation_id")
        ),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name=op.f("fk_contract_point_point_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_point")),
        sa.UniqueConstraint(
            "contract_id", "point_id", "register", name=op.f("uq_contract_point_contract_id")
        ),
    )
    op.create_index(op.f("ix_contract_point_contract_id"), "contract_point", ["contract_id"], unique=False)
    op.create_index(
        op.f("ix_contract_point_organisation_id"), "contract_point", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_contract_point_point_id"), "contract_point", ["point_id"], unique=False)
