"""Who is told is told once, however often telling is tried."""

from __future__ import annotations

import email
import email.policy

import pytest
from sqlalchemy import text

from backend.infra import mail, outbox
from backend.infra.mail import FilePost, Letter
from backend.kernel import clock, events, ids
from backend.kernel.scope import Role, Scope
from backend.wiring import notices
from backend.workorders import events as workorders
from backend.workorders import service
from backend.workorders.models import Source
from backend.workorders.rules import machine
from backend.workorders.service import Report
from portal.workorders.words import MADE_REASONS
from tests.backend.workorders.conftest import deliver
from tests.backend.workorders.test_edges import CODES
from tests.backend.workorders.test_story import evidence, work_on
from tests.world import make_person

pytestmark = pytest.mark.usefixtures("all_over")


@pytest.fixture
def second(world, east):
    """Another dispatcher of the east."""
    with world.database.transaction(east.scope) as session:
        made = make_person(session, east.scope, "desk@east.example", east.region.id, Role.DISPATCHER)
        return made.email


def test_a_retry_reaches_only_the_reader_who_was_not_reached(world, east, acting, reported, server, second):
    order = reported("plant", fault_class="leak")
    deliver(world)
    server.taken.clear()
    server.refuses = {second}
    body = {"work_order_id": str(order.id), "whom": "dispatcher", "what": "remind", "event_id": ""}
    with acting("system") as (session, _scope):
        events.publish(session, workorders.event(workorders.TELL, order.organisation_id, body))
    deliver(world)
    first = sorted(one.to for one in server.taken)
    assert second not in first
    assert first
    server.refuses = set()
    with clock.shifted(3 * outbox.AGAIN):
        deliver(world)
    assert sorted(one.to for one in server.taken) == sorted([*first, second])
    assert outbox.open_count(world.database) == 0


def test_a_letter_tried_again_carries_the_same_id(world, acting, reported, server, owner_database):
    """The worker dies between the server's yes and its own commit: all a mail server can be asked is to see it."""
    order = reported("plant", fault_class="too_cold")
    deliver(world)
    server.taken.clear()
    body = {"work_order_id": str(order.id), "whom": "dispatcher", "what": "remind", "event_id": ""}
    with acting("system") as (session, _scope):
        events.publish(session, workorders.event(workorders.TELL, order.organisation_id, body))
    deliver(world)
    once = sorted((one.to, one.id) for one in server.taken)
    with owner_database.transaction(Scope.public()) as session:
        session.execute(
            text("UPDATE outbox SET done_at = NULL, due_at = now() WHERE event_id = ANY(:told)"),
            {"told": [ids.parse(letter) for _, letter in once]},
        )
    deliver(world)
    assert sorted((one.to, one.id) for one in server.taken) == sorted(once * 2)
    message = mail.compose(server.taken[0], "Enerfield <noreply@energy.example>")
    assert message["Message-ID"] == f"<{server.taken[0].id}@energy.example>"


def test_a_letter_kept_as_a_file_is_one_however_often_it_is_written(tmp_path):
    letter = Letter("li@example.org", "Hello", "text", id="01KASG2V3W4X5Y6Z7A8B9C0D1E")
    for _ in range(2):
        FilePost(tmp_path, "Enerfield <noreply@energy.example>").send(letter)
    (file,) = tmp_path.iterdir()
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert message["Message-ID"] == "<01KASG2V3W4X5Y6Z7A8B9C0D1E@energy.example>"


