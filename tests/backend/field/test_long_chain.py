"""Five days without a signal, and one link of the chain never came: held for 72 hours, then applied or flagged."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from backend.field import queries, service
from backend.kernel import clock, ids
from backend.workorders import service as work

DAY = timedelta(days=1)


def outcomes(answers):
    return [one["outcome"] for one in answers]


@pytest.fixture
def chain(phone, anew):
    """A remark a day for five days, each after the one before, written on a phone that slept and woke."""
    mine, order = phone(), anew()
    said, before = [], ()
    for day in range(5):
        one = mine.tap("work_order", order.id, "comment", text=f"day {day}", deps=before)
        said.append(
            one | {"occurred_at": (clock.now() - (5 - day) * DAY).isoformat(), "boot_id": f"day {day}"}
        )
        before = (one["op_id"],)
    return mine, order, said


def remarks(acting, order):
    with acting("technician") as (session, scope):
        found = work.look(session, scope, order_id=order.id).comments
        return [one.text for one in sorted(found, key=lambda one: one.at)]


def test_what_follows_the_gap_waits_and_says_for_what(chain, acting):
    mine, order, said = chain
    answers = mine.push(said[0], *said[2:])
    assert outcomes(answers) == ["applied", "held", "held", "held"]
    assert [one["missing"] for one in answers[1:]] == [[said[n]["op_id"]] for n in (1, 2, 3)]
    assert remarks(acting, order) == ["day 0"]


def test_the_middle_that_comes_late_lets_all_go_on_in_their_order_and_with_their_own_times(chain, acting):
    mine, order, said = chain
    mine.push(said[0], *said[2:])
    with clock.shifted(2 * DAY):
        assert outcomes(mine.push(said[1])) == ["applied"]
        assert outcomes(mine.push(*said)) == ["duplicate"] * 5
    assert remarks(acting, order) == [f"day {day}" for day in range(5)]
    with acting("technician") as (session, scope):
        found = sorted(work.look(session, scope, order_id=order.id).comments, key=lambda one: one.at)
    assert all(abs(later.at - earlier.at - DAY) < timedelta(minutes=1) for earlier, later in pairwise(found))


def test_after_72_hours_it_is_applied_without_the_middle_and_marked_late(chain, acting, world, files):
    mine, order, said = chain
    mine.push(said[0], *said[2:])
    with clock.shifted(timedelta(hours=71)), world.database.transaction(mine.scope) as session:
        assert service.settle_overdue(session, mine.scope, files) == 0
    with clock.shifted(timedelta(hours=73)), world.database.transaction(mine.scope) as session:
        service.settle_overdue(session, mine.scope, files)
    late = [one["result"] for one in mine.push(*said[2:])]
    assert outcomes(late) == ["applied"] * 3 and late[0]["is_late"]
    assert remarks(acting, order) == ["day 0", "day 2", "day 3", "day 4"]
    with clock.shifted(4 * DAY):  # and then it comes after all
        assert outcomes(mine.push(said[1])) == ["applied"]
    assert remarks(acting, order) == [f"day {day}" for day in range(5)]


def test_a_chain_that_was_carried_out_whole_is_not_carried_out_again_link_by_link(
    phone, anew, acting, world, files
):
    mine, order = phone(), anew()
    with acting("technician") as (session, scope):
        lists = {one.id: one for one in work.checklists(session, scope)}
        item = next(one for one in lists[order.checklist_id].items if one["type"] == "text")
    lost = mine.tap("work_order", order.id, "comment", text="never came")
    one = mine.tap("work_order", order.id, "codes", problem="METERING", deps=(lost["op_id"],))
    two = mine.tap("work_order", order.id, "answer", item=item["key"], value="fine", deps=(one["op_id"],))
    three = mine.tap("work_order", order.id, "codes", cause="LOOSE", deps=(two["op_id"],))
    assert outcomes(mine.push(one, two, three)) == ["held"] * 3
    with clock.shifted(timedelta(hours=73)), world.database.transaction(mine.scope) as session:
        service.settle_overdue(session, mine.scope, files)
    assert outcomes(one["result"] for one in mine.push(one, two, three)) == ["applied"] * 3


def test_a_command_that_cannot_be_given_without_the_middle_is_flagged_for_the_dispatcher(
    phone, anew, acting, world, files
):
    mine, order = phone(), anew()
    with acting("technician") as (session, scope):
        visit = work.visits_of(session, scope, order_ids=[order.id])[0]
    accept = mine.tap("visit", visit.id, "accept")
    arrive = mine.tap("visit", visit.id, "arrive", deps=(accept["op_id"],))
    finish = mine.tap("visit", visit.id, "finish", deps=(arrive["op_id"],))
    assert outcomes(mine.push(accept, finish)) == ["applied", "held"]
    with clock.shifted(timedelta(hours=73)), world.database.transaction(mine.scope) as session:
        service.settle_overdue(session, mine.scope, files)
    flagged = mine.push(finish)[0]["result"]
    assert (flagged["outcome"], flagged["class"]) == ("conflict", "state")
    with acting("dispatcher") as (session, scope):
        assert flagged["conflict_id"] in {ids.show(one.id) for one in service.conflicts(session, scope).items}


def test_a_phone_that_sends_just_then_is_settled_the_next_time(chain, world, environment, monkeypatch):
    from backend.worker import fieldwork  # needs the settings of this module's servers

    mine, _, said = chain
    mine.push(*said[2:])
    monkeypatch.setattr(fieldwork, "database", lambda: world.database)
    with clock.shifted(timedelta(hours=73)):
        with world.database.transaction(mine.scope) as session:
            session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:who, 0))"),
                            {"who": f"field {mine.scope.actor_id} {mine.device_id}"})  # fmt: skip
            fieldwork.settle_overdue()
            assert outcomes(mine_held(session, mine)) == ["held"] * 3
        fieldwork.settle_overdue()
    assert outcomes(mine.push(*said[2:])) == ["duplicate"] * 3


def mine_held(session, phone):
    return [one.result for one in queries.held(session, phone.scope) if one.device_id == phone.device_id]
