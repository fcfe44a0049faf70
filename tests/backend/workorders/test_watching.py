"""Which points can prove a repair: those whose samples could be wrong."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from backend.kernel import clock
from backend.metering import service as metering
from backend.workorders import service
from backend.workorders.rules.machine import OrderStatus
from tests.backend.workorders.test_edges import CODES
from tests.backend.workorders.test_story import evidence, work_on

pytestmark = pytest.mark.usefixtures("all_over")


@pytest.fixture
def watched(acting, dispatched):
    """An order at the plant, whose power has no limits and two hours of history, under watch."""

    def one(fault_class):
        order = dispatched("plant", fault_class)
        with acting("technician") as (session, scope):
            service.start(session, scope, order_id=order.id, given=evidence(order))
            work_on(session, scope, order)
            service.complete(session, scope, order_id=order.id, **CODES)
        with acting("system") as (session, scope):
            found = service.begin_verification(session, scope, order_id=order.id)
            assert found.status is OrderStatus.VERIFYING
        return order

    return one


def measure(world, region, *values):
    """Give powers of the plant from now on, a second apart."""
    at_us = clock.now_us() + 1_000_000 * np.arange(len(values))
    batch = metering.ReadingBatch(
        np.full(len(values), region.point_keys["plant_power"]), at_us, np.array(values, float),
        np.zeros(len(values), np.int16),
    )  # fmt: skip
    with world.database.transaction(region.scope) as session:
        metering.store_readings(session, region.scope, batch, source="test", live=True)


def test_readings_that_could_not_be_wrong_prove_nothing_and_a_person_is_asked(world, east, acting, watched):
    order = watched("noise")
    measure(world, east, 1e9, -1e9, 0, 7, 1e9, -1e9)
    with clock.shifted(timedelta(seconds=10)), acting("system") as (session, scope):
        assert service.settle(session, scope, order_id=order.id) is None
    with clock.shifted(timedelta(hours=3)), acting("system") as (session, scope):
        assert service.settle(session, scope, order_id=order.id) == "inconclusive"
        assert service.order(session, scope, order_id=order.id).status is OrderStatus.VERIFY_MANUAL


def test_what_had_fallen_silent_proves_by_speaking(world, east, acting, watched):
    order = watched("silence")
    measure(world, east, 60, 61, 60, 61, 60)
    with clock.shifted(timedelta(seconds=10)), acting("system") as (session, scope):
        assert service.settle(session, scope, order_id=order.id) == "verified"
