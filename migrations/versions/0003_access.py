"""Log-ins that can be listed and ended one by one, and what a person may see, in one question."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

FUNCTIONS = """
CREATE FUNCTION is_on(wanted text, node_path ltree) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Whether an application is on at a node: the nearest switch upwards decides, on by default.
    SELECT coalesce(
        (SELECT s.is_on FROM application_switch s JOIN organisation a ON a.id = s.organisation_id
         WHERE s.application = wanted AND a.path @> node_path ORDER BY nlevel(a.path) DESC LIMIT 1), true) $$;

CREATE FUNCTION roles_of(who uuid, wanted text DEFAULT NULL)
RETURNS TABLE (role text, organisations uuid[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Each role a person holds with all organisations it extends to; with an application named,
-- only those where it is on.
    SELECT m.role, array_agg(DISTINCT o.id)
    FROM membership m
    JOIN organisation top ON top.id = m.organisation_id
    JOIN organisation o ON o.path <@ top.path
    WHERE m.person_id = who AND (wanted IS NULL OR is_on(wanted, o.path))
    GROUP BY m.role $$;
"""


def upgrade() -> None:
    """Apply."""
    op.execute(FUNCTIONS)
    op.add_column("portal_session", sa.Column("id", sa.Uuid(), nullable=False))
    op.add_column("portal_session", sa.Column("network", sa.String(), nullable=True))
    op.create_unique_constraint("uq_portal_session_id", "portal_session", ["id"])
    op.add_column("refresh_token", sa.Column("device_name", sa.String(), nullable=True))
    op.add_column("refresh_token", sa.Column("started_at", sa.DateTime(timezone=True), nullable=False))


def downgrade() -> None:
    """Take back."""
    op.drop_column("refresh_token", "started_at")
    op.drop_column("refresh_token", "device_name")
    op.drop_column("portal_session", "network")
    op.drop_column("portal_session", "id")
    op.execute("DROP FUNCTION roles_of, is_on")
