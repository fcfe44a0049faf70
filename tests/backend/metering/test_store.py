"""Readings are stored exactly once; another value becomes the next revision; nothing is lost."""

from __future__ import annotations

import threading
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text

from backend.kernel import clock
from backend.kernel.errors import Refused
from backend.kernel.periods import Period
from backend.metering import service as metering
from backend.metering.service import journal
from tests.backend.metering.conftest import NOON


def values(meters, point):
    with meters.world.database.transaction(meters.scope) as session:
        period = Period(NOON.replace(day=1), NOON.replace(month=4))
        return metering.readings(session, meters.scope, point_id=point.id, period=period)[1].tolist()


def latest(meters, point):
    with meters.world.database.transaction(meters.scope) as session:
        return metering.latest_values(session, meters.scope, point_ids=[point.id])[0]


def test_the_same_reading_again_is_a_no_op(meters):
    point = meters.make("twice")
    assert meters.store(point, [0, 1], [1.0, 2.0]).new == 2
    again = meters.store(point, [0, 1], [1.0, 2.0])
    assert (again.new, again.revised, again.unchanged) == (0, 0, 2)


def test_another_value_for_the_instant_is_the_next_revision_and_the_first_is_kept(meters):
    point = meters.make("revised")
    meters.store(point, [0], [1.0])
    assert meters.store(point, [0], [5.0]).revised == 1
    assert values(meters, point) == [5.0]
    with meters.world.database.transaction(meters.scope) as session:
        story = metering.revisions(
            session, meters.scope, point_id=point.id, period=Period(NOON, NOON.replace(hour=5))
        )
    assert [(row.revision, row.value, row.source) for row in story] == [(1, 5.0, "test"), (0, 1.0, "test")]


def test_a_late_duplicate_cannot_undo_a_correction(meters):
    point = meters.make("corrected")
    meters.store(point, [0], [1.0])
    meters.store(point, [0], [5.0])
    assert meters.store(point, [0], [1.0]).unchanged == 1
    assert values(meters, point) == [5.0]
    assert latest(meters, point).value == 5.0


def test_who_stores_and_has_more_to_do_holds_up_nobody_elses_commit(meters):
    first, second = meters.make("slow"), meters.make("quick")
    batch = metering.ReadingBatch(
        np.array([first.key]), np.array([clock.to_us(NOON)]), np.ones(1), np.zeros(1)
    )
    with meters.world.database.transaction(meters.scope) as session:
        metering.store_readings(session, meters.scope, batch, source="test", live=False)
        other = threading.Thread(target=meters.store, args=(second, [0], [2.0]))
        other.start()
        other.join(20)
        assert values(meters, second) == [2.0]  # while the first is still at it
    assert values(meters, first) == [1.0]


def test_readings_taken_back_to_a_savepoint_leave_no_batch(meters):
    point = meters.make("taken back")
    batch = metering.ReadingBatch(
        np.array([point.key]), np.array([clock.to_us(NOON)]), np.ones(1), np.zeros(1)
    )
    count = text("SELECT count(*) FROM batch")
    with meters.world.database.transaction(meters.scope) as session:
        before = session.execute(count).scalar_one()
        with session.begin_nested() as savepoint:
            metering.store_readings(session, meters.scope, batch, source="test", live=False)
            savepoint.rollback()
    with meters.world.database.transaction(meters.scope) as session:
        assert session.execute(count).scalar_one() == before


def test_somebody_who_means_it_can_go_back_to_an_earlier_value(meters):
    point = meters.make("meant")
    meters.store(point, [0], [1.0])
    meters.store(point, [0], [5.0])
    assert meters.store(point, [0], [1.0], corrects=True).revised == 1
    assert values(meters, point) == [1.0]


def test_one_batch_may_hold_an_instant_twice(meters):
    point = meters.make("doubled")
    done = meters.store(point, [0, 1, 0, 1], [1.0, 2.0, 1.0, 3.0])
    assert (done.new, done.revised, done.unchanged) == (2, 1, 1)
    assert values(meters, point) == [1.0, 3.0]


def test_new_readings_and_late_duplicates_may_come_in_one_batch(meters):
    point = meters.make("mixed")
    meters.store(point, [0, 1, 3], [1.0, 2.0, 4.0])
    done = meters.store(point, [0, 1, 2, 3, 4, 5], [1.0, 2.5, 3.0, 4.0, 5.0, 6.0])
    assert (done.new, done.revised, done.unchanged) == (3, 1, 2)
    assert values(meters, point) == [1.0, 2.5, 3.0, 4.0, 5.0, 6.0]
    assert latest(meters, point).value == 6.0


