"""The emergency phone of an organisation, the nearest upwards, for whoever is supplied by it."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"

PHONE = """
CREATE FUNCTION emergency_phone_of(node uuid) RETURNS varchar
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.emergency_phone FROM organisation o JOIN organisation a ON a.path @> o.path
    WHERE o.id = node AND a.emergency_phone IS NOT NULL ORDER BY nlevel(a.path) DESC LIMIT 1 $$;
"""


def upgrade() -> None:
    """Apply."""
    op.execute(PHONE)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP FUNCTION emergency_phone_of")
