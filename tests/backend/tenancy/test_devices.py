"""Phones: refresh tokens are used once, a lost answer may be asked again, a stolen one ends the log-in."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from backend.kernel import clock
from backend.kernel.errors import NotFound, Unauthenticated
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy
from backend.tenancy.rules import RefreshReused

KEY = b"secret of this installation"


@pytest.fixture
def phone(world):
    with world.database.transaction(Scope.public()) as session:
        return tenancy.open_device(session, world.east.people["technician"], device_id="phone-1")


def refresh(world, token, device="phone-1"):
    with world.database.transaction(Scope.public()) as session:
        try:
            return tenancy.refresh(session, token=token, device_id=device, key=KEY)
        except RefreshReused:
            session.commit()
            raise


def test_a_log_in_goes_on_from_token_to_token(world, phone):
    token = phone.refresh_token
    for _ in range(5):
        token = refresh(world, token).refresh_token
    with world.database.transaction(Scope.public()) as session:
        person, scope = tenancy.use_device(session, family_id=phone.family_id, person_id=phone.person.id)
    assert scope.actor_id == person.id == world.east.people["technician"].id


def test_a_lost_answer_is_given_again_for_a_minute(world, phone):
    first = refresh(world, phone.refresh_token)
    with clock.shifted(timedelta(seconds=50)):
        assert refresh(world, phone.refresh_token).refresh_token == first.refresh_token
    following = refresh(world, first.refresh_token)
    assert following.refresh_token != first.refresh_token


@pytest.mark.parametrize("late_s", [0, 3600])
def test_a_token_used_twice_ends_the_whole_log_in(world, phone, late_s):
    newest = refresh(world, refresh(world, phone.refresh_token).refresh_token)
    with clock.shifted(timedelta(seconds=late_s)), pytest.raises(RefreshReused):
        refresh(world, phone.refresh_token)
    with pytest.raises(Unauthenticated):
        refresh(world, newest.refresh_token)
    with pytest.raises(Unauthenticated), world.database.transaction(Scope.public()) as session:
        tenancy.use_device(session, family_id=phone.family_id, person_id=phone.person.id)


def test_another_device_with_the_token_ends_the_log_in(world, phone):
    with pytest.raises(RefreshReused):
        refresh(world, phone.refresh_token, device="thief")
    with pytest.raises(Unauthenticated):
        refresh(world, phone.refresh_token)


def test_a_phone_survives_a_month_of_silence_but_not_longer(world, phone):
    with clock.shifted(timedelta(days=29)):
        newest = refresh(world, phone.refresh_token)
    with clock.shifted(timedelta(days=60)), pytest.raises(Unauthenticated):
        refresh(world, newest.refresh_token)


def test_a_log_in_ends_after_a_year_however_busy(world, phone):
    token, days = phone.refresh_token, 0
    while days < 360:
        days += 20
        with clock.shifted(timedelta(days=days)):
            token = refresh(world, token).refresh_token
    with clock.shifted(timedelta(days=366)), pytest.raises(Unauthenticated):
        refresh(world, token)


def test_eight_requests_at_once_with_one_token_get_one_successor(world, phone):
    barrier, answers = threading.Barrier(8), []

    def ask():
        barrier.wait()
        answers.append(refresh(world, phone.refresh_token).refresh_token)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1


def test_one_sees_and_ends_ones_own_phones_only(world, phone):
    mine, other = world.scope(world.east, "technician"), world.scope(world.east, "administrator")
    with world.database.transaction(Scope.public()) as session:
        assert phone.family_id in {device.id for device in tenancy.devices(session, mine)}
        with pytest.raises(NotFound):
            tenancy.end_device(session, other, phone.family_id)
        tenancy.end_device(session, mine, phone.family_id)
    with world.database.transaction(Scope.public()) as session:
        assert phone.family_id not in {device.id for device in tenancy.devices(session, mine)}
    with pytest.raises(Unauthenticated):
        refresh(world, phone.refresh_token)
