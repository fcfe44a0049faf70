"""What people do about exceptions: accept, edit with a reason, have made again; every version stays."""

from __future__ import annotations

import itertools
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text

from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.periods import Period
from backend.kernel.scope import Role, Scope
from backend.metering import service as metering
from backend.metering.models import ExceptionState
from backend.metering.rules import Method, Rule
from backend.metering.service import ExceptionFilter
from tests.backend.metering.conftest import NOON

names = itertools.count()
DAYS = 10
START = NOON.replace(hour=16) - timedelta(days=DAYS)
BY_DAY = np.where((np.arange(24) >= 8) & (np.arange(24) < 18), 9.0, 1.0)
FIRST, LAST = 9 * 24 + 2, 9 * 24 + 8
"""The readings on either side of a gap of six hours on the last day."""


@pytest.fixture
def gap(meters):
    """A register with a gap, and the exception of it."""
    point = meters.make(f"edited {next(names)}", interval_minutes=60)
    shown = np.concatenate(([0], np.cumsum(np.tile(BY_DAY, DAYS))))
    keep = np.ones(len(shown), dtype=bool)
    keep[FIRST + 1 : LAST] = False
    meters.store(point, (np.arange(len(shown)) * 60)[keep], shown[keep], start=START)
    follow(meters)
    with meters.world.database.transaction(meters.scope) as session:
        (row,) = metering.exceptions(session, meters.scope, ExceptionFilter(point_id=point.id)).items
    return row


@pytest.fixture
def dispatcher(meters):
    """Somebody who may settle exceptions."""
    east = meters.world.east
    return Scope.person(east.people["dispatcher"].id, {Role.DISPATCHER: meters.scope.organisations})


def follow(meters):
    follower = metering.RollUpFollower()
    meters.follow(follower)
    with meters.world.database.transaction(meters.scope) as session:
        follower.estimate(session, meters.scope)
        while metering.validate_closed_days(session, meters.scope):
            pass


def do(meters, scope, deed, gap, **said):
    with meters.world.database.transaction(scope) as session:
        return deed(session, scope, gap.exception.id, **said)


def intervals(meters, gap):
    period = Period(gap.exception.starts_at, gap.exception.ends_at)
    with meters.world.database.transaction(meters.scope) as session:
        return metering.intervals(session, meters.scope, point_id=gap.point.id, period=period)


def said(gap, amounts):
    return [(gap.exception.starts_at + timedelta(hours=n), amount) for n, amount in enumerate(amounts)]


def test_an_exception_accepted_says_who_and_when(meters, dispatcher, gap):
    settled = do(meters, dispatcher, metering.accept_exception, gap, reason="the cellar was flooded")
    assert (settled.state, settled.settled_by) == (ExceptionState.ACCEPTED, dispatcher.actor_id)
    with meters.world.database.transaction(meters.scope) as session:
        trail = session.execute(
            text("SELECT action, after FROM audit_event WHERE entity_id = :id"), {"id": str(settled.id)}
        ).all()
    assert [(action, after["reason"]) for action, after in trail] == [
        ("vee_exception.accepted", "the cellar was flooded")
    ]
    with pytest.raises(Conflict):
        do(meters, dispatcher, metering.accept_exception, gap)


def test_an_edit_makes_versions_with_a_name_and_no_reading_undoes_it(meters, dispatcher, gap):
    total = sum(row.amount for row in intervals(meters, gap)) / 1000
    do(
        meters, dispatcher, metering.edit_exception, gap, reason="read off the display",
        said=said(gap, [total, 0, 0, 0, 0, 0]),
    )  # fmt: skip
    rows = intervals(meters, gap)
    assert [row.amount for row in rows] == [total * 1000, 0, 0, 0, 0, 0]
    assert {(row.method, row.rule, row.author_id) for row in rows} == {
        (Method.EDITED, Rule.MANUAL, dispatcher.actor_id)
    }
    meters.store(gap.point, [(FIRST + 1) * 60], [9 * BY_DAY.sum() + 3.5], start=START)
    follow(meters)
    assert [row.amount for row in intervals(meters, gap)] == [total * 1000, 0, 0, 0, 0, 0]


