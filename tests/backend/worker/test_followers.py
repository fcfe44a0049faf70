"""The loop under the followers: woken by the journal, patient with faults, leaving in good order."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from backend.alarms import service as alarms
from backend.kernel import clock
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.service import NewPoint
from backend.network import service as network
from backend.network.models import PositionKind
from backend.network.service import NewPosition
from tests.world import make_world


@pytest.fixture(scope="module")
def region(environment, database):
    return make_world(database).east


@pytest.fixture(scope="module")
def meter(region, database):
    """A register that has a silence rule."""
    with database.transaction(region.scope) as session:
        site = network.create_site(
            session, region.scope, organisation_id=region.park.id, timezone="Asia/Shanghai", currency="CNY",
            new=NewPosition(PositionKind.SITE, "Works"),
        )  # fmt: skip
        point = metering.create_point(
            session, region.scope, position_id=site.id,
            new=NewPoint("Meter", Carrier.ELECTRICITY, "active energy", "kWh", PointKind.REGISTER),
        )  # fmt: skip
        session.flush()
        alarms.create_rule(
            session, region.scope, point_id=point.id, kind="limit", name="Far", parameters={"H": 105.0}
        )
    return point


@contextmanager
def running(database, *names: str) -> Iterator[None]:
    from backend.worker import followers

    stop = threading.Event()
    thread = threading.Thread(target=followers.run, args=(database, names, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def ask(database, region, question: str, **given):
    with database.transaction(region.scope) as session:
        return session.execute(text(question), given).scalar()


def wait_until(what, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def test_one_process_raises_alarms_and_sums_amounts(database, region, meter):
    hour = 3600 * 1_000_000
    now = clock.now_us()
    at = np.array([now - 2 * hour, now - hour, now])
    batch = metering.ReadingBatch(np.full(3, meter.key), at, np.array([80.0, 95, 110]), np.zeros(3))
    with running(database, "alarms", "rollups"):
        wait_until(lambda: ask(database, region, "SELECT count(*) FROM lease") == 2)
        with database.transaction(region.scope) as session:
            metering.store_readings(session, region.scope, batch, source="test", live=True)
        wait_until(lambda: ask(database, region, "SELECT count(*) FROM alarm") == 1)
        wait_until(lambda: ask(database, region, "SELECT count(*) FROM roll_up WHERE grain = 0") >= 1)
    assert ask(database, region, "SELECT count(*) FROM lease") == 0


def test_a_fault_is_said_once_and_its_end_once(database, region, monkeypatch):
    from backend.worker import followers

    faults = iter([OSError("the database is away")] * 3)

    def turn(self, database, scope):
        if (fault := next(faults, None)) is not None:
            raise fault
        return False

    monkeypatch.setattr(followers.RollUps, "turn", turn)
    with capture_logs() as said, running(database, "rollups"):
        wait_until(lambda: len(said) >= 2)
    assert [line["event"] for line in said] == ["follower failed", "follower works again"]
