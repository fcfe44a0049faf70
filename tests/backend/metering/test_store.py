"""Readings are stored exactly once; another value becomes the next revision; nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import text

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
