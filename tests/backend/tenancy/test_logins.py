"""Passwords, browser sessions, letters: how one gets in, and when one is out again."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta

import pytest
from sqlalchemy import text

from backend.infra.attempts import RedisAttempts
from backend.infra.passwords import Argon2Passwords
from backend.kernel import clock
from backend.kernel.errors import Refused, TooManyAttempts, Unauthenticated
from backend.kernel.scope import Role, Scope
from backend.tenancy import service as tenancy
from backend.tenancy.service import INVITATION, RESET, Gate
from tests.world import PASSWORD, PASSWORDS, make_person


@pytest.fixture
def gate(redis_url, request) -> Gate:
    return Gate(PASSWORDS, RedisAttempts(redis_url, prefix=f"test:{request.node.name}"))


@pytest.fixture
def person(world, request):
    with world.database.transaction(world.east.scope) as session:
        email = f"{abs(hash(request.node.name))}@east.example"
        return make_person(session, world.east.scope, email, world.east.park.id, Role.MANAGER)


def enter(world, gate, email, password, network="10.0.0.1"):
    with world.database.transaction(Scope.public()) as session:
        return tenancy.log_in(session, gate, email=email, password=password, network=network)


def test_the_right_password_opens_whatever_the_case_of_the_address(world, gate, person):
    assert enter(world, gate, f" {person.email.upper()} ", PASSWORD).id == person.id


def test_wrong_unknown_and_suspended_get_the_same_answer(world, gate, person):
    scope = world.scope(world.east, "administrator")
    answers = set()
    for email, password in ((person.email, "wrong wrong"), ("nobody@east.example", PASSWORD)):
        with pytest.raises(Unauthenticated) as refused:
            enter(world, gate, email, password)
        answers.add((refused.value.message, refused.value.remedy))
    with world.database.transaction(scope) as session:
        tenancy.suspend(session, scope, person.id)
    with pytest.raises(Unauthenticated) as refused:
        enter(world, gate, person.email, PASSWORD)
    assert {*answers, (refused.value.message, refused.value.remedy)} == answers
    assert len(answers) == 1


def test_an_unknown_account_costs_as_much_time_as_a_wrong_password():
    passwords = Argon2Passwords()
    kept = passwords.hash(PASSWORD)

    def took(known) -> float:
        rounds = []
        for _ in range(7):
            began = time.perf_counter()
            assert not passwords.matches(known, "wrong wrong")
            rounds.append(time.perf_counter() - began)
        return statistics.median(rounds)

    assert 0.5 < took(kept) / took(None) < 2


def test_a_hash_made_with_old_parameters_is_renewed_at_log_in(world, gate, person):
    stronger = Gate(Argon2Passwords(memory_kib=128), gate.attempts)
    before = person.password_hash
    after = enter(world, stronger, person.email, PASSWORD).password_hash
    assert after != before
    assert enter(world, stronger, person.email, PASSWORD).password_hash == after


def test_five_failures_a_minute_are_enough_for_one_account_from_one_network(world, gate, person):
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            enter(world, gate, person.email, "wrong wrong")
    with pytest.raises(TooManyAttempts) as refused:
        enter(world, gate, person.email, PASSWORD)
    assert 1 <= refused.value.context["retry_after_s"] <= 60
    assert enter(world, gate, person.email, PASSWORD, network="10.0.0.2").id == person.id


def test_one_network_cannot_try_many_accounts(world, gate):
    for number in range(30):
        with pytest.raises(Unauthenticated):
            enter(world, gate, f"guess{number}@east.example", "wrong wrong", network="10.9.9.9")
    with pytest.raises(TooManyAttempts):
        enter(world, gate, "other@east.example", "wrong wrong", network="10.9.9.9")


def test_many_networks_together_cannot_guess_one_account_nor_lock_its_owner_out(world, gate, person):
    home = "10.1.1.1"
    enter(world, gate, person.email, PASSWORD, network=home)
    for number in range(30):
        with pytest.raises(Unauthenticated):
            enter(world, gate, person.email, "wrong wrong", network=f"10.2.0.{number}")
    with pytest.raises(TooManyAttempts):
        enter(world, gate, person.email, PASSWORD, network="10.3.0.1")
    assert enter(world, gate, person.email, PASSWORD, network=home).id == person.id


def test_two_processes_count_together(world, redis_url, person, request):
    gates = [Gate(PASSWORDS, RedisAttempts(redis_url, prefix=f"test:{request.node.name}")) for _ in range(2)]
    for number in range(5):
        with pytest.raises(Unauthenticated):
            enter(world, gates[number % 2], person.email, "wrong wrong")
    with pytest.raises(TooManyAttempts):
        enter(world, gates[0], person.email, PASSWORD)


def test_without_redis_log_in_goes_on_and_still_counts(world, person):
    gate = Gate(PASSWORDS, RedisAttempts("redis://127.0.0.1:1/0", prefix="test:away"))
    assert enter(world, gate, person.email, PASSWORD).id == person.id
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            enter(world, gate, person.email, "wrong wrong")
    with pytest.raises(TooManyAttempts):
        enter(world, gate, person.email, PASSWORD)


def test_a_session_token_is_kept_only_as_its_hash_and_ends_by_silence(world, person):
    with world.database.transaction(Scope.public()) as session:
        token = tenancy.open_session(session, person, user_agent="Firefox", network="10.0.0.1")
    with world.database.transaction(Scope.public()) as session:
        found, _, scope = tenancy.use_session(session, token)
        kept = str(session.execute(text("SELECT * FROM portal_session")).all())
    assert found.id == person.id
    assert world.east.park.id in scope.where(Role.MANAGER)
    assert token not in kept
    with (
        clock.shifted(timedelta(hours=12, minutes=1)),
        pytest.raises(Unauthenticated),
        world.database.transaction(Scope.public()) as session,
    ):
        tenancy.use_session(session, token)


def test_use_keeps_a_session_alive_but_not_for_ever(world, person):
    with world.database.transaction(Scope.public()) as session:
        token = tenancy.open_session(session, person, user_agent=None, network=None)
    for hours in range(0, 7 * 24, 6):
        with (
            clock.shifted(timedelta(hours=hours)),
            world.database.transaction(Scope.public()) as session,
        ):
            tenancy.use_session(session, token)
    with (
        clock.shifted(timedelta(days=7)),
        pytest.raises(Unauthenticated),
        world.database.transaction(Scope.public()) as session,
    ):
        tenancy.use_session(session, token)


def test_one_sees_and_ends_ones_own_sessions_only(world, person):
    with world.database.transaction(world.east.scope) as session:
        mine = tenancy.scope_of(session, person)
        tokens = [tenancy.open_session(session, person, user_agent=name, network=None) for name in ("a", "b")]
        other = world.scope(world.east, "administrator")
        shown = tenancy.sessions(session, mine)
        with pytest.raises(Exception, match="no such session"):
            tenancy.end_session(session, other, shown[0].id)
        victim = next(opened for opened in shown if opened.user_agent == "a")
        tenancy.end_session(session, mine, victim.id)
        session.flush()
        with pytest.raises(Unauthenticated):
            tenancy.use_session(session, tokens[0])
        assert tenancy.use_session(session, tokens[1])[0].id == person.id


def test_an_invitation_sets_a_password_once(world, gate):
    scope = world.scope(world.east, "administrator")
    with world.database.transaction(scope) as session:
        invited = tenancy.invite(
            session, scope, email="letter@east.example", name="L", organisation_id=world.east.park.id,
            role=Role.OPERATOR,
        )  # fmt: skip
        _, void = tenancy.issue_token(session, invited.id, purpose=INVITATION)
        _, token = tenancy.issue_token(session, invited.id, purpose=INVITATION)
    with world.database.transaction(Scope.public()) as session:
        wanted = {"purpose": INVITATION, "password": "a new long password"}
        for wrong in (void, "made up", token[:-1]):
            with pytest.raises(Refused):
                tenancy.set_password(session, PASSWORDS, token=wrong, **wanted)
        with pytest.raises(Refused):
            tenancy.set_password(session, PASSWORDS, token=token, **(wanted | {"purpose": RESET}))
        tenancy.set_password(session, PASSWORDS, token=token, **wanted)
        with pytest.raises(Refused):
            tenancy.set_password(session, PASSWORDS, token=token, **wanted)
    assert enter(world, gate, "letter@east.example", "a new long password").id == invited.id


def test_a_reset_is_asked_for_quietly_and_ends_every_log_in(world, gate, person):
    with world.database.transaction(Scope.public()) as session:
        session_token = tenancy.open_session(session, person, user_agent=None, network=None)
        tenancy.ask_for_reset(session, email="nobody@east.example")
        tenancy.ask_for_reset(session, email=person.email)
        asked = session.scalar(
            text("SELECT count(*) FROM outbox WHERE name = 'tenancy.password_reset_wanted'")
        )
        _, token = tenancy.issue_token(session, person.id, purpose=RESET)
    assert asked == 1
    with (
        clock.shifted(timedelta(hours=1)),
        pytest.raises(Refused),
        world.database.transaction(Scope.public()) as session,
    ):
        tenancy.token_holder(session, token, purpose=RESET)
    with world.database.transaction(Scope.public()) as session:
        tenancy.set_password(session, PASSWORDS, token=token, purpose=RESET, password="another long one")
    with pytest.raises(Unauthenticated), world.database.transaction(Scope.public()) as session:
        tenancy.use_session(session, session_token)
    assert enter(world, gate, person.email, "another long one").id == person.id


def test_changing_the_password_spares_the_browser_that_asks(world, person):
    with world.database.transaction(Scope.public()) as session:
        scope = tenancy.scope_of(session, person)
        here = tenancy.open_session(session, person, user_agent=None, network=None)
        there = tenancy.open_session(session, person, user_agent=None, network=None)
    with world.database.transaction(Scope.public()) as session:
        with pytest.raises(Refused):
            tenancy.change_password(session, scope, PASSWORDS, old="wrong", new="a good long one")
        tenancy.change_password(
            session, scope, PASSWORDS, old=PASSWORD, new="a good long one", keep_token=here
        )
        assert tenancy.use_session(session, here)[0].id == person.id
        with pytest.raises(Unauthenticated):
            tenancy.use_session(session, there)
