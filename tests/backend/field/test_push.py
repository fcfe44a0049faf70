"""Operations of phones: each once, each with its own answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from psycopg.errors import UniqueViolation
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from backend.field import service
from backend.field.rules import operation
from backend.field.service.handlers import HANDLERS
from backend.kernel import clock, ids
from backend.kernel.errors import Refused
from backend.workorders import service as work
from backend.workorders.rules.machine import OrderStatus

SAFE = {"ppe": True, "area": True}


def start(phone, order, **more):
    """Begin without a label to scan, the photo of the place sent before."""
    phone.push(
        phone.tap("work_order", order.id, "attach", role="tag", sha256="f" * 64, size=1000, mime="image/jpeg")
    )
    return phone.tap("work_order", order.id, "start", override={"reason": "plate gone", "photo": "f" * 64}, safety=SAFE,
                     **more)  # fmt: skip


@pytest.fixture(scope="module")
def _spare():
    return {}


@pytest.fixture
def spare(anew, _spare):
    """An order of the technician that no test begins; the module's one."""
    if not _spare:
        _spare["order"] = anew()
    return _spare["order"]


def status(acting, order):
    with acting("dispatcher") as (session, scope):
        return work.order(session, scope, order_id=order.id).status


def test_an_operation_sent_again_is_done_once_and_answered_the_same(phone, dispatched, acting):
    mine, order = phone(), dispatched(fault_class="power_quality")
    said = mine.tap("work_order", order.id, "comment", text="here")
    first, again = mine.push(said)[0], mine.push(said)[0]
    assert (first["outcome"], again["outcome"]) == ("applied", "duplicate")
    assert again["result"] == first
    with acting("technician") as (session, scope):
        assert len(work.look(session, scope, order_id=order.id).comments) == 1


def test_the_same_id_with_other_content_is_refused_as_a_whole(phone, dispatched):
    mine, order = phone(), dispatched(fault_class="overload")
    said = mine.tap("work_order", order.id, "comment", text="here")
    mine.push(said)
    with pytest.raises(Refused, match="other content"):
        mine.push(said | {"args": {"text": "there"}})


def test_one_that_cannot_be_taken_is_not_in_the_way_of_others(phone, dispatched):
    mine, order = phone(), dispatched(fault_class="damage")
    answers = mine.push(
        mine.tap("work_order", order.id, "comment", text="one"),
        mine.tap("work_order", order.id, "answer", item="nothing", value=1),
        mine.tap("nonsense", order.id, "do"),
        mine.tap("work_order", ids.new_id(), "comment", text="lost"),
        mine.tap("work_order", order.id, "comment", text="two"),
    )
    assert [one["outcome"] for one in answers] == ["applied", "rejected", "rejected", "rejected", "applied"]
    assert answers[1]["field"] == "item"


def test_a_shift_offline_drains_in_one_go(phone, dispatched, acting):
    mine, order = phone(), dispatched(fault_class="meter_fault")
    with acting("technician") as (session, scope):
        visit = work.visits_of(session, scope, order_ids=[order.id])[0]
        items = {one.id: one for one in work.checklists(session, scope)}[order.checklist_id].items
    value = {"yes_no": True, "number": 20, "reading": 3.5, "text": "fine", "choice": "good"}
    begun = start(mine, order)
    said = [
        mine.tap("visit", visit.id, "accept"), mine.tap("visit", visit.id, "travel"),
        mine.tap("visit", visit.id, "arrive"), begun, mine.tap("visit", visit.id, "work", deps=(begun["op_id"],)),
        *(mine.tap("work_order", order.id, "answer", item=one["key"], value=value[one["type"]]) for one in items),
        *(mine.tap("work_order", order.id, "attach", role=role, sha256=role[0] * 64, size=9, mime="image/jpeg")
          for role in ("before", "after")),
        mine.tap("visit", visit.id, "punch", kind="work", seconds=1_800, started_at="x"),
        mine.tap("work_order", order.id, "codes", problem="METERING", cause="LOOSE", remedy="REPLACED"),
        mine.tap("work_order", order.id, "complete"), mine.tap("visit", visit.id, "finish"),
    ]  # fmt: skip
    said[-4:-3] = [said[-4]]
    answers = mine.push(*[one | ({"args": one["args"] | {"sha256": "ab"[one["args"]["role"] == "after"] * 64}}
                                 if one["command"] == "attach" else {}) for one in said])  # fmt: skip
    assert {one["outcome"] for one in answers} == {"applied"}, answers
    assert status(acting, order) is OrderStatus.FIELD_COMPLETE


