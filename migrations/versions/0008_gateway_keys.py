"""Which gateway an API key opens, before anybody knows whose it is."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

FUNCTION = """
CREATE FUNCTION gateway_of_key(hash bytea)
RETURNS TABLE (connection_id uuid, organisation_id uuid, organisations uuid[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The enabled connection whose key has this SHA-256, its organisation and all organisations below that.
    SELECT c.id, c.organisation_id, array(SELECT subtree_organisations(c.organisation_id))
    FROM connection c WHERE c.key_hash = hash AND c.is_enabled AND c.protocol = 'http' $$;
"""


def upgrade() -> None:
    """Apply."""
    op.execute(FUNCTION)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP FUNCTION gateway_of_key")
