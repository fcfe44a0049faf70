"""Forecasts are issued for what is due, from what is known, and can be made again from that."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from backend.forecasting import service as forecasts
from backend.kernel import clock
from backend.kernel.errors import NotFound, Refused
from backend.kernel.scope import Scope
from tests.backend.forecasting.scene import HOUR, build


def test_what_is_due_is_forecast_once_a_step(site):
    load = site.target("load")
    with site.session() as session:
        assert load.id in forecasts.due(session, site.scope)[site.position_id]
    (made,) = site.issue(load)
    assert made.start >= made.issued_at
    assert made.values.shape == (24, 11)
    assert (np.diff(made.values, axis=1) >= 0).all()
    assert made.known_until == site.until
    with site.session() as session:
        assert forecasts.due(session, site.scope) == {}
        with clock.shifted(HOUR):
            assert forecasts.due(session, site.scope) == {site.position_id: [load.id]}


def test_a_forecast_is_close_to_what_comes(site):
    load = site.target("close")
    (made,) = site.issue(load)
    from tests.backend.forecasting.scene import use

    coming = np.array([use(made.start + n * HOUR) for n in range(24)])
    assert np.abs(made.median - coming).mean() < 25


def test_a_late_reading_changes_what_comes_next_but_not_a_replay(site):
    load = site.target("replayed")
    (made,) = site.issue(load)
    site.read(site.until - 40 * HOUR, site.until - 20 * HOUR, factor=1.5)
    with site.session() as session:
        again = forecasts.replay(session, site.scope, made.forecast_id)
        assert forecasts.revised_since(session, site.scope, made.forecast_id) == 40
    assert np.array_equal(again.values, made.values)
    assert (again.method, again.passed, again.known_until) == (made.method, made.passed, made.known_until)
    (newer,) = site.issue(load)
    assert not np.array_equal(newer.values, made.values)
    site.read(site.until - 40 * HOUR, site.until - 20 * HOUR)


def test_readings_that_filled_a_hole_since_are_not_in_a_replay(site):
    load = site.target("hole")
    with clock.shifted(5 * HOUR):
        (made,) = site.issue(load)
        assert made.known_until == site.until
        end = site.until
        site.read(end, end + 5 * HOUR)
        with site.session() as session:
            again = forecasts.replay(session, site.scope, made.forecast_id)
            assert forecasts.revised_since(session, site.scope, made.forecast_id) == 10
        assert np.array_equal(again.values, made.values)


def test_the_newest_forecast_known_at_an_instant_is_what_is_told(site):
    load = site.target("known")
    (first,) = site.issue(load)
    with clock.shifted(2 * HOUR):
        (second,) = site.issue(load)
        window = {"start": second.start, "end": second.start + 3 * HOUR}
        with site.session() as session:
            now = forecasts.at(session, site.scope, target_ids=[load.id], **window)[load.id]
            then = forecasts.at(
                session, site.scope, target_ids=[load.id], known_at=first.issued_at + HOUR, **window
            )[load.id]
            before = forecasts.at(
                session, site.scope, target_ids=[load.id], known_at=first.issued_at - HOUR, **window
            )
    assert (now.forecast_id, then.forecast_id) == (second.forecast_id, first.forecast_id)
    assert now.start == then.start == second.start
    assert now.values.shape == then.values.shape == (3, 11)
    assert before == {}


def test_a_meter_that_was_silent_for_long_is_not_guessed(site):
    silent = site.target("silent")
    with clock.shifted(timedelta(days=30)):
        assert site.issue(silent) == []
        with site.session() as session:
            told = forecasts.target(session, site.scope, silent.id)
            assert told.failing_since is not None
            assert {one["why"] for one in told.failing["passed"]} == {"no_model", "stale"}


@pytest.mark.parametrize("role", ["customer", "technician"])
def test_customers_and_technicians_see_no_forecast(site, role):
    load = site.target(f"hidden from the {role}")
    scope = site.world.scope(site.region, role)
    with site.world.database.transaction(scope) as session:
        with pytest.raises(NotFound):
            forecasts.target(session, scope, load.id)
        assert forecasts.list_targets(session, scope).items == []


def test_what_lies_in_another_region_is_not_counted_in(site):
    """Whoever keeps two regions sees both; the worker serves one at a time, and would leave the other out unseen."""
    west = build(site.world.database, site.world, site.world.west, days=1)
    both = Scope.system(site.scope.organisations | west.scope.organisations, "keeps both")
    points = {one.id: 1 for one in (site.points[0], west.points[0])}
    mixed, far = forecasts.NewTarget("mixed", points), forecasts.NewTarget(
        "far sky", {site.points[0].id: 1}, weather_place_id=west.place_id
    )  # fmt: skip
    with site.world.database.transaction(both) as session:
        for new, field in ((mixed, "points"), (far, "weather_place_id")):
            with pytest.raises(Refused, match="belongs to another region") as refused:
                forecasts.add_target(session, both, position_id=site.position_id, new=new)
            assert refused.value.field == field
        session.rollback()


def test_another_region_sees_no_forecast(site):
    load = site.target("ours")
    (made,) = site.issue(load)
    west = site.world.scope(site.world.west, "manager")
    with site.world.database.transaction(west) as session:
        with pytest.raises(NotFound):
            forecasts.forecast(session, west, made.forecast_id)
        window = {"start": made.start, "end": made.end}
        assert forecasts.at(session, west, target_ids=[load.id], **window) == {}