def test_what_depends_on_something_unknown_waits_and_goes_on_when_it_comes(phone, dispatched, acting):
    mine, order = phone(), dispatched(fault_class="emission")
    with acting("technician") as (session, scope):
        visit = work.visits_of(session, scope, order_ids=[order.id])[0]
    accept = mine.tap("visit", visit.id, "accept")
    begun = start(mine, order, deps=(accept["op_id"],))
    last = mine.tap("work_order", order.id, "comment", text="done", deps=(begun["op_id"],))
    held = mine.push(last, begun)
    assert [one["outcome"] for one in held] == ["held", "held"]
    assert held[1]["missing"] == [accept["op_id"]]
    assert mine.push(accept)[0]["outcome"] == "applied"
    assert [one["outcome"] for one in mine.push(last, begun)] == ["duplicate", "duplicate"]
    assert status(acting, order) is OrderStatus.IN_PROGRESS


def test_work_begins_only_with_every_safety_question_answered_and_a_photo_that_was_taken(phone, spare):
    mine, order = phone(), spare
    for safety in ("no", ["ppe"], {"any": 1}, {"ppe": True, "area": False}, {}, True):
        begun = start(mine, order)
        begun["args"]["safety"] = safety
        assert mine.push(begun)[0]["field"] == "safety", safety
    begun = start(mine, order)
    begun["args"]["override"]["photo"] = "0" * 64
    assert mine.push(begun)[0]["field"] == "tag"


def test_of_two_phones_the_later_word_stands_and_the_older_one_is_told(phone, spare, acting):
    first, second, order = phone(), phone(), spare
    with acting("technician") as (session, scope):
        lists = {one.id: one for one in work.checklists(session, scope)}
        item = next(one["key"] for one in lists[order.checklist_id].items if one["type"] == "text")

    def said(mine, minutes, command, **args):
        at = (clock.now() - timedelta(minutes=minutes)).isoformat()
        return mine.tap("work_order", order.id, command, **args) | {
            "occurred_at": at,
            "boot_id": f"{minutes}",
        }

    def stands():
        with acting("technician") as (session, scope):
            found = work.order(session, scope, order_id=order.id)
            return work.answer_of(session, scope, order_id=order.id, item=item).value, found.cause_code

    assert second.push(said(second, 10, "answer", item=item, value="mended"),
                       said(second, 10, "codes", cause="LOOSE"))[0]["outcome"] == "applied"  # fmt: skip
    late = first.push(
        said(first, 70, "answer", item=item, value="broken"), said(first, 70, "codes", cause="WEAR")
    )
    assert [one["is_noop"] for one in late] == [True, True]
    assert stands() == ("mended", "LOOSE")
    first.push(said(first, 1, "answer", item=item, value="tested"), said(first, 1, "codes", cause="WEAR"))
    assert stands() == ("tested", "WEAR")


def test_who_finds_a_key_taken_by_another_transaction_looks_again_and_then_says_so(phone, spare, monkeypatch):
    mine, order = phone(), spare
    real, met = HANDLERS["work_order.comment"], []

    def late(session, scope, op, given):
        met.append(op)
        if len(met) != 2:
            raise IntegrityError("", {}, UniqueViolation())
        return real(session, scope, op, given)

    monkeypatch.setitem(HANDLERS, "work_order.comment", late)
    assert mine.push(mine.tap("work_order", order.id, "comment", text="one"))[0]["outcome"] == "applied"
    assert mine.push(mine.tap("work_order", order.id, "comment", text="two"))[0]["outcome"] == "rejected"
    assert len(met) == 4


