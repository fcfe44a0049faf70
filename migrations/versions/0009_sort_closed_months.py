"""Sort closed months by (point, instant), once."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

FUNCTIONS = """
CREATE FUNCTION closed_unsorted_months(before timestamptz) RETURNS TABLE (name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Monthly partitions that ended before an instant and were never rewritten in the order of their key.
    SELECT c.relname::text FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
    JOIN pg_index x ON x.indrelid = c.oid AND x.indisprimary
    WHERE i.inhparent IN ('reading'::regclass, '"interval"'::regclass) AND NOT x.indisclustered
      AND (to_date(right(c.relname, 7), 'YYYY_MM')::timestamp AT TIME ZONE 'UTC') + interval '1 month' <= before
    ORDER BY 1 $$;

CREATE FUNCTION sort_month(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF name !~ '^(reading|interval)_[0-9]{4}_[0-9]{2}$' THEN
        RAISE EXCEPTION '% is not a monthly partition', name;
    END IF;
    EXECUTE format('CLUSTER %I USING %I', name, name || '_pkey');
    EXECUTE format('ANALYZE %I', name);
END $$;
"""


def upgrade() -> None:
    """Apply."""
    op.execute(FUNCTIONS)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP FUNCTION closed_unsorted_months, sort_month")
