"""What people do with alarms and rules, and what they may see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from backend.alarms import service
from backend.alarms.service import AlarmFilter, RuleFilter
from backend.kernel import clock
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.scope import Scope
from backend.network import service as network

HOUR = timedelta(hours=1)


def raised(plant, point=0, value=95.0, **more):
    """An open alarm at a point."""
    plant.rule(point, **more)
    plant.read(value, point=point)
    plant.follow()
    return plant.alarms(point_id=plant.points[point].id, suppressed=None)[0]


def do(plant, role, what, *given, **more):
    with plant.asked_by(role) as (session, scope):
        return what(session, scope, *given, **more)


# --- answering ---


def test_an_acknowledgement_has_a_name_and_a_comment(plant):
    alarm = raised(plant)
    do(plant, "dispatcher", service.acknowledge, alarm.id, comment="Li is on the way")
    (seen,) = plant.alarms("manager", point_id=plant.points[0].id)
    assert (seen.state, seen.acknowledged_by) == ("acknowledged", "Dispatcher")
    last = do(plant, "manager", service.history, alarm.id).items[0]
    assert (last.kind, last.actor, last.comment) == ("acknowledged", "Dispatcher", "Li is on the way")


def test_an_alarm_is_acknowledged_once(plant):
    alarm = raised(plant)
    do(plant, "dispatcher", service.acknowledge, alarm.id)
    with pytest.raises(Conflict, match="acknowledged already"):
        do(plant, "technician", service.acknowledge, alarm.id)


def test_acknowledged_and_returned_is_closed_whichever_comes_first(plant):
    first = raised(plant)
    do(plant, "dispatcher", service.acknowledge, first.id)
    plant.read(50)
    second = raised(plant, point=1)
    plant.read(50, point=1)
    plant.follow()
    do(plant, "dispatcher", service.acknowledge, second.id)
    for alarm in (first, second):
        assert do(plant, "dispatcher", service.alarm, alarm.id).state == "normal"


def test_getting_worse_asks_for_a_new_acknowledgement(plant):
    alarm = raised(plant)
    do(plant, "dispatcher", service.acknowledge, alarm.id)
    plant.read(105)
    plant.follow()
    seen = do(plant, "dispatcher", service.alarm, alarm.id)
    assert (seen.state, seen.level, seen.acknowledged_by) == ("unacknowledged", "HH", None)


def test_many_are_acknowledged_at_once(plant):
    some = [raised(plant, point=i) for i in range(3)]
    do(plant, "dispatcher", service.acknowledge, some[0].id)
    assert do(plant, "dispatcher", service.acknowledge_all, [alarm.id for alarm in some]) == 2


def test_a_comment_is_kept_with_its_author(plant):
    alarm = raised(plant)
    do(plant, "technician", service.comment, alarm.id, text="Pump hums")
    assert do(plant, "manager", service.history, alarm.id).items[0].comment == "Pump hums"
    with pytest.raises(Refused):
        do(plant, "technician", service.comment, alarm.id, text="  ")


# --- keeping quiet ---


def test_a_shelved_alarm_is_off_the_list_and_comes_back_by_itself(plant):
    alarm = raised(plant)
    do(
        plant,
        "dispatcher",
        service.shelve,
        alarm.rule_id,
        until=clock.now() + HOUR,
        reason="known, part ordered",
    )
    assert plant.alarms(point_id=plant.points[0].id) == []
    (hidden,) = plant.alarms(point_id=plant.points[0].id, suppressed=True)
    assert (hidden.suppression, hidden.state) == ("shelved", "unacknowledged")
    plant.follower.saved_at = 0.0
    plant.follow(after=HOUR + timedelta(seconds=1))
    (back,) = plant.alarms(point_id=plant.points[0].id)
    assert plant.history(back) == ["raised", "suppressed", "unsuppressed"]


def test_what_is_raised_while_shelved_keeps_quiet_and_what_returns_is_closed(plant):
    rule = plant.rule()
    do(plant, "dispatcher", service.shelve, rule.id, until=clock.now() + HOUR, reason="test run")
    plant.read(95, 50)
    plant.follow()
    (alarm,) = plant.alarms(point_id=plant.points[0].id, states=["normal"], suppressed=True)
    assert plant.history(alarm) == ["raised", "returned"]


def test_unshelving_by_hand_raises_again_what_is_still_on(plant):
    alarm = raised(plant)
    do(plant, "dispatcher", service.acknowledge, alarm.id)
    do(plant, "dispatcher", service.shelve, alarm.rule_id, until=clock.now() + HOUR, reason="x")
    do(plant, "operator", service.unshelve, alarm.rule_id)
    assert plant.states(point_id=plant.points[0].id) == [("unacknowledged", "H")]
    with pytest.raises(Conflict):
        do(plant, "operator", service.unshelve, alarm.rule_id)


def test_what_is_over_is_not_told_of_as_raised_when_its_shelving_ends(plant):
    from backend.alarms import events
    from backend.kernel.events import listen

    listen(events.RAISED, "a test", lambda session, scope, event: None)
    alarm = raised(plant)
    plant.read(20.0)
    plant.follow()
    do(plant, "dispatcher", service.shelve, alarm.rule_id, until=clock.now() + HOUR, reason="x")
    do(plant, "operator", service.unshelve, alarm.rule_id)
    with plant.asked_by() as (session, _):
        about = text("SELECT count(*) FROM outbox WHERE listener = 'a test' AND body ->> 'alarm_id' = :id")
        assert session.scalar(about, {"id": str(alarm.id)}) == 1


@pytest.mark.parametrize(
    ("hours", "priority", "reason", "field"),
    [(-1, 3, "x", "until"), (9, 1, "x", "until"), (25, 2, "x", "until"), (1, 3, " ", "reason")],
)
def test_shelving_has_an_end_a_limit_and_a_reason(plant, hours, priority, reason, field):
    rule = plant.rule(priority=priority)
    with pytest.raises(Refused) as refused:
        do(plant, "dispatcher", service.shelve, rule.id, until=clock.now() + hours * HOUR, reason=reason)
    assert refused.value.field == field


def test_the_most_urgent_level_decides_how_long_a_rule_is_shelved(plant):
    urgent = {"HH": 100.0, "H": 90.0, "priorities": {"HH": 1}}
    rule = plant.rule(priority=4, parameters=urgent)
    with pytest.raises(Refused) as refused:
        do(plant, "dispatcher", service.shelve, rule.id, until=clock.now() + 9 * HOUR, reason="x")
    assert refused.value.field == "until"
    do(plant, "dispatcher", service.shelve, rule.id, until=clock.now() + 7 * HOUR, reason="x")


def test_what_becomes_urgent_while_shelved_comes_back_in_time(plant):
    rule = plant.rule(priority=4)
    do(plant, "dispatcher", service.shelve, rule.id, until=clock.now() + 100 * HOUR, reason="x")
    changed = do(plant, "manager", service.change_rule, rule.id, priority=1)
    assert changed.shelved_until <= clock.now() + 8 * HOUR


def test_only_authority_takes_an_alarm_out_of_service(plant):
    alarm = raised(plant)
    later = clock.now() + 24 * HOUR
    with pytest.raises(Forbidden):
        do(plant, "dispatcher", service.take_out_of_service, alarm.rule_id, until=later, reason="works")
    do(plant, "manager", service.take_out_of_service, alarm.rule_id, until=later, reason="works")
    (hidden,) = plant.alarms(point_id=plant.points[0].id, suppressed=True)
    assert (hidden.suppression, hidden.suppressed_until) == ("out_of_service", later)
    do(plant, "operator", service.return_to_service, alarm.rule_id)
    assert plant.states(point_id=plant.points[0].id) == [("unacknowledged", "H")]


def test_by_design_an_alarm_keeps_quiet_while_its_cause_is_on(plant):
    stopped = plant.rule(1, name="Pump stopped", kind="state", parameters={"equals": 0})
    cold = plant.rule(0, name="Supply cold", parameters={"L": 40.0}, suppressed_by_id=stopped.id)
    plant.read(0, point=1)
    plant.read(20)
    plant.follow()
    assert [alarm.name for alarm in plant.alarms(position_id=plant.site_id)] == ["Pump stopped"]
    assert plant.alarms(rule_id=cold.id, suppressed=True)[0].suppression == "by_design"
    plant.read(1, point=1)
    plant.follow()
    assert plant.states(rule_id=cold.id) == [("unacknowledged", "L")]


@pytest.mark.parametrize("is_minded_at_first", [True, False])
def test_whom_an_alarm_keeps_quiet_for_holds_at_once(plant, is_minded_at_first):
    stopped = plant.rule(1, name="Pump stopped", kind="state", parameters={"equals": 0})
    minds = stopped.id if is_minded_at_first else None
    cold = plant.rule(0, name="Supply cold", parameters={"L": 40.0}, suppressed_by_id=minds)
    plant.read(0, point=1)
    plant.read(20)
    plant.follow()
    change = {"suppressed_by_id": None if is_minded_at_first else stopped.id}
    do(plant, "manager", service.change_rule, cold.id, **change)
    (alarm,) = plant.alarms(rule_id=cold.id, suppressed=None)
    assert alarm.suppression == (None if is_minded_at_first else "by_design")


def test_rules_do_not_keep_each_other_quiet_in_a_ring(plant):
    first = plant.rule(0)
    second = plant.rule(1, suppressed_by_id=first.id)
    third = plant.rule(2, suppressed_by_id=second.id)
    for one in (first, second, third):
        with pytest.raises(Refused) as refused:
            do(plant, "manager", service.change_rule, first.id, suppressed_by_id=one.id)
        assert refused.value.field == "suppressed_by_id"
    do(plant, "manager", service.change_rule, third.id, suppressed_by_id=first.id)


# --- seeing ---


def test_nobody_sees_another_regions_alarms(plant):
    alarm = raised(plant)
    stranger = plant.world.scope(plant.world.west, "administrator")
    with plant.database.transaction(stranger) as session:
        assert service.alarms(session, stranger).items == []
        with pytest.raises(NotFound):
            service.alarm(session, stranger, alarm.id)
        for answer in (service.acknowledge, service.history):
            with pytest.raises(NotFound):
                answer(session, stranger, alarm.id)
        with pytest.raises(NotFound):
            service.shelve(session, stranger, alarm.rule_id, until=clock.now() + HOUR, reason="x")
        assert session.execute(text("SELECT count(*) FROM alarm")).scalar() == 0  # around the service


def test_a_customer_sees_what_happened_where_they_are_supplied_while_they_were(plant):
    alarm = raised(plant)
    assert plant.alarms("customer") == []
    with plant.asked_by() as (session, scope):
        network.create_supply_agreement(
            session, scope, customer_id=plant.region.customer.id, operator_id=plant.region.park.id,
            position_id=plant.unit_id, starts_at=clock.now() - HOUR,
        )  # fmt: skip
    do(plant, "technician", service.comment, alarm.id, text="They never clean it")
    (seen,) = plant.alarms("customer", point_id=plant.points[0].id)
    assert seen.id == alarm.id
    assert [line.comment for line in do(plant, "customer", service.history, alarm.id).items] == [None, None]
    with pytest.raises(Forbidden):
        do(plant, "customer", service.acknowledge, alarm.id)


def test_a_new_tenant_never_sees_the_old_ones_alarms(plant):
    raised(plant)
    with plant.asked_by() as (session, scope):
        network.create_supply_agreement(
            session, scope, customer_id=plant.region.customer.id, operator_id=plant.region.park.id,
            position_id=plant.unit_id, starts_at=clock.now() + timedelta(milliseconds=1),
        )  # fmt: skip
    assert plant.alarms("customer", point_id=plant.points[0].id) == []


@pytest.mark.parametrize("role", ["technician", "dispatcher", "customer"])
def test_who_may_not_write_rules(plant, role):
    rule = plant.rule()
    error = (Forbidden, NotFound)
    with pytest.raises(error):
        do(plant, role, service.change_rule, rule.id, priority=1)


def test_pages_follow_one_another_without_gap_or_double(make):
    plant = make(points=7)
    for i in range(7):
        plant.rule(i, priority=i % 3 + 1)
        plant.read(95, point=i)
    plant.follow()
    for order in ("urgent", "newest"):
        seen, cursor = [], None
        while True:
            wanted = AlarmFilter(position_id=plant.site_id)
            page = do(plant, "dispatcher", service.alarms, wanted, order=order, cursor=cursor, limit=3)
            seen += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(seen) == len({alarm.id for alarm in seen}) == 7
        key = [
            (a.priority, -clock.to_us(a.raised_at)) if order == "urgent" else -clock.to_us(a.raised_at)
            for a in seen
        ]
        assert key == sorted(key)


def test_filters_find_what_they_say(plant):
    alarm = raised(plant, name="Boiler hot", name_zh="锅炉过热", priority=2)
    here = {"position_id": plant.unit_id}
    for wanted in ({"text": "boiler HOT"}, {"text": "过热"}, {"carriers": ["heat"]}, {"priorities": [2]},
                   {"organisation_id": plant.region.park.id}, {"since": alarm.raised_at}):  # fmt: skip
        assert [a.id for a in plant.alarms(**here, **wanted)] == [alarm.id], wanted
    for wanted in ({"text": "100%"}, {"carriers": ["gas"]}, {"priorities": [1]}, {"until": alarm.raised_at},
                   {"states": ["normal"]}, {"organisation_id": plant.region.customer.id}):  # fmt: skip
        assert plant.alarms(**here, **wanted) == [], wanted


def test_open_alarms_are_counted_by_priority(plant):
    raised(plant, priority=1)
    done = raised(plant, point=1, priority=2)
    do(plant, "dispatcher", service.acknowledge, done.id)
    counts = do(plant, "dispatcher", service.open_counts, position_id=plant.site_id)
    assert {p: (c.open, c.unacknowledged) for p, c in counts.items()} == {
        1: (1, 1),
        2: (1, 0),
        3: (0, 0),
        4: (0, 0),
    }
    by_node = do(plant, "dispatcher", service.open_by_organisation)
    assert min(by_node[plant.region.park.id].values()) == 1


# --- rules ---


def test_a_changed_rule_is_the_next_revision_with_its_trace(plant):
    rule = plant.rule()
    changed = do(plant, "operator", service.change_rule, rule.id, revision=1, parameters={"H": 80.0})
    assert changed.revision == 2
    with pytest.raises(Conflict):
        do(plant, "operator", service.change_rule, rule.id, revision=1, priority=1)
    with plant.asked_by("administrator") as (session, _):
        before, after = session.execute(
            text("SELECT before, after FROM audit_event WHERE action = :what AND entity_id = :id"),
            {"what": "alarms.change_rule", "id": str(rule.id)},
        ).one()
    assert (before["parameters"], after["parameters"]) == ({"HH": 100.0, "H": 90.0}, {"H": 80.0})


def test_rules_are_listed_with_where_they_look(plant):
    rule = plant.rule(name="Alpha")
    plant.rule(1, name="Beta")
    page = do(plant, "technician", service.rules, RuleFilter(position_id=plant.site_id), limit=1)
    assert (page.items[0].rule.id, page.items[0].place) == (rule.id, "Boiler house")
    wanted = RuleFilter(position_id=plant.site_id)
    rest = do(plant, "technician", service.rules, wanted, cursor=page.next_cursor)
    assert [row.rule.name for row in rest.items] == ["Beta"]


def test_an_expression_binds_only_points_of_its_own(plant, world):
    foreign = {"when": "a > 1", "points": {"a": "01J00000000000000000000000"}}
    with pytest.raises(Refused) as refused:
        plant.rule(kind="expression", parameters=foreign)
    assert refused.value.field == "parameters.points.a"


def test_suggested_rules_can_be_taken_as_they_are(plant):
    drafts = do(plant, "operator", service.suggest_rules, plant.points[0].id, typical=70.0)
    assert [draft.kind for draft in drafts] == ["silence"]
    do(plant, "operator", service.create_rule, point_id=plant.points[0].id, **vars(drafts[0]))


# --- statistics ---


def test_statistics_judge_what_sounded(plant):
    start = clock.now()
    plant.rule(name="Nervous", priority=1)
    plant.read(95, 50, 95, 50, 95, 50)
    plant.follow()
    found = do(
        plant, "manager", service.statistics, start=start - HOUR, end=clock.now() + HOUR,
        organisation_id=plant.region.park.id,
    )  # fmt: skip
    chattering = {one.name for one in found.chattering}
    assert "Nervous" in chattering and found.total >= 3
    measures = {m.name: m for m in found.measures}
    assert not measures["chattering rules"].is_met


def test_events_and_a_nudge_leave_with_each_change(plant, database_url):
    import psycopg

    from backend.alarms import events
    from backend.kernel.events import listen

    listen(events.RAISED, "a test", lambda session, scope, event: None)
    with psycopg.connect(database_url, autocommit=True) as ear:
        ear.execute("LISTEN alarm")
        alarm = raised(plant)
        heard = [note.payload for note in ear.notifies(timeout=1, stop_after=1)]
    assert heard == [f"{alarm.id} {alarm.point_id}"]
    with plant.asked_by() as (session, _):
        body = session.execute(
            text("SELECT body FROM outbox WHERE listener = 'a test' AND body ->> 'alarm_id' = :id"),
            {"id": str(alarm.id)},
        ).scalar_one()
    assert (body["level"], body["value"], body["state"]) == ("H", 95.0, "unacknowledged")
    assert Scope.public().organisations == frozenset()
