"""A share of the closed orders is drawn by the event that closed each, and judged once by somebody else."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from backend.kernel import clock, ids
from backend.kernel.audit import AuditEvent
from backend.kernel.errors import Conflict, Forbidden, Refused
from backend.workorders import service
from backend.workorders.models import QualityCheck
from backend.workorders.rules import quality as rules
from tests.backend.workorders.test_edges import CODES
from tests.backend.workorders.test_story import evidence, work_on

pytestmark = pytest.mark.usefixtures("all_over")


@pytest.fixture
def closed(world, east, acting, dispatched):
    """An order closed under a policy that draws a share: `closed(1.0)`; its visit was the technician's."""

    def one(share, place="plant"):
        with acting("manager") as (session, scope):
            service.change_quality_share(session, scope, organisation_id=east.region.id, share=share)
        order = dispatched(place, fault_class="noise")
        with acting("technician") as (session, scope):
            service.start(session, scope, order_id=order.id, given=evidence(order))
            work_on(session, scope, order)
            service.complete(session, scope, order_id=order.id, **CODES)
        with acting("system") as (session, scope):
            service.begin_verification(session, scope, order_id=order.id)
            found = service.order(session, scope, order_id=order.id)
            if found.status.value == "verifying":
                with clock.shifted(timedelta(days=1)):
                    service.settle(session, scope, order_id=order.id)
        with acting("manager") as (session, scope):
            service.confirm_by_hand(session, scope, order_id=order.id, seen="runs")
            return service.close(session, scope, order_id=order.id)

    return one


def test_the_draw_can_be_repeated_and_takes_the_share():
    events = [UUID(int=number) for number in range(10_000)]
    drawn = {one for one in events if rules.is_drawn(one, 0.1)}
    assert drawn == {one for one in events if rules.is_drawn(one, 0.1)}
    assert 900 < len(drawn) < 1100
    assert drawn <= {one for one in events if rules.is_drawn(one, 0.2)}


def test_a_share_of_none_draws_nothing_and_of_all_everything():
    events = [ids.new_id() for _ in range(200)]
    assert not any(rules.is_drawn(one, 0.0) for one in events)
    assert all(rules.is_drawn(one, 1.0) for one in events)


def test_an_order_is_drawn_by_the_event_that_closed_it_under_its_own_policy(acting, closed):
    order = closed(1.0)
    with acting("dispatcher") as (session, scope):
        check = service.quality_of(session, scope, order)
        closing = next(
            one for one in service.look(session, scope, order_id=order.id).events if one.command == "close"
        )
        assert (check.event_id, check.share, check.is_good) == (closing.id, 1.0, None)
        listed = service.quality_checks(session, scope).items
        assert [one.id for one, _order in listed] == [check.id]
    with acting("dispatcher") as (session, scope):
        assert service.quality_of(session, scope, closed(0.0)) is None


def test_somebody_who_was_not_there_judges_it_once(acting, closed, east):
    order = closed(1.0)
    with acting("dispatcher") as (session, scope):
        check = service.quality_of(session, scope, order)
        with pytest.raises(Refused, match="say what is wanting"):
            service.check_quality(session, scope, check_id=check.id, is_good=False)
    with acting("technician") as (session, scope), pytest.raises(Forbidden):
        service.check_quality(session, scope, check_id=check.id, is_good=True)
    with acting("dispatcher") as (session, scope):
        before = service.quality_count(session, scope)
        service.check_quality(
            session, scope, check_id=check.id, is_good=False, findings="no photo of the seal"
        )
        after = service.quality_count(session, scope)
        assert (after.checked, after.wanting) == (before.checked + 1, before.wanting + 1)
        assert check.id not in {one.id for one, _order in service.quality_checks(session, scope).items}
        kept = session.scalars(select(AuditEvent).where(AuditEvent.entity_id == str(check.id))).one()
        assert (kept.action, kept.after["findings"]) == ("workorders.quality_checked", "no photo of the seal")
        events = service.look(session, scope, order_id=order.id).events
        assert [one.command for one in events].count("check_quality") == 1
    with acting("manager") as (session, scope), pytest.raises(Conflict, match="already"):
        service.check_quality(session, scope, check_id=check.id, is_good=True)


def test_whoever_did_the_work_does_not_check_it(world, acting, closed, east):
    order = closed(1.0)
    with world.database.transaction(east.scope) as session:
        visit = service.visits_of(session, east.scope, order_ids=[order.id])[0]
        visit.technician_id = east.people["dispatcher"].id
    with acting("dispatcher") as (session, scope):
        check = service.quality_of(session, scope, order)
        with pytest.raises(Conflict, match="who did the work"):
            service.check_quality(session, scope, check_id=check.id, is_good=True)


def test_another_share_is_another_version_and_kept_in_the_audit(acting, east):
    with acting("manager") as (session, scope):
        first = service.change_quality_share(session, scope, organisation_id=east.region.id, share=0.3)
        second = service.change_quality_share(session, scope, organisation_id=east.region.id, share=0.2)
        assert second.version == first.version + 1 and second.targets == first.targets
        assert service.quality_share(session, scope, organisation_id=east.enterprise.id) == 0.2
        kept = session.scalars(select(AuditEvent).where(AuditEvent.entity_id == str(second.id))).one()
        assert (kept.before, kept.after) == ({"share": 0.3}, {"share": 0.2})
        with pytest.raises(Refused, match="between 0 and 100"):
            service.change_quality_share(session, scope, organisation_id=east.region.id, share=1.5)
    with acting("dispatcher") as (session, scope), pytest.raises(Forbidden):
        service.change_quality_share(session, scope, organisation_id=east.region.id, share=0.5)


def test_nobody_elses_checks_are_seen(world, acting, closed):
    order = closed(1.0)
    with acting("dispatcher", world.west) as (session, scope):
        assert service.quality_checks(session, scope, is_open=False).items == []
    with acting("customer") as (session, scope):
        assert service.quality_of(session, scope, order) is None
        assert session.scalars(select(QualityCheck)).all() == []
