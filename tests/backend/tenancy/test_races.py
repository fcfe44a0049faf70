"""Log-ins against whatever ends them, at the same moment: one comes first, and the log-in does not survive."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from backend.infra.attempts import RedisAttempts
from backend.kernel.errors import NotFound, Refused, Unauthenticated
from backend.kernel.scope import Role, Scope
from backend.tenancy import service as tenancy
from backend.tenancy.rules import RefreshReused
from backend.tenancy.service import INVITATION, RESET, Gate, PersonStatus
from tests.world import PASSWORD, PASSWORDS, make_person

KEY = b"secret of this installation"
NEW = "a new long password"


@pytest.fixture
def gate(redis_url, request):
    return Gate(PASSWORDS, RedisAttempts(redis_url, prefix=f"test:{request.node.name}"))


@pytest.fixture
def person(world, request):
    with world.database.transaction(world.east.scope) as session:
        email = f"race{abs(hash(request.node.name))}@east.example"
        return make_person(session, world.east.scope, email, world.east.park.id, Role.MANAGER)


@pytest.fixture
def office(world):
    return world.scope(world.east, "administrator")


def beside(world, first, second, *, second_scope=None):
    """Begin `first`, begin `second` before `first` is committed, let both end; returns both outcomes."""
    found = SimpleNamespace(value=None, error=None)

    def run():
        try:
            with world.database.transaction(second_scope or Scope.public()) as session:
                found.value = second(session)
        except (Unauthenticated, Refused) as error:
            found.error = error

    thread = threading.Thread(target=run)
    first_scope = Scope.public() if second_scope else world.scope(world.east, "administrator")
    with world.database.transaction(first_scope) as session:
        value = first(session)
        session.flush()
        thread.start()
        thread.join(0.7)  # by now it waits for `first`, or (wrongly) is through
    thread.join(20)
    assert not thread.is_alive()
    return value, found


def enter(gate, person, password=PASSWORD):
    def log_in(session):
        who = tenancy.log_in(session, gate, email=person.email, password=password, network="10.0.0.1")
        return tenancy.open_session(session, who, user_agent=None, network=None)

    return log_in


def refreshing(token):
    return lambda session: tenancy.refresh(session, token=token, device_id="phone", key=KEY)


def open_phone(world, person):
    with world.database.transaction(Scope.public()) as session:
        return tenancy.open_device(session, person, device_id="phone")


def refresh(world, token):
    with world.database.transaction(Scope.public()) as session:
        return refreshing(token)(session)


def test_a_phone_that_renews_while_its_owner_is_suspended_is_out(world, person, office):
    phone = open_phone(world, person)
    renewed, _ = beside(
        world,
        refreshing(phone.refresh_token),
        lambda session: tenancy.suspend(session, office, person.id),
        second_scope=office,
    )
    with world.database.transaction(office) as session:
        tenancy.reinstate(session, office, person.id)
    with pytest.raises(Unauthenticated):
        refresh(world, renewed.refresh_token)


def test_a_phone_that_renews_while_the_password_is_reset_is_out(world, person, office):
    phone = open_phone(world, person)
    with world.database.transaction(Scope.public()) as session:
        _, token = tenancy.issue_token(session, person.id, purpose=RESET)
    renewed, _ = beside(
        world,
        refreshing(phone.refresh_token),
        lambda session: tenancy.set_password(session, PASSWORDS, token=token, purpose=RESET, password=NEW),
        second_scope=office,
    )
    with pytest.raises(Unauthenticated):
        refresh(world, renewed.refresh_token)


def test_a_phone_that_renews_while_it_logs_out_is_out(world, person):
    phone = open_phone(world, person)
    with world.database.transaction(Scope.public()) as session:
        mine = tenancy.scope_of(session, person)
    renewed, _ = beside(
        world,
        refreshing(phone.refresh_token),
        lambda session: tenancy.end_device(session, mine, phone.family_id),
        second_scope=mine,
    )
    with pytest.raises(Unauthenticated):
        refresh(world, renewed.refresh_token)


def test_a_thief_who_renews_while_the_theft_is_noticed_is_out(world, person):
    phone = open_phone(world, person)
    newest = refresh(world, refresh(world, phone.refresh_token).refresh_token)

    def noticed(session):
        try:
            return refreshing(phone.refresh_token)(session)
        except RefreshReused:
            session.commit()
            raise

    renewed, found = beside(world, refreshing(newest.refresh_token), noticed, second_scope=Scope.public())
    assert isinstance(found.error, RefreshReused)
    with pytest.raises(Unauthenticated):
        refresh(world, renewed.refresh_token)


def test_nobody_logs_in_beside_their_own_suspension(world, gate, person, office):
    _, found = beside(world, lambda session: tenancy.suspend(session, office, person.id), enter(gate, person))
    assert isinstance(found.error, Unauthenticated)


def test_the_old_password_does_not_open_beside_the_reset(world, gate, person):
    with world.database.transaction(Scope.public()) as session:
        _, token = tenancy.issue_token(session, person.id, purpose=RESET)
    _, found = beside(
        world,
        lambda session: tenancy.set_password(session, PASSWORDS, token=token, purpose=RESET, password=NEW),
        enter(gate, person),
    )
    assert isinstance(found.error, Unauthenticated)


def test_a_log_in_opened_just_before_a_suspension_ends_with_it(world, gate, person, office):
    token, _ = beside(
        world,
        enter(gate, person),
        lambda session: tenancy.suspend(session, office, person.id),
        second_scope=office,
    )
    with world.database.transaction(office) as session:
        tenancy.reinstate(session, office, person.id)
    with pytest.raises(Unauthenticated), world.database.transaction(Scope.public()) as session:
        tenancy.use_session(session, token)


@pytest.fixture
def invited(world, office, request):
    with world.database.transaction(office) as session:
        one = tenancy.invite(
            session, office, email=f"inv{abs(hash(request.node.name))}@east.example", name="I",
            organisation_id=world.east.park.id, role=Role.OPERATOR,
        )  # fmt: skip
        return one, tenancy.issue_token(session, one.id, purpose=INVITATION)[1]


def status(world, person):
    with world.database.transaction(world.east.scope) as session:
        return tenancy.person(session, world.east.scope, person.id).status


def test_accepting_an_invitation_does_not_undo_the_suspension_beside_it(world, office, invited):
    person, token = invited
    accept = {"token": token, "purpose": INVITATION, "password": NEW}
    _, found = beside(
        world,
        lambda session: tenancy.suspend(session, office, person.id),
        lambda session: tenancy.set_password(session, PASSWORDS, **accept),
    )
    assert isinstance(found.error, Refused)
    assert status(world, person) is PersonStatus.SUSPENDED


def test_a_suspension_beside_an_accepted_invitation_holds(world, office, invited):
    person, token = invited
    accept = {"token": token, "purpose": INVITATION, "password": NEW}
    beside(
        world,
        lambda session: tenancy.set_password(session, PASSWORDS, **accept),
        lambda session: tenancy.suspend(session, office, person.id),
        second_scope=office,
    )
    assert status(world, person) is PersonStatus.SUSPENDED


def test_one_letter_used_twice_at_once_sets_one_password(world, person):
    with world.database.transaction(Scope.public()) as session:
        _, token = tenancy.issue_token(session, person.id, purpose=RESET)

    def use(password):
        return lambda session: tenancy.set_password(
            session, PASSWORDS, token=token, purpose=RESET, password=password
        )

    _, found = beside(world, use("the first of two passwords"), use("the second of two passwords"))
    assert isinstance(found.error, Refused)


def test_a_stranger_ends_nobodys_phone(world, person, office):
    phone = open_phone(world, person)
    with world.database.transaction(office) as session, pytest.raises(NotFound):
        tenancy.end_device(session, office, phone.family_id)
