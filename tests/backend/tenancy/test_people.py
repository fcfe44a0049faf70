"""Delegated administration: at one's node and below, never above, never on oneself."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.scope import Role, Scope
from backend.tenancy import service as tenancy
from backend.tenancy.models import PersonStatus
from tests.world import World, make_person


def trail(world: World, person_id) -> list[str]:
    with world.database.transaction(world.east.scope) as session:
        return list(
            session.scalars(
                text("SELECT action FROM audit_event WHERE entity_id = :id ORDER BY id"),
                {"id": str(person_id)},
            )
        )


@pytest.fixture
def park_administrator(world):
    """Somebody who administers the eastern park, not the region above it."""
    with world.database.transaction(world.east.scope) as session:
        email = f"park{len(list(session.scalars(text('SELECT id FROM person'))))}@east.example"
        person = make_person(session, world.east.scope, email, world.east.park.id, Role.ADMINISTRATOR)
        return tenancy.scope_of(session, person)


def test_an_invited_person_has_a_role_a_letter_and_a_trace(world):
    scope = world.scope(world.east, "administrator")
    with world.database.transaction(scope) as session:
        person = tenancy.invite(
            session, scope, email=" New@East.example ", name="New", organisation_id=world.east.park.id,
            role=Role.DISPATCHER, locale="zh",
        )  # fmt: skip
        letters = session.scalars(
            text("SELECT name FROM outbox WHERE body->>'person_id' = :id"), {"id": str(person.id)}
        ).all()
    assert (person.email, person.status) == ("new@east.example", PersonStatus.INVITED)
    assert letters == ["tenancy.person_invited"]
    assert trail(world, person.id) == ["person.grant"]


def test_inviting_the_same_person_again_changes_nothing(world):
    scope = world.scope(world.east, "administrator")
    wanted = {"email": "twice@east.example", "name": "Twice", "organisation_id": world.east.park.id}
    with world.database.transaction(scope) as session:
        first = tenancy.invite(session, scope, role=Role.MANAGER, **wanted)
        again = tenancy.invite(session, scope, role=Role.MANAGER, **wanted)
        held = tenancy.memberships(session, scope, [first.id])
    assert again.id == first.id
    assert len(held) == 1


def test_nobody_grants_above_their_own_node(world, park_administrator):
    with (
        pytest.raises(NotFound),
        world.database.transaction(park_administrator) as session,
    ):
        tenancy.invite(
            session, park_administrator, email="x@east.example", name="X", role=Role.TECHNICIAN,
            organisation_id=world.east.region.id,
        )  # fmt: skip


@pytest.mark.parametrize("role", ["manager", "dispatcher", "technician", "customer", "operator"])
def test_only_administrators_invite(world, role):
    scope = world.scope(world.east, role)
    node = world.east.customer.id
    with pytest.raises(Forbidden), world.database.transaction(scope) as session:
        tenancy.invite(
            session, scope, email="x@east.example", name="X", organisation_id=node, role=Role.CUSTOMER
        )


def test_nobody_changes_their_own_rights(world):
    scope = world.scope(world.east, "administrator")
    me = world.east.people["administrator"]
    with world.database.transaction(scope) as session:
        with pytest.raises(Refused):
            tenancy.grant(session, scope, person=me, organisation_id=world.east.park.id, role=Role.MANAGER)
        with pytest.raises(Refused):
            tenancy.suspend(session, scope, me.id)
        (mine,) = tenancy.memberships(session, scope, [me.id])
        with pytest.raises(Refused):
            tenancy.withdraw(session, scope, mine.id)


def test_a_park_does_not_suspend_who_also_works_for_the_region(world, park_administrator):
    dispatcher = world.east.people["dispatcher"]
    with world.database.transaction(world.east.scope) as session:
        tenancy.grant(
            session,
            world.east.scope,
            person=dispatcher,
            organisation_id=world.east.park.id,
            role=Role.OPERATOR,
        )
    with pytest.raises(Forbidden), world.database.transaction(park_administrator) as session:
        tenancy.suspend(session, park_administrator, dispatcher.id)


def test_who_works_for_two_tenants_is_not_suspended_by_one_of_them(world):
    shared = world.west.people["technician"]
    with world.database.transaction(world.east.scope) as session:
        tenancy.grant(
            session, world.east.scope, person=shared, organisation_id=world.east.park.id, role=Role.TECHNICIAN
        )
    scope = world.scope(world.east, "administrator")
    with pytest.raises(Forbidden), world.database.transaction(scope) as session:
        tenancy.suspend(session, scope, shared.id)
    with world.database.transaction(scope) as session:
        (held,) = tenancy.memberships(session, scope, [shared.id])
        tenancy.withdraw(session, scope, held.id)
    with pytest.raises(NotFound), world.database.transaction(scope) as session:
        tenancy.person(session, scope, shared.id)
    assert trail(world, shared.id)[-2:] == ["person.grant", "person.withdraw"]


def test_suspending_ends_every_log_in_and_reinstating_opens_the_door_again(world):
    scope = world.scope(world.east, "administrator")
    with world.database.transaction(world.east.scope) as session:
        person = make_person(session, world.east.scope, "s@east.example", world.east.park.id, Role.MANAGER)
        token = tenancy.open_session(session, person, user_agent=None, network=None)
        phone = tenancy.open_device(session, person, device_id="phone")
    with world.database.transaction(scope) as session:
        assert tenancy.suspend(session, scope, person.id).status is PersonStatus.SUSPENDED
    with world.database.transaction(Scope.public()) as session:
        with pytest.raises(Exception, match="session is over"):
            tenancy.use_session(session, token)
        with pytest.raises(Exception, match="has ended"):
            tenancy.use_device(session, family_id=phone.family_id, person_id=person.id)
    with world.database.transaction(scope) as session:
        assert tenancy.reinstate(session, scope, person.id).status is PersonStatus.ACTIVE
    assert trail(world, person.id)[-2:] == ["person.status", "person.status"]


def test_a_letter_is_not_sent_again_to_who_has_a_password(world):
    scope = world.scope(world.east, "administrator")
    with pytest.raises(Conflict), world.database.transaction(scope) as session:
        tenancy.invite_again(session, scope, world.east.people["manager"].id)


def test_people_are_listed_page_by_page_without_strangers(world):
    scope = world.scope(world.east, "administrator")
    names, cursor = [], None
    with world.database.transaction(scope) as session:
        while True:
            page = tenancy.people(session, scope, world.east.region.id, cursor=cursor, limit=2)
            names += [(person.name, person.id) for person in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
    assert names == sorted(names)
    assert world.east.people["customer"].id in {found for _, found in names}
    assert world.west.people["manager"].id not in {found for _, found in names}


def test_strangers_are_not_found(world):
    scope = world.scope(world.east, "administrator")
    with world.database.transaction(scope) as session:
        for change in (tenancy.person, tenancy.suspend, tenancy.reinstate, tenancy.invite_again):
            with pytest.raises(NotFound):
                change(session, scope, world.west.people["manager"].id)
