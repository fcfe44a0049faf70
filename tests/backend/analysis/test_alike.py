"""Like stands against like: hours of days of 25, shorter months, parts of days, and who begins at half past."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from backend.analysis.rules.asking import Ask, By, Compare
from backend.analysis.service.consumption import consumption
from backend.kernel import clock
from backend.kernel.units import Carrier
from backend.network import service as network
from tests.measured import NOW, measure
from tests.world import make_world

KWH = 3_600_000


@pytest.fixture(scope="module")
def world(database):
    with clock.shifted(NOW - clock.now()):
        made = make_world(database)
        measure(made)
        yield made


def asked(session, world, region, first, until, **more):
    scope = world.scope(region, "manager")
    node = more.pop("organisation_id", region.region.id)
    found = consumption(session, scope, ask=Ask(node, first, until, **more))
    return next(one for one in found.groups if one.carrier is Carrier.ELECTRICITY)


@pytest.fixture
def told(world):
    def one(region, first, until, **more):
        with world.database.transaction(world.scope(region, "manager")) as session:
            return asked(session, world, region, first, until, **more)

    return one


def test_an_hour_stands_against_the_same_hour_of_the_clock(told, world):
    """Berlin's 25 October 2026 has two o'clock twice; no other hour of it or of the next day counts double for that."""
    found = told(
        world.west, date(2026, 10, 18), date(2026, 10, 20), compare=Compare.CUSTOM,
        against_first=date(2026, 10, 25), against_until=date(2026, 10, 27),
    )  # fmt: skip
    before = [Fraction(amount, KWH) for _, _, amount in found.series]
    assert before == [1, 1, 2] + [1] * 45
    assert sum(before) == Fraction(found.explained.total.before, KWH) == 49


def test_the_days_a_longer_month_has_more_stand_against_none(told, world):
    found = told(
        world.east, date(2026, 9, 1), date(2026, 10, 1), compare=Compare.CUSTOM,
        against_first=date(2026, 10, 1), against_until=date(2026, 11, 1),
    )  # fmt: skip
    assert {before for _, _, before in found.series} == {14 * 24 * KWH}


def test_part_of_a_day_stands_against_as_much_of_another(told, world):
    """It is noon of 10 November in Shanghai: 27 days and twelve hours stand against as many before them."""
    found = told(world.east, date(2026, 10, 14), date(2026, 11, 20))
    assert sum(before or 0 for _, _, before in found.series) == found.explained.total.before
    assert found.series[27][2] == 12 * 14 * KWH


def test_who_is_supplied_from_half_past_on_has_the_hour(world):
    """As where a zone is half an hour off: the office changes hands at 03:30 UTC for five days, and no longer."""
    east = world.east
    with world.database.transaction(east.scope) as session:
        network.create_supply_agreement(
            session, east.scope, customer_id=east.customer.id, operator_id=east.enterprise.id,
            position_id=east.ids["office"], starts_at=datetime(2026, 10, 20, 3, 30, tzinfo=UTC),
            ends_at=datetime(2026, 10, 25, 3, 30, tzinfo=UTC),
        )  # fmt: skip
        found = asked(
            session, world, east, date(2026, 10, 1), date(2026, 11, 1), by=By.ORGANISATION,
            organisation_id=east.enterprise.id,
        )  # fmt: skip
        theirs = found.explained.rows[east.customer.id].now
        assert Fraction(theirs, KWH) == 10 * 16 * 24 + 4 * 5 * 24
        own = asked(
            session, world, east, date(2026, 10, 1), date(2026, 11, 1), organisation_id=east.customer.id
        )
        assert Fraction(own.explained.total.now, KWH) == 10 * 16 * 24 + 4 * 5 * 24
        assert sum(now or 0 for _, now, _ in own.series) == own.explained.total.now
        session.rollback()
