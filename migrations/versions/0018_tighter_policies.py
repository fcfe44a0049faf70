"""Row-level security that also asks what a row hangs on, and for which period it may be seen."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"

APP = "enerfield_app"

FUNCTIONS = """
CREATE FUNCTION membership_nodes(who uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The nodes at which a person holds a role: where what happens to their log-ins is noted.
    SELECT DISTINCT organisation_id FROM membership WHERE person_id = who $$;

CREATE FUNCTION organisation_parent(node uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The node above: who adds a node below their own notes it at the new one.
    SELECT parent_id FROM organisation WHERE id = node $$;

CREATE FUNCTION position_owner(wanted uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Whose a position is; seeing it (as a customer does) is not owning it.
    SELECT organisation_id FROM position WHERE id = wanted $$;

CREATE FUNCTION channel_fits(over uuid, into_point uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Whether a point belongs to the organisation of a connection, or below it.
    SELECT EXISTS (SELECT FROM connection c
        JOIN organisation top ON top.id = c.organisation_id
        JOIN point p ON p.id = into_point
        JOIN organisation o ON o.id = p.organisation_id AND o.path <@ top.path
        WHERE c.id = over) $$;
"""

MINE = "ANY ((SELECT scope_organisations())::uuid[])"
OWN = f"organisation_id = {MINE}"
COVERED = "IN (SELECT c.position_id FROM covered_periods() c)"
ABOUT_PERSON = (
    "(CASE WHEN entity = 'person' THEN organisation_id IN (SELECT membership_nodes(entity_id::uuid)) END)"
)

SEES = {
    "installation": (
        f"{OWN} OR position_id {COVERED}",
        f"{OWN} OR EXISTS (SELECT FROM covered_periods() c WHERE c.position_id = installation.position_id"
        " AND (c.ends_at IS NULL OR installation.installed_at < c.ends_at)"
        " AND (installation.removed_at IS NULL OR installation.removed_at > c.starts_at))",
    ),
    "alarm_rule": (
        f"{OWN} OR position_id {COVERED}",
        f"{OWN} OR EXISTS (SELECT FROM covered_periods() c WHERE c.position_id = alarm_rule.position_id"
        " AND c.starts_at <= now() AND (c.ends_at IS NULL OR c.ends_at > now()))"
        " OR EXISTS (SELECT FROM alarm a WHERE a.rule_id = alarm_rule.id)",
    ),
}
"""Table -> the condition before, and now: a former customer sees neither what was installed after they
left nor the rules of today, unless an alarm of their own time came from one."""

WRITES = {
    "position": (OWN, f"{OWN} AND (parent_id IS NULL OR position_owner(parent_id) = {MINE})"),
    "supply_agreement": (
        f"operator_id = {MINE}", f"operator_id = {MINE} AND position_owner(position_id) = {MINE}"
    ),
    "channel": (OWN, f"{OWN} AND channel_fits(connection_id, point_id)"),
}  # fmt: skip
"""Table -> what a new or changed row had to fulfil before, and now."""

AUDIT = (
    f"organisation_id IS NULL OR {OWN} OR {ABOUT_PERSON}"
    f" OR (entity = 'organisation' AND organisation_parent(organisation_id) = {MINE})"
)
"""Anybody may note an event that nobody reads; where it is read, it concerns the asker's organisations
or a person with a role there (who logs in is not known yet)."""


def upgrade() -> None:
    """Apply."""
    op.execute(FUNCTIONS)
    for table, (_before, condition) in SEES.items():
        op.execute(f"ALTER POLICY sees ON {table} TO {APP} USING ({condition})")
    for table, (_before, condition) in WRITES.items():
        op.execute(f"ALTER POLICY adds ON {table} TO {APP} WITH CHECK ({condition})")
        op.execute(f"ALTER POLICY changes ON {table} TO {APP} WITH CHECK ({condition})")
    op.execute(f"ALTER POLICY adds ON audit_event TO {APP} WITH CHECK ({AUDIT})")


def downgrade() -> None:
    """Take back."""
    op.execute(f"ALTER POLICY adds ON audit_event TO {APP} WITH CHECK (true)")
    for table, (condition, _now) in WRITES.items():
        op.execute(f"ALTER POLICY adds ON {table} TO {APP} WITH CHECK ({condition})")
        op.execute(f"ALTER POLICY changes ON {table} TO {APP} WITH CHECK ({condition})")
    for table, (condition, _now) in SEES.items():
        op.execute(f"ALTER POLICY sees ON {table} TO {APP} USING ({condition})")
    op.execute("DROP FUNCTION membership_nodes, organisation_parent, position_owner, channel_fits")