def test_what_waited_three_days_is_applied_without_what_never_came(phone, dispatched, world, files):
    mine, order = phone(), dispatched(fault_class="noise")
    said = mine.tap("work_order", order.id, "comment", text="alone", deps=(ids.show(ids.new_id()),))
    assert mine.push(said)[0]["outcome"] == "held"
    with clock.shifted(timedelta(hours=73)), world.database.transaction(mine.scope) as session:
        assert service.settle_overdue(session, mine.scope, files) == 1
    again = mine.push(said)[0]
    assert (again["outcome"], again["result"]["outcome"], again["result"]["is_late"]) == (
        "duplicate",
        "applied",
        True,
    )


def test_an_order_the_office_cancelled_meanwhile_keeps_the_work_as_evidence_and_asks_the_dispatcher(
    phone, dispatched, acting
):
    mine, order = phone(), dispatched(fault_class="too_cold")
    begun = start(mine, order)
    with acting("dispatcher") as (session, scope):
        work.cancel(session, scope, order_id=order.id, reason="customer repaired it")
    answers = mine.push(begun, mine.tap("work_order", order.id, "comment", text="I was there"))
    assert [one["outcome"] for one in answers] == ["conflict", "applied"]
    assert (answers[0]["class"], answers[0]["server_row"]["status"]) == ("state", "cancelled")
    with acting("dispatcher") as (session, scope):
        open_ones = service.conflicts(session, scope).items
        assert ids.show(open_ones[0].id) == answers[0]["conflict_id"]
        service.resolve(session, scope, conflict_id=open_ones[0].id, resolution="theirs")


def test_a_command_whose_goal_is_passed_is_old_news(phone, dispatched):
    mine, order = phone(), dispatched(fault_class="high_pressure")
    visit_id = next(
        row.id
        for row in mine.pull().rows
        if row.entity == "visit" and row.row["work_order_id"] == ids.show(order.id)
    )
    first = mine.do("visit", ids.parse(visit_id), "accept")
    other = phone().do("visit", ids.parse(visit_id), "accept")
    assert (first["outcome"], other["outcome"], other["is_noop"]) == ("applied", "applied", True)


def test_the_fields_answer_wins_over_a_stale_one_and_both_are_kept(phone, dispatched, acting):
    mine, order = phone(), dispatched(fault_class="leak")
    with acting("dispatcher") as (session, scope):
        work.answer(session, scope, order_id=order.id, item="gas", value=5)
    answered = mine.do("work_order", order.id, "answer", item="gas", value=2, base_rev=1)
    assert answered["outcome"] == "merged" and answered["overwritten"]["value"] == 5
    with acting("dispatcher") as (session, scope):
        assert work.answer_of(session, scope, order_id=order.id, item="gas").value == 2


def test_a_wrong_clock_is_corrected_and_never_refused(phone, dispatched, acting):
    day = timedelta(days=1)
    mine, order = phone(skew=day, offset=-day), dispatched(fault_class="low_pressure")
    mine.do("work_order", order.id, "comment", text="by a clock a day ahead")
    wild = phone(skew=timedelta(days=400))
    assert wild.do("work_order", order.id, "comment", text="by no clock at all")["outcome"] == "applied"
    with acting("technician") as (session, scope):
        events = [e for e in work.look(session, scope, order_id=order.id).events if e.command == "comment"]
    assert all(abs(e.occurred_at - clock.now()) < timedelta(minutes=5) for e in events)
    assert events[0].raw_at > events[0].occurred_at + timedelta(hours=23)


