"""Passwords, browser sessions, letters: how one gets in, and when one is out again."""

from __future__ import annotations

import statistics
import threading
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
from tests.statements import statements
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
        for email in ("nobody@east.example", person.email):
            tenancy.ask_for_reset(session, gate, email=email, network="10.0.0.1")
        asked = session.scalars(
            text("SELECT body ->> 'person_id' FROM outbox WHERE name = 'tenancy.password_reset_wanted'")
        ).all()
        _, token = tenancy.issue_token(session, person.id, purpose=RESET)
    assert [who for who in asked if who == str(person.id)] == [str(person.id)]
    assert len(asked) == 2
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


def asked_for(world, gate, email, network="10.0.0.1"):
    """Ask for a letter; returns the statements it took."""
    with world.database.transaction(Scope.public()) as session, statements(world.database) as asked:
        tenancy.ask_for_reset(session, gate, email=email, network=network)
        session.flush()
    return [statement.split("FROM")[0].split("VALUES")[0] for statement in asked]


def test_asking_for_an_unknown_address_costs_what_it_costs_for_a_known_one(world, gate, person):
    known, unknown = (asked_for(world, gate, email) for email in (person.email, "nobody@east.example"))
    assert [one for one in known if one.startswith("INSERT")] == [
        one for one in unknown if one.startswith("INSERT")
    ]
    assert abs(len(known) - len(unknown)) <= 1


def test_letters_are_counted_by_address_and_by_network(world, gate, person):
    for number in range(6):
        asked_for(world, gate, person.email, network=f"10.4.0.{number}")
    with pytest.raises(TooManyAttempts) as refused:
        asked_for(world, gate, person.email, network="10.4.1.1")
    assert 0 < refused.value.context["retry_after_s"] <= 3600
    for number in range(30):
        asked_for(world, gate, f"anybody{number}@east.example", network="10.5.5.5")
    with pytest.raises(TooManyAttempts):
        asked_for(world, gate, "one-more@east.example", network="10.5.5.5")


def test_a_stranger_who_asks_for_letters_neither_floods_nor_voids_the_link_in_use(world, person):
    def letter():
        with world.database.transaction(Scope.public()) as session:
            issued = tenancy.issue_token(session, person.id, purpose=RESET)
            return issued and issued[1]

    first = letter()
    with clock.shifted(timedelta(minutes=9)):
        assert letter() is None
    with clock.shifted(timedelta(minutes=11)):
        second = letter()
    with world.database.transaction(Scope.public()) as session:
        assert tenancy.token_holder(session, first, purpose=RESET).id == person.id
        tenancy.set_password(session, PASSWORDS, token=first, purpose=RESET, password="another long one")
        with pytest.raises(Refused):
            tenancy.token_holder(session, second, purpose=RESET)


def test_many_tries_at_once_are_no_way_round_the_count(world, gate, person):
    outcomes = []

    def guess():
        try:
            enter(world, gate, person.email, "wrong wrong", network="10.6.6.6")
        except (Unauthenticated, TooManyAttempts) as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(TooManyAttempts) == 7


def test_right_passwords_cost_no_tries(world, gate, person):
    for _ in range(40):
        enter(world, gate, person.email, PASSWORD, network="10.7.7.7")


def test_guesses_of_the_present_password_are_counted(world, gate, person):
    with world.database.transaction(Scope.public()) as session:
        scope = tenancy.scope_of(session, person)
        wrong = {"old": "wrong wrong", "new": "a good long one", "network": "10.8.8.8"}
        for _ in range(5):
            with pytest.raises(Refused):
                tenancy.change_password(session, scope, gate, **wrong)
        with pytest.raises(TooManyAttempts):
            tenancy.change_password(session, scope, gate, **wrong | {"old": PASSWORD})


def test_a_password_given_by_command_does_not_let_a_suspended_person_in(world, gate, person):
    scope = world.scope(world.east, "administrator")
    with world.database.transaction(scope) as session:
        suspended = tenancy.suspend(session, scope, person.id)
        tenancy.give_password(session, world.east.scope, PASSWORDS, suspended, "a new long password")
    with pytest.raises(Unauthenticated):
        enter(world, gate, person.email, "a new long password")
    with world.database.transaction(scope) as session:
        tenancy.reinstate(session, scope, person.id)
    assert enter(world, gate, person.email, "a new long password").id == person.id


def test_failed_log_ins_are_read_by_the_administrators_of_the_person_and_nobody_else(world, gate, person):
    for email in (person.email, "nobody@east.example"):
        with world.database.transaction(Scope.public()) as session, pytest.raises(Unauthenticated) as refused:
            tenancy.log_in(session, gate, email=email, password="wrong wrong", network="10.0.0.9")
        assert refused.value.keeps_changes  # the edge commits what was noted

    def trail(region):
        scope = world.scope(region, "administrator")
        with world.database.transaction(scope) as session:
            page = tenancy.audit_trail(session, scope, region.region.id, log_ins=True, limit=200)
            return [(one.action, one.entity_id, one.after) for one in page.items]

    mine = [one for one in trail(world.east) if one[1] == str(person.id)]
    refusal = next(after for action, _, after in mine if action == "log_in.refused")
    assert refusal["network"] == "10.0.0.9"
    assert person.email not in str(refusal)
    assert "password.set" in [action for action, _, _ in mine]
    assert not [one for one in trail(world.west) if one[1] == str(person.id)]


def test_changing_the_password_spares_the_browser_that_asks(world, gate, person):
    with world.database.transaction(Scope.public()) as session:
        scope = tenancy.scope_of(session, person)
        here = tenancy.open_session(session, person, user_agent=None, network=None)
        there = tenancy.open_session(session, person, user_agent=None, network=None)
    with world.database.transaction(Scope.public()) as session:
        with pytest.raises(Refused):
            tenancy.change_password(
                session, scope, gate, old="wrong", new="a good long one", network="10.0.0.1"
            )
        tenancy.change_password(
            session, scope, gate, old=PASSWORD, new="a good long one", network="10.0.0.1", keep_token=here
        )
        assert tenancy.use_session(session, here)[0].id == person.id
        with pytest.raises(Unauthenticated):
            tenancy.use_session(session, there)
