"""Monthly partitions, history kept by triggers, and row-level security."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

APP = "enerfield_app"

PARTITIONS = """
CREATE FUNCTION ensure_month(parent text, month timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Creates the monthly partition that holds `month` (UTC), once. Attached, not created in place,
-- so that readers and writers of other months are not locked out.
DECLARE
    first timestamptz := date_trunc('month', month, 'UTC');
    name text := parent || to_char(first AT TIME ZONE 'UTC', '_YYYY_MM');
    bound text := CASE parent WHEN 'reading' THEN 'read_at' WHEN 'interval' THEN 'start' END;
BEGIN
    IF bound IS NULL THEN RAISE EXCEPTION 'no partitions are kept for %', parent; END IF;
    PERFORM pg_advisory_xact_lock(hashtext('ensure_month'));
    IF to_regclass(quote_ident(name)) IS NOT NULL THEN RETURN; END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', name, parent);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   parent, name, first, first + interval '1 month');
END $$;
"""

HISTORY = """
CREATE FUNCTION keep_superseded_reading() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO superseded_reading (point_key, read_at, revision, quality, value, batch_id)
    VALUES (OLD.point_key, OLD.read_at, OLD.revision, OLD.quality, OLD.value, OLD.batch_id);
    NEW.revision := OLD.revision + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_superseded BEFORE UPDATE ON reading
    FOR EACH ROW EXECUTE FUNCTION keep_superseded_reading();

CREATE FUNCTION keep_superseded_interval() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO superseded_interval (point_key, start, version, minutes, method, rule, amount)
    VALUES (OLD.point_key, OLD.start, OLD.version, OLD.minutes, OLD.method, OLD.rule, OLD.amount);
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_superseded BEFORE UPDATE ON "interval"
    FOR EACH ROW EXECUTE FUNCTION keep_superseded_interval();

ALTER TABLE installation ADD CONSTRAINT one_place_at_a_time
    EXCLUDE USING gist (device_id WITH =, tstzrange(installed_at, removed_at) WITH &&);
"""

SCOPE = """
CREATE FUNCTION scope_organisations() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('enerfield.organisations', true), ''), '{}')::uuid[] $$;

CREATE FUNCTION scope_actor() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('enerfield.actor', true), '')::uuid $$;

CREATE FUNCTION covered_periods()
RETURNS TABLE (position_id uuid, site_id uuid, starts_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Positions supplied to the organisations that ask, with the periods of their agreements.
    SELECT p.id, p.site_id, a.starts_at, a.ends_at
    FROM supply_agreement a
    JOIN position root ON root.id = a.position_id
    JOIN position p ON p.path <@ root.path
    WHERE a.organisation_id = ANY (scope_organisations()) $$;

CREATE FUNCTION root_organisations() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The tops of the trees: workers open one system scope for each.
    SELECT id FROM organisation WHERE parent_id IS NULL $$;

CREATE FUNCTION subtree_organisations(node uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A node and all below it: what a role at the node extends to.
    SELECT o.id FROM organisation o JOIN organisation top ON top.id = node WHERE o.path <@ top.path $$;
"""

OWN = "organisation_id = ANY ((SELECT scope_organisations())::uuid[])"
COVERED = "IN (SELECT c.position_id FROM covered_periods() c)"

POLICIES = {
    "organisation": "id = ANY ((SELECT scope_organisations())::uuid[])",
    "application_switch": OWN,
    "membership": f"{OWN} OR person_id = (SELECT scope_actor())",
    "position": f"{OWN} OR id {COVERED} OR id IN (SELECT c.site_id FROM covered_periods() c)",
    "site": f"{OWN} OR position_id IN (SELECT c.site_id FROM covered_periods() c)",
    "line": OWN,
    "supply_agreement": f"{OWN} OR operator_id = ANY ((SELECT scope_organisations())::uuid[])",
    "device": f"{OWN} OR EXISTS (SELECT FROM installation i WHERE i.device_id = device.id)",
    "installation": f"{OWN} OR position_id {COVERED}",
    "point": f"{OWN} OR position_id {COVERED}",
    "connection": OWN,
    "connection_state": OWN,
    "channel": OWN,
    "dead_letter": OWN,
    "sighting": OWN,
    "alarm_rule": f"{OWN} OR position_id {COVERED}",
    "alarm": f"{OWN} OR EXISTS (SELECT FROM covered_periods() c WHERE c.position_id = alarm.position_id"
    " AND alarm.raised_at >= c.starts_at AND (c.ends_at IS NULL OR alarm.raised_at < c.ends_at))",
    "alarm_event": f"{OWN} OR EXISTS (SELECT FROM alarm a WHERE a.id = alarm_event.alarm_id)",
    "audit_event": OWN,
}
WRITES_OTHERWISE = {
    "organisation": "parent_id = ANY ((SELECT scope_organisations())::uuid[])"
    " OR id = ANY ((SELECT scope_organisations())::uuid[])",
    "supply_agreement": "operator_id = ANY ((SELECT scope_organisations())::uuid[])",
    "audit_event": "true",
}
APPEND_ONLY = ("superseded_reading", "superseded_interval", "audit_event", "alarm_event")
NEVER_DELETED = ("reading", "interval", "batch")


def upgrade() -> None:
    """Apply."""
    for block in (PARTITIONS, HISTORY, SCOPE):
        op.execute(block)
    op.execute(
        f"DO $$ BEGIN CREATE ROLE {APP} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    op.execute(f"GRANT {APP} TO CURRENT_USER")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {APP}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP}")
    op.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP}")
    op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE ON TABLES TO {APP}")
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {APP}")
    for table in NEVER_DELETED:
        op.execute(f'REVOKE DELETE ON "{table}" FROM {APP}')
    for table, condition in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY sees ON {table} FOR SELECT TO {APP} USING ({condition})")
        write = WRITES_OTHERWISE.get(table, OWN)
        op.execute(f"CREATE POLICY adds ON {table} FOR INSERT TO {APP} WITH CHECK ({write})")
        op.execute(
            f"CREATE POLICY changes ON {table} FOR UPDATE TO {APP} USING ({write}) WITH CHECK ({write})"
        )
        op.execute(f"CREATE POLICY removes ON {table} FOR DELETE TO {APP} USING ({write})")


def downgrade() -> None:
    """Take back."""
    for table in POLICIES:
        for policy in ("sees", "adds", "changes", "removes"):
            op.execute(f"DROP POLICY {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE installation DROP CONSTRAINT one_place_at_a_time")
    op.execute("DROP FUNCTION keep_superseded_reading, keep_superseded_interval CASCADE")
    op.execute(
        "DROP FUNCTION ensure_month, covered_periods, root_organisations, subtree_organisations,"
        " scope_organisations, scope_actor"
    )
