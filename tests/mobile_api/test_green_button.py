"""Green Button feeds over the API: a customer's own meters, for the time in which they were supplied."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from backend.kernel import clock, ids
from backend.kernel.periods import Period
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.network import service as network
from ingest.files.green_button import read_green_button
from ingest.files.series import Report
from reports import green_button

FEED = "/points/{}/green-button"


@pytest.fixture
def took(phone, world, tmp_path):
    """Take a feed as a person of the eastern region; return its answer and what an import makes of it."""

    def take(role, path=None, *, days=2):
        start = (clock.now() - timedelta(days=days)).isoformat().replace("+", "%2B")
        place = path or FEED.format(ids.show(world.east.ids["supply_energy"]))
        answer = phone(world.east, role).ask("GET", f"{place}{'&' if '?' in place else '?'}start={start}")
        if answer.status_code != 200 or "<IntervalBlock" not in answer.text:
            return answer, []
        (tmp_path / "feed.xml").write_bytes(answer.data)
        return answer, list(read_green_button(tmp_path / "feed.xml", Report()))

    return take


def stored(world):
    with world.database.transaction(world.east.scope) as session:
        return {
            round(row.start.timestamp() * 1e6): row.amount
            for row in metering.intervals(
                session, world.east.scope, point_id=world.east.ids["supply_energy"],
                period=Period(clock.now() - timedelta(days=2), clock.now()),
            )
        }  # fmt: skip


def test_a_customer_takes_home_their_own_intervals(took, world):
    answer, series = took("customer")
    assert answer.mimetype == "application/atom+xml"
    found = {
        at: value for one in series for at, value in zip(one.at_us.tolist(), one.value.tolist(), strict=True)
    }
    assert found == stored(world) and len(found) > 4
    assert {(one.carrier, one.unit) for one in series} == {("electricity", "Wh")}


def test_all_meters_of_an_organisation_stand_in_one_feed(took):
    answer, series = took("manager", "/green-button")
    assert answer.status_code == 200
    assert len({one.tag for one in series}) == 1, "the one that counts in totals"
    assert took("manager", "/green-button?carrier=gas")[0].text.count("<entry>") == 0


def test_what_others_measure_is_not_found(took, world):
    assert took("customer", FEED.format(ids.show(world.west.ids["supply_energy"])))[0].status_code == 404
    assert took("customer", FEED.format(ids.show(world.east.ids["plant_power"])))[0].status_code == 404


def test_what_is_no_amount_is_refused_with_a_remedy(took, world):
    answer, _ = took("manager", FEED.format(ids.show(world.east.ids["plant_power"])))
    assert answer.status_code == 422
    assert "take its curve" in answer.text


def test_a_former_customer_keeps_the_time_of_their_contract_alone(world, tmp_path):
    east, now = world.east, clock.now().replace(minute=0, second=0, microsecond=0)
    with world.database.transaction(east.scope) as session:
        flat = network.create_position(
            session, east.scope, parent_id=east.ids["site"],
            new=network.NewPosition(network.PositionKind.METERING, "flat"),
        )  # fmt: skip
        network.create_supply_agreement(
            session, east.scope, customer_id=east.customer.id, operator_id=east.enterprise.id,
            position_id=flat.id, starts_at=now - timedelta(hours=3), ends_at=now - timedelta(hours=1),
        )  # fmt: skip
        point = metering.create_point(
            session, east.scope, position_id=flat.id,
            new=metering.NewPoint("flat water", Carrier.WATER, "volume", "m3", PointKind.INTERVAL, interval_minutes=60),
        )  # fmt: skip
        at = clock.to_us(now) - np.arange(5, 0, -1, dtype=np.int64) * 3_600_000_000
        batch = metering.ReadingBatch(np.full(5, point.key), at, np.arange(5.0), np.zeros(5, np.int16))
        metering.store_readings(session, east.scope, batch, source="test", live=False)
    follower = metering.RollUpFollower()
    with world.database.transaction(east.scope) as session:
        while follower.step(session, east.scope):
            pass
    scope = world.scope(east, "customer")
    with world.database.transaction(scope) as session:
        meters = green_button.meters_of(session, scope, points=[metering.point(session, scope, point.id)])
    period = Period(now - timedelta(hours=9), now)
    path = tmp_path / "feed.xml"
    path.write_text("".join(green_button.download(world.database, scope, meters, period, title="flat")))
    found = [at for one in read_green_button(path, Report()) for at in one.at_us.tolist()]
    assert found == [clock.to_us(now - timedelta(hours=hours)) for hours in (3, 2)]