def test_the_reporter_is_told_at_every_stage(world, east, acting, server, dispatched):
    with acting("customer") as (session, scope):
        new = Report(position_id=east.ids["supply"], title="Lights flicker", fault_class="power_quality")
        order = service.report(session, scope, new=new, source=Source.CUSTOMER).order
    with acting("dispatcher") as (session, scope):
        service.triage(session, scope, order_id=order.id, fault_class="power_quality")
        service.schedule(session, scope, order_id=order.id, technician_id=east.people["technician"].id,
                         start=clock.now())  # fmt: skip
        service.dispatch(session, scope, order_id=order.id)
    with acting("technician") as (session, scope):
        (visit,) = service.visits_of(session, scope, order_ids=[order.id])
        for command in ("accept", "travel"):
            service.command_visit(session, scope, visit_id=visit.id, name=command)
        service.start(session, scope, order_id=order.id, given=evidence(order))
        service.hold(session, scope, order_id=order.id, reason="material", until=clock.now() + outbox.AGAIN)
        service.resume(session, scope, order_id=order.id)
        work_on(session, scope, order)
        service.complete(session, scope, order_id=order.id, **CODES)
    deliver(world)
    to_customer = [one.subject for one in server.taken if one.to == east.people["customer"].email]
    assert sorted(to_customer) == sorted([
        f"Fault {order.number} is recorded", "A visit is planned", "A technician has taken it",
        "The technician is on the way", "The repair has begun", f"The work waits: {order.number}",
        "The work is done; it is being checked",
    ])  # fmt: skip


def test_a_letter_names_what_an_alarm_reported_in_the_readers_language(world, east, acting, server, reported):
    reader = east.people["dispatcher"]
    with world.database.transaction(east.scope) as session:
        before, session.merge(reader).locale = reader.locale, "zh"
    order = reported("plant", fault_class="noise", title_zh="水泵停转")
    deliver(world)
    server.taken.clear()
    body = {"work_order_id": str(order.id), "whom": "dispatcher", "what": "remind", "event_id": ""}
    with acting("system") as (session, _scope):
        events.publish(session, workorders.event(workorders.TELL, order.organisation_id, body))
    deliver(world)
    with world.database.transaction(east.scope) as session:
        session.merge(reader).locale = before
    (letter,) = [one for one in server.taken if one.to == reader.email]
    assert "水泵停转" in letter.text and "Pump" not in letter.text


@pytest.mark.parametrize(("reporter", "fault_class"), [(None, "emission"), ("technician", "noise")])
def test_where_nobody_outside_can_say_whether_it_works_the_manager_is_asked(
    world, east, acting, reported, server, reporter, fault_class
):
    """Not the technician who reported it, and then repaired it."""
    order = reported("site", fault_class=fault_class)
    with world.database.transaction(east.scope) as session:
        found = service.order(session, east.scope, order_id=order.id)
        found.reported_by = reporter and east.people[reporter].id
    deliver(world)
    server.taken.clear()
    body = {"work_order_id": str(order.id), "whom": "customer", "what": "verify_by_hand", "event_id": ""}
    with acting("system") as (session, _scope):
        events.publish(session, workorders.event(workorders.TELL, order.organisation_id, body))
    deliver(world)
    assert {one.to for one in server.taken} == {east.people["manager"].email}


TELLS = {
    "acknowledge_report": "reporter", "tell_reporter": "reporter", "tell_customer": "customer",
    "tell_dispatcher": "dispatcher", "ask_customer": "customer", "ask_rating": "customer", "offer_slot": "customer",
    "tell_arrival": "customer", "push_to_technician": "technician", "offer_visit": "technician",
    "page_dispatcher_if_p1": "dispatcher", "propose_follow_up": "dispatcher",
}  # fmt: skip
"""Effect -> whom it tells."""


def test_every_effect_that_tells_somebody_has_its_words_in_both_languages():
    moves = [(move.command, move.effects) for move in machine.MOVES]
    moves += [(f"visit.{move.command}", move.effects) for move in machine.VISIT_MOVES]
    for command, effects in moves:
        for whom in (TELLS[one] for one in effects if one in TELLS):
            words = notices.WORDS.get(f"{command}.{whom}") or notices.WORDS.get(command)
            assert words is not None, (command, whom)
            assert set(words) == {"en", "zh"}


def test_a_reason_to_hold_is_told_in_words_not_as_a_code():
    assert set(notices.REASONS) == set(machine.HOLD_REASONS) | set(MADE_REASONS)