def test_several_points_each_have_their_own_newest(meters):
    ahead, behind = meters.make("ahead"), meters.make("behind")
    meters.store(ahead, [5], [5.0])
    at = clock.to_us(NOON) + np.array([3, 4, 6, 3, 4]) * 60_000_000
    keys = np.repeat([behind.key, ahead.key], [2, 3])
    batch = metering.ReadingBatch(keys, np.roll(at, 2), np.arange(5.0), np.zeros(5))
    with meters.world.database.transaction(meters.scope) as session:
        assert metering.store_readings(session, meters.scope, batch, source="test", live=True).new == 5
    assert values(meters, ahead) == [2.0, 3.0, 5.0, 4.0]
    assert (latest(meters, ahead).value, latest(meters, behind).value) == (4.0, 1.0)


def test_writers_of_the_same_points_wait_for_each_other_and_lose_nothing(meters):
    points = [meters.make(f"contended {i}") for i in range(5)]
    keys = np.array([p.key for p in points])
    failed: list[Exception] = []

    def write(turn: int) -> None:
        chance = np.random.default_rng(turn)
        try:
            for _ in range(25):
                minutes = np.arange(60)[chance.random(60) < 0.3]
                batch = metering.ReadingBatch(
                    np.tile(chance.permutation(keys), len(minutes)),
                    np.repeat(clock.to_us(NOON) + minutes * 60_000_000, len(keys)),
                    np.repeat(minutes.astype(float), len(keys)),
                    np.zeros(len(minutes) * len(keys)),
                )
                with meters.world.database.transaction(meters.scope) as session:
                    metering.store_readings(session, meters.scope, batch, source="test", live=True)
        except Exception as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(turn,)) for turn in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed
    for point in points:
        assert values(meters, point) == [float(minute) for minute in range(60)]
        assert latest(meters, point).value == 59.0


def test_a_reading_that_latest_does_not_know_of_is_found_all_the_same(meters):
    point = meters.make("unknown to latest")
    meters.store(meters.make("maker of the month"), [0], [0.0])
    with meters.world.database.transaction(meters.scope) as session:
        session.execute(
            text("INSERT INTO reading VALUES (:key, :at, 0, 0, 2.0, 0)"),
            {"key": point.key, "at": NOON + timedelta(minutes=1)},
        )
    done = meters.store(point, [0, 1, 2, 3], [1.0, 2.5, float("nan"), 4.0])
    assert (done.new, done.revised) == (3, 1)
    assert np.array_equal(values(meters, point), [1.0, 2.5, np.nan, 4.0], equal_nan=True)
    assert latest(meters, point).value == 4.0


def test_the_latest_value_is_the_newest_by_its_own_time(meters):
    point = meters.make("newest")
    meters.store(point, [10], [10.0])
    meters.store(point, [5], [5.0])
    assert latest(meters, point).value == 10.0


def test_a_reading_without_a_value_is_kept_as_none(meters):
    point = meters.make("empty")
    meters.store(point, [0], [float("nan")], quality=2)
    assert latest(meters, point).value is None
    assert np.isnan(values(meters, point)[0])


def test_readings_with_and_without_a_value_may_come_in_one_batch(meters):
    point = meters.make("half empty")
    nan = float("nan")
    assert meters.store(point, [0, 1, 2, 3], [1.0, nan, 3.0, nan]).new == 4
    assert meters.store(point, [0, 1, 2, 3], [1.0, nan, 3.0, nan]).unchanged == 4
    assert np.array_equal(values(meters, point), [1.0, nan, 3.0, nan], equal_nan=True)
    assert latest(meters, point).value is None


def test_a_point_of_another_tenant_is_refused_and_nothing_is_stored(meters):
    point = meters.make("foreign")
    west = meters.world.west.scope
    batch = metering.ReadingBatch(
        np.array([point.key]), np.array([1_790_000_000_000_000]), np.ones(1), np.zeros(1)
    )
    with pytest.raises(Refused, match="not known"), meters.world.database.transaction(west) as session:
        metering.store_readings(session, west, batch, source="test", live=True)
    with meters.world.database.transaction(meters.scope) as session:
        assert metering.latest_values(session, meters.scope, point_ids=[point.id]) == []


def test_live_readings_are_journalled_in_the_order_of_their_commits(meters):
    point = meters.make("journalled")
    meters.store(point, [0], [1.0], live=True)
    meters.store(point, [1], [2.0], live=True)
    meters.store(point, [2], [3.0], live=False)
    with meters.world.database.transaction(meters.scope) as session:
        found = [b for b in journal.read(session, meters.scope, 0, limit=1000) if b.spans is not None]
    mine = [b for b in found if point.key in b.spans.point_key]
    assert [b.sequence for b in mine] == sorted(b.sequence for b in mine)
    assert [b.readings.value.tolist() if b.readings else None for b in mine] == [[1.0], [2.0], None]


def test_readings_are_never_deleted_by_the_application(meters, database):
    with pytest.raises(Exception, match="permission denied"), database.transaction(meters.scope) as session:
        session.execute(text("DELETE FROM reading"))
