"""Photos that were registered and never came: the phone that took them is asked for them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from backend.field import service
from backend.kernel import clock
from backend.wiring import notices
from backend.workorders import service as work

HALF_A_DAY = timedelta(hours=12, minutes=5)


@dataclass
class Bell:
    """A push service that keeps what it was given."""

    rung: list = field(default_factory=list)

    def send(self, subscription, notice):
        self.rung.append((subscription.device_id, subscription.locale, notice))
        return True


@pytest.fixture
def registered(phone, anew):
    """A phone that registered a photo whose bytes never came: `phone, hash`."""
    mine, order = phone(), anew()
    sha256 = hashlib.sha256(mine.device_id.encode()).hexdigest()
    mine.do("work_order", order.id, "attach", role="before", sha256=sha256, size=9, mime="image/jpeg")
    return mine, sha256


def wanted(phone):
    cursor = phone.pull().cursor
    with phone.database.transaction(phone.scope) as session:
        pulled = service.pull(session, phone.scope, cursor=cursor, device_id=phone.device_id)
    return [one["sha256"] for one in pulled.wanted]


def test_only_its_own_phone_is_asked_and_not_before_half_a_day(phone, registered):
    mine, sha256 = registered
    other = phone()
    assert wanted(mine) == []
    with clock.shifted(HALF_A_DAY):
        assert (wanted(mine), wanted(other)) == ([sha256], [])
    with clock.shifted(timedelta(days=15)):
        assert wanted(mine) == []


def test_each_night_the_phone_that_took_it_is_told_in_its_language(registered, phone, world):
    mine, _ = registered
    for one, locale in ((mine, "zh"), (phone(), "en")):
        with one.database.transaction(one.scope) as session:
            service.subscribe(session, one.scope, device_id=one.device_id, endpoint="https://push.example", p256dh="x",
                              auth="y", locale=locale)  # fmt: skip
    bell = Bell()
    with clock.shifted(HALF_A_DAY), world.database.transaction(world.east.scope) as session:
        assert notices.ask_for_photos(session, world.east.scope, bell) >= 1
    rung = [
        (device, locale, notice.title) for device, locale, notice in bell.rung if device == mine.device_id
    ]
    assert rung == [(mine.device_id, "zh", "缺少照片：1 张")]
    assert {device for device, _, _ in bell.rung} == {mine.device_id}


def test_once_its_bytes_are_here_nobody_is_asked(registered):
    mine, sha256 = registered
    with mine.database.transaction(mine.scope) as session:
        work.note_arrival(session, mine.scope, sha256=sha256, stored_sha256="0" * 64)
    with clock.shifted(HALF_A_DAY):
        assert wanted(mine) == []
