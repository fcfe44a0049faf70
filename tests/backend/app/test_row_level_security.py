"""The database itself keeps tenants apart: these tests go around every service and ask in SQL."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import backend.alarms.models
import backend.assets.models
import backend.billing.models
import backend.forecasting.models
import backend.kernel.audit
import backend.kernel.changes
import backend.kernel.events
import backend.kernel.leases
import backend.metering.models
import backend.network.models
import backend.tenancy.models  # noqa: F401  # so that the metadata is whole
from backend.kernel.db import Base
from backend.kernel.scope import Scope

UNGUARDED = {
    "outbox", "lease",  # the product's own machinery; workers serve all tenants in turn
    "person", "portal_session", "refresh_token", "one_time_token",  # asked before anybody is known
}  # fmt: skip
"""Tables that name an organisation or person and yet have no policies, each with its reason."""

TENANT_TABLES = sorted(
    name
    for name, table in Base.metadata.tables.items()
    if (name == "organisation" or "organisation_id" in table.c) and name not in UNGUARDED
)


def count(session, table: str, condition: str = "true") -> int:
    return session.scalar(text(f'SELECT count(*) FROM "{table}" WHERE {condition}'))


def test_every_tenant_table_has_policies_for_reading_and_writing(owner_database):
    with owner_database.transaction(Scope.public()) as session:
        policies = session.execute(text("SELECT tablename, cmd FROM pg_policies")).all()
        secured = set(session.scalars(text("SELECT relname FROM pg_class WHERE relrowsecurity")))
    for table in TENANT_TABLES:
        assert table in secured, table
        assert {cmd for name, cmd in policies if name == table} == {"SELECT", "INSERT", "UPDATE", "DELETE"}


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_without_a_scope_nothing_is_seen(world, table):
    with world.database.transaction(Scope.public()) as session:
        assert count(session, table) == 0


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_under_one_tenants_scope_nothing_of_the_others_is_seen(world, table):
    others = ",".join(f"'{node}'" for node in world.west.scope.organisations)
    column = "id" if table == "organisation" else "organisation_id"
    with world.database.transaction(world.east.scope) as session:
        assert count(session, table, f"{column} IN ({others})") == 0
        seen = count(session, table)
    with world.database.transaction(world.west.scope) as session:
        assert count(session, table) == seen


def test_the_owner_of_the_tables_sees_both(world, owner_database):
    """Without this the tests above might pass on an empty database."""
    with owner_database.transaction(Scope.public()) as session:
        seen = {table for table in TENANT_TABLES if count(session, table) >= 2}
    assert seen >= {
        "organisation", "membership", "position", "site", "supply_agreement", "point", "connection",
        "dead_letter", "sighting", "alarm_rule", "alarm", "alarm_event", "audit_event",
    }  # fmt: skip


def test_a_customer_sees_what_is_supplied_to_them_and_no_more(world):
    with world.database.transaction(world.scope(world.east, "customer")) as session:
        assert set(session.scalars(text("SELECT name FROM point"))) == {"supply_power", "supply_energy"}
        assert set(session.scalars(text("SELECT name FROM position"))) == {"east site", "east supply"}
        assert count(session, "alarm") == 1
        assert [count(session, table) for table in ("connection", "dead_letter", "line", "sighting")] == [
            0
        ] * 4


def test_a_former_customer_loses_sight_of_alarms_raised_since(world, owner_database):
    with owner_database.transaction(Scope.public()) as session:
        moved_out = "ends_at = now() - interval '1 day'"
        session.execute(text(f"UPDATE supply_agreement SET {moved_out} WHERE organisation_id = :id"),
                        {"id": world.west.customer.id})  # fmt: skip
    with world.database.transaction(world.scope(world.west, "customer")) as session:
        assert count(session, "alarm") == 0
    with owner_database.transaction(Scope.public()) as session:
        session.execute(text("UPDATE supply_agreement SET ends_at = NULL"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE organisation SET name = 'mine' WHERE id = :foreign",
        "DELETE FROM membership WHERE organisation_id = :foreign",
        "UPDATE alarm_rule SET is_enabled = false",
        "DELETE FROM connection",
    ],
)
def test_what_is_not_seen_is_not_changed(world, owner_database, statement):
    rows = "SELECT count(*) FROM membership, organisation, alarm_rule WHERE is_enabled AND name <> 'mine'"
    rows = rows.replace("name <>", "organisation.name <>")
    with owner_database.transaction(Scope.public()) as session:
        before = session.scalar(text(rows))
    with world.database.transaction(world.scope(world.west, "customer")) as session:
        given = {"foreign": world.east.region.id} if ":foreign" in statement else {}
        assert session.execute(text(statement), given).rowcount == 0
    with owner_database.transaction(Scope.public()) as session:
        assert session.scalar(text(rows)) == before


def test_nothing_is_planted_with_a_stranger(world):
    plant = text(
        "INSERT INTO membership (id, person_id, organisation_id, role, created_at)"
        " VALUES (gen_random_uuid(), :me, :foreign, 'administrator', now())"
    )
    given = {"me": world.west.people["customer"].id, "foreign": world.east.region.id}
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        world.database.transaction(world.scope(world.west, "administrator")) as session,
    ):
        session.execute(plant, given)


@pytest.mark.parametrize("table", ["audit_event", "alarm_event", "superseded_reading", "superseded_interval"])
def test_history_is_only_ever_added_to(world, table):
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {column_of(table)} = {column_of(table)}"):
        with (
            pytest.raises(DBAPIError, match="permission denied"),
            world.database.transaction(world.east.scope) as session,
        ):
            session.execute(text(statement))


def column_of(table: str) -> str:
    return next(iter(Base.metadata.tables[table].c)).name


def test_a_pooled_connection_remembers_nobody(world):
    """The scope ends with its transaction, also when that fails."""
    with pytest.raises(RuntimeError), world.database.transaction(world.east.scope):
        raise RuntimeError
    for _ in range(20):
        with world.database.transaction(Scope.public()) as session:
            assert session.scalar(text("SELECT scope_organisations()")) == []
            assert session.scalar(text("SELECT scope_actor()")) is None