def test_sums_follow_an_edit(meters, dispatcher, gap):
    before = intervals(meters, gap)
    amounts = [row.amount / 1000 for row in before]
    amounts[0], amounts[5] = amounts[0] + amounts[5], 0.0
    do(meters, dispatcher, metering.edit_exception, gap, reason="as the log says", said=said(gap, amounts))
    with meters.world.database.transaction(meters.scope) as session:
        hours = metering.amounts(
            session, meters.scope, point_id=gap.point.id, grain=metering.Grain.HOUR,
            period=Period(gap.exception.starts_at, gap.exception.ends_at),
        )  # fmt: skip
    assert [hour.amount for hour in hours] == pytest.approx(amounts)


def test_an_edit_must_sum_to_what_the_register_moved(meters, dispatcher, gap):
    with pytest.raises(Refused, match="the register moved"):
        do(meters, dispatcher, metering.edit_exception, gap, reason="a guess", said=said(gap, [2.0] * 6))


@pytest.mark.parametrize(
    ("starts", "reason", "field"),
    [
        ([timedelta(0)], "", "reason"),
        ([timedelta(hours=7)], "outside", "intervals"),
        ([timedelta(minutes=10)], "off the grid", "intervals"),
        ([timedelta(0), timedelta(0)], "twice", "intervals"),
        ([], "nothing", "intervals"),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused(meters, dispatcher, gap, starts, reason, field):
    told = [(gap.exception.starts_at + start, 1.0) for start in starts]
    with pytest.raises(Refused) as refusal:
        do(meters, dispatcher, metering.edit_exception, gap, reason=reason, said=told)
    assert refusal.value.field == field


def test_a_new_run_takes_edits_back_and_estimates_again(meters, dispatcher, gap):
    before = [row.amount for row in intervals(meters, gap)]
    total = sum(before) / 1000
    do(
        meters, dispatcher, metering.edit_exception, gap, reason="a slip of the pen",
        said=said(gap, [total, 0, 0, 0, 0, 0]),
    )  # fmt: skip
    with meters.world.database.transaction(meters.scope) as session:
        session.execute(
            text("UPDATE vee_exception SET state = 'open' WHERE id = :id"), {"id": gap.exception.id}
        )
    settled = do(meters, dispatcher, metering.rerun_exception, gap)
    assert settled.state is ExceptionState.RERUN
    follow(meters)
    rows = intervals(meters, gap)
    assert [row.amount for row in rows] == before
    assert {row.method for row in rows} == {Method.ESTIMATED}
    assert {row.author_id for row in rows} == {None}


def test_the_story_has_the_estimate_the_gap_and_all_versions(meters, dispatcher, gap):
    with meters.world.database.transaction(dispatcher) as session:
        told = metering.story(session, dispatcher, gap.exception.id, around=timedelta(hours=12))
    assert len(told.intervals) > 6
    assert "days of the same kind" in told.gaps[0].reason
    versions = [(row.version, row.rule) for row in told.versions if row.start == gap.exception.starts_at]
    assert versions == [(1, Rule.EDGED), (0, Rule.INTERPOLATED)]


def test_who_may_not_settle_is_refused_and_others_do_not_even_see_it(meters, gap):
    east, west = meters.world.east, meters.world.west
    technician = Scope.person(east.people["dispatcher"].id, {Role.TECHNICIAN: meters.scope.organisations})
    for deed in (metering.accept_exception, metering.rerun_exception):
        with pytest.raises(Forbidden):
            do(meters, technician, deed, gap)
        with pytest.raises(NotFound):
            do(meters, west.scope, deed, gap)