def test_a_rehearsal_runs_through_and_touches_nothing_real(phone, acting, east):
    mine = phone()
    order_id, visit_id, place = ids.new_id(), ids.new_id(), ids.show(east.ids["plant"])
    answers = mine.push(
        mine.tap("work_order", order_id, "rehearse", visit_id=ids.show(visit_id), position_id=place),
        mine.tap("visit", visit_id, "arrive"),
        mine.tap("work_order", order_id, "attach", role="tag", sha256="e" * 64, size=9, mime="image/jpeg"),
        mine.tap("work_order", order_id, "start", override={"reason": "practice", "photo": "e" * 64}, safety=SAFE),
    )  # fmt: skip
    assert {one["outcome"] for one in answers} == {"applied"}, answers
    with acting("dispatcher") as (session, scope):
        assert order_id not in {row.order.id for row in work.orders(session, scope).items}


def test_an_app_two_versions_behind_is_taken_and_an_older_one_told_to_update(phone, anew, monkeypatch):
    mine, order = phone(), anew()
    monkeypatch.setattr(operation, "SCHEMA", 4)
    said = [mine.tap("work_order", order.id, "comment", text=f"{v}") | {"schema": v} for v in (1, 2, 3, 4)]
    answers = mine.push(*said)
    assert [one["outcome"] for one in answers] == ["rejected", "applied", "applied", "applied"]
    assert answers[0]["fix_hint"] == "update the app"


def test_what_a_newer_app_says_waits_until_the_server_is_brought_forward(phone, anew, monkeypatch):
    mine, order = phone(), anew()
    said = mine.tap("work_order", order.id, "comment", text="from tomorrow") | {"schema": 2}
    after = mine.tap("work_order", order.id, "comment", text="and then", deps=(said["op_id"],))
    assert [one["outcome"] for one in mine.push(said, after)] == ["retry", "held"]
    monkeypatch.setattr(operation, "SCHEMA", 2)
    assert mine.push(said)[0]["outcome"] == "applied"
    assert mine.push(after)[0]["result"]["outcome"] == "applied"


def test_what_crossed_anothers_way_is_asked_for_again_and_the_others_go_on(phone, anew, monkeypatch):
    mine, order = phone(), anew()
    comment, failed = HANDLERS["work_order.comment"], []

    def crossed(session, scope, op, given):
        if op.args["text"] == "crossed" and not failed:
            failed.append(op)
            session.execute(text("DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$"))
        return comment(session, scope, op, given)

    monkeypatch.setitem(HANDLERS, "work_order.comment", crossed)
    said = [mine.tap("work_order", order.id, "comment", text=one) for one in ("before", "crossed", "after")]
    answers = mine.push(*said)
    assert [one["outcome"] for one in answers] == ["applied", "retry", "applied"] and answers[1]["after_s"]
    assert [one["outcome"] for one in mine.push(*said)] == ["duplicate", "applied", "duplicate"]


def test_a_clock_that_was_set_in_the_middle_of_a_shift_is_seen_through(phone, anew, acting):
    """By what the monotonic clock counted since the server was heard, though another boot sends."""
    mine, order = phone(skew=timedelta(days=-30)), anew()
    heard = {"at": (clock.now() - timedelta(hours=4)).isoformat(), "mono_ms": 1_000, "within_ms": 40}
    said = [mine.tap("work_order", order.id, "comment", text=one) for one in ("first", "second")]
    said = [
        one | {"heard": heard, "boot_id": "shift", "mono_ms": 1_000 + n * 3_600_000}
        for n, one in enumerate(said, 1)
    ]
    assert [one["outcome"] for one in mine.push(*said)] == ["applied", "applied"]
    with acting("technician") as (session, scope):
        one, other = sorted(work.look(session, scope, order_id=order.id).comments, key=lambda one: one.at)[
            -2:
        ]
    assert (one.text, other.text) == ("first", "second")
    assert other.at - one.at == timedelta(hours=1)
    assert abs(clock.now() - timedelta(hours=2) - other.at) < timedelta(minutes=1)
