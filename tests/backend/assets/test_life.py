"""The life of a device: steps of one table, a record in order, and an exchange that loses no energy."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.assets import service as assets
from backend.assets.models import DeviceStatus
from backend.assets.rules import life as rules
from backend.infra import outbox
from backend.kernel import changes, clock
from backend.kernel.audit import AuditEvent
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.periods import Period
from backend.kernel.units import Carrier, PointKind
from backend.metering import queries as metering_queries
from backend.metering import service as metering
from backend.metering.service import Grain, RollUpFollower
from backend.wiring import connect

DAY = timedelta(days=1)


def steps(yard, device, scope=None):
    return [
        (one.step, one.to_status.value) for one in yard.do(assets.life_of, scope, device_id=device.id).items
    ]


def test_every_status_but_scrapped_leads_on_and_every_status_can_be_reached():
    reached = set(rules.BEGINNINGS)
    while True:
        more = {step.target for step in rules.LIFE if step.sources & reached}
        if more <= reached:
            break
        reached |= more
    assert reached == set(DeviceStatus)
    assert [status for status in DeviceStatus if not rules.possible(status)] == [DeviceStatus.SCRAPPED]


@pytest.mark.parametrize("status", DeviceStatus)
@pytest.mark.parametrize("step", rules.LIFE, ids=lambda step: step.name)
def test_a_step_is_taken_where_the_table_has_it_and_refused_elsewhere(status, step):
    if status in step.sources:
        assert rules.take(status, step.name) is step.target
    else:
        with pytest.raises(Conflict) as refused:
            rules.take(status, step.name)
        assert refused.value.remedy


def test_the_record_reads_in_order_from_the_order_to_the_scrapyard(yard):
    now = clock.now()
    device = yard.device(status=DeviceStatus.PLANNED, at=now - 9 * DAY)
    yard.do(assets.take_step, device_id=device.id, step="purchase", at=now - 8 * DAY)
    yard.do(assets.take_step, device_id=device.id, step="receive", at=now - 7 * DAY)
    yard.do(
        assets.install, device_id=device.id, position_id=yard.left.id, at=now - 6 * DAY, commissioned=False
    )
    yard.do(assets.take_step, device_id=device.id, step="commission", at=now - 5 * DAY)
    yard.do(assets.take_step, device_id=device.id, step="take_out", at=now - 4 * DAY, reason="leaks")
    yard.do(assets.take_step, device_id=device.id, step="return", at=now - 3 * DAY)
    yard.do(assets.remove, device_id=device.id, at=now - 2 * DAY, reason="end of life")
    yard.do(assets.take_step, device_id=device.id, step="scrap", at=now - DAY)
    record = yard.do(assets.life_of, device_id=device.id).items
    assert [one.step for one in record] == [
        "entered", "purchase", "receive", "install", "commission", "take_out", "return", "remove", "scrap",
    ]  # fmt: skip
    assert [one.at for one in record] == sorted(one.at for one in record)
    assert record[5].reason == "leaks"
    assert record[5].position.name == "Left"
    assert yard.do(assets.device, device_id=device.id).commissioned_at == now - 5 * DAY


def test_what_stands_is_not_scrapped_before_it_is_taken_down(yard):
    device = yard.device()
    yard.do(assets.install, device_id=device.id, position_id=yard.right.id, at=clock.now() - DAY)
    with pytest.raises(Conflict, match="in_service"):
        yard.do(assets.take_step, device_id=device.id, step="scrap")


@pytest.mark.parametrize(
    ("days", "error"), [(1, Refused), (-3, Conflict)], ids=["tomorrow", "before the last step"]
)
def test_a_step_is_dated_neither_in_the_future_nor_before_the_last(yard, days, error):
    device = yard.device()
    yard.do(assets.install, device_id=device.id, position_id=yard.right.id, at=clock.now() - 2 * DAY)
    with pytest.raises(error) as refused:
        yard.do(assets.take_step, device_id=device.id, step="take_out", at=clock.now() + days * DAY)
    assert refused.value.field == "at"


def test_the_record_is_only_ever_added_to(yard):
    yard.device()
    for statement in ("DELETE FROM device_event", "UPDATE device_event SET step = 'x'", "DELETE FROM device"):
        with pytest.raises(DBAPIError, match="permission denied"), yard.session() as session:
            session.execute(text(statement))


def test_every_step_leaves_an_audit_event_and_a_change_for_the_phones(yard):
    device = yard.device()
    with yard.session() as session:
        before = changes.head(session, yard.scope)
    yard.do(assets.install, device_id=device.id, position_id=yard.right.id, at=clock.now())
    with yard.session() as session:
        (change,) = changes.since(session, yard.scope, sequence=before)
        actions = session.query(AuditEvent.action).filter(AuditEvent.entity_id == str(device.id)).all()
    assert (change.entity, change.entity_id) == ("device", device.id)
    assert {action for (action,) in actions} == {"device.registered", "device.installed"}


def test_a_device_is_part_of_another_but_never_of_itself(yard):
    cabinet, meter, board = yard.device(), yard.device(), yard.device()
    yard.do(assets.put_into, device_id=meter.id, parent_id=cabinet.id)
    yard.do(assets.put_into, device_id=board.id, parent_id=meter.id)
    assert [one.id for one in yard.do(assets.parts_of, device_id=cabinet.id).items] == [meter.id]
    with pytest.raises(Refused, match="part of itself"):
        yard.do(assets.put_into, device_id=cabinet.id, parent_id=board.id)


def test_what_is_known_of_a_purchase_is_exact(yard):
    device = yard.device(
        purchase=assets.Purchase(date(2025, 3, 1), Decimal("1234.50"), "CNY", "Meter works", date(2027, 3, 1))
    )
    yard.do(assets.change_device, device_id=device.id, warranty_until=date(2028, 3, 1))
    found = yard.do(assets.device, device_id=device.id)
    assert (found.purchase_cost, found.warranty_until) == (Decimal("1234.50"), date(2028, 3, 1))
    with pytest.raises(Refused, match="currency"):
        yard.do(assets.change_device, device_id=device.id, purchase_currency="yuan")


def test_a_serial_number_enters_the_register_once(yard):
    yard.device("TWICE")
    with pytest.raises(Conflict) as refused:
        yard.device("TWICE")
    assert refused.value.field == "serial_number"


def test_technicians_put_up_and_take_down_but_do_not_keep_the_register(yard):
    device, technician = yard.device(), yard.person("technician")
    yard.do(assets.install, technician, device_id=device.id, position_id=yard.right.id, at=clock.now() - DAY)
    yard.do(assets.remove, technician, device_id=device.id, at=clock.now())
    with pytest.raises(Forbidden):
        yard.do(assets.change_device, technician, device_id=device.id, supplier="me")


def test_a_customer_sees_what_stands_at_their_position_in_their_time_and_no_more(yard):
    customer, now = yard.person("customer"), clock.now()
    before, here, elsewhere = yard.device(), yard.device(), yard.device()
    yard.do(assets.install, device_id=before.id, position_id=yard.left.id, at=now - 30 * DAY)
    yard.do(assets.remove, device_id=before.id, at=now - 20 * DAY)
    yard.do(assets.install, device_id=here.id, position_id=yard.left.id, at=now - 15 * DAY)
    yard.do(assets.take_step, device_id=here.id, step="take_out", at=now - 5 * DAY)
    yard.do(assets.install, device_id=elsewhere.id, position_id=yard.right.id, at=now - 15 * DAY)
    assert [step for step, _ in steps(yard, here, customer)] == ["take_out"]
    seen = {one.device.id for one in yard.do(assets.list_assets, customer).items}
    assert here.id in seen and not seen & {before.id, elsewhere.id}
    for hidden in (before, elsewhere):
        with pytest.raises(NotFound):
            yard.do(assets.device, customer, device_id=hidden.id)
    with pytest.raises(NotFound):
        yard.do(assets.device, yard.world.west.scope, device_id=here.id)


def test_over_an_exchange_the_intervals_sum_to_what_both_registers_counted(yard):
    """Old meter 99.0 to 101.0, new one 5.0 to 7.0: 4 kWh went through, and 4 kWh are counted."""
    connect()
    now = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    with yard.session() as session:
        point = metering.create_point(
            session, yard.scope, position_id=yard.right.id,
            new=metering.NewPoint("energy", Carrier.ELECTRICITY, "active energy", "kWh", PointKind.REGISTER),
        )  # fmt: skip
    old = yard.device()
    yard.do(assets.install, device_id=old.id, position_id=yard.right.id, at=now - DAY)
    at_us = clock.to_us(now) + np.array([0, 15, 30, 45]) * 60_000_000
    batch = metering.ReadingBatch(
        np.full(4, point.key), at_us, np.array([99.0, 100.5, 6.0, 7.0]), np.zeros(4, np.int16)
    )
    with yard.session() as session:
        metering.store_readings(session, yard.scope, batch, source="test", live=False)
    made = yard.do(
        assets.exchange_device, yard.person("technician"), position_id=yard.right.id, removed_id=old.id,
        installed=assets.NewDevice("Eastron", "SDM630", "NEW-1"), at=now + timedelta(minutes=20),
        registers=[assets.RegisterSwap(point.id, final=101.0, initial=5.0)], reason="dial stuck",
    )  # fmt: skip
    for entry in outbox.claim_due(yard.world.database):
        assert outbox.deliver(yard.world.database, entry)
    follower = RollUpFollower()
    with yard.session() as session:
        while follower.step(session, yard.scope):
            pass
        found = metering.amounts(
            session, yard.scope, point_id=point.id, grain=Grain.HOUR, period=Period(now - DAY, now + DAY)
        )
        events = metering_queries.register_events(session, yard.scope, point.id)
    assert round(sum(one.amount for one in found), 6) == 4.0
    assert [(one.at, one.final, one.initial) for one in events] == [(now + timedelta(minutes=20), 101.0, 5.0)]
    assert made.installed_at == now + timedelta(minutes=20)
    assert yard.do(assets.device, device_id=old.id).status is DeviceStatus.STORED
    standing = [device.serial_number for one, device in yard.do(assets.devices_at, position_id=yard.right.id)
                if one.removed_at is None]  # fmt: skip
    assert "NEW-1" in standing and old.serial_number not in standing


def test_a_register_that_is_not_there_does_not_undo_the_exchange(yard):
    """The old device is down and the new one up, whatever is wrong with what was noted."""
    connect()
    old, new, now = yard.device(), yard.device(), clock.now()
    yard.do(assets.install, device_id=old.id, position_id=yard.left.id, at=now - DAY)
    yard.do(
        assets.exchange_device, position_id=yard.left.id, removed_id=old.id, installed=new.id, at=now,
        registers=[assets.RegisterSwap(new.id, final=1.0)],
    )  # fmt: skip
    for entry in outbox.claim_due(yard.world.database):
        assert outbox.deliver(yard.world.database, entry)
    with yard.session() as session:
        refused = session.query(AuditEvent).filter(AuditEvent.action == "register.exchange_refused").all()
    assert [one.entity_id for one in refused] == [str(new.id)]


def test_only_what_stands_here_is_exchanged(yard):
    old, new = yard.device(), yard.device()
    yard.do(assets.install, device_id=old.id, position_id=yard.left.id, at=clock.now() - DAY)
    with pytest.raises(Conflict, match="does not stand here"):
        yard.do(
            assets.exchange_device, position_id=yard.right.id, removed_id=old.id, installed=new.id,
            at=clock.now(),
        )  # fmt: skip
