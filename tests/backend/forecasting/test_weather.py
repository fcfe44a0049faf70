"""Weather is kept as it was known: numbered, whole, and held against what was observed."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from backend.forecasting.service import skies, weather
from backend.kernel import clock
from backend.kernel.errors import Unavailable
from backend.kernel.periods import Period
from tests.backend.forecasting.scene import HOUR, temperature

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def told(site):
    """Two days observed; forecasts issued two days and a day ago, 2 K and 1 K too warm."""
    now = site.until
    site.receive(site.foretell(now, days=3, is_observed=True))
    site.receive(site.foretell(now - 2 * DAY - HOUR, warmer=2.0), site.foretell(now - DAY - HOUR, warmer=1.0))
    return now


def known(site, now, *, at, up_to):
    with site.session() as session:
        return skies.known_at(
            session, site.scope, site.place_id, start=now - 3 * DAY, end=now + 2 * DAY, at=at, up_to=up_to
        )


def test_what_is_known_is_observed_behind_and_foretold_ahead(site, told):
    found = known(site, told, at=told, up_to=10**9)
    assert found.issued_at == told - DAY - HOUR
    warm = found.columns["temperature_c"]
    truth = np.array([temperature(found.start + n * HOUR) for n in range(len(warm))])
    off = (warm - truth).round(3).tolist()
    assert off[: 3 * 24] == [0.0] * 72
    assert set(off[3 * 24 :]) == {1.0}


def test_what_came_later_or_was_issued_later_is_not_known(site, told):
    assert known(site, told, at=told, up_to=0) is None
    then = known(site, told, at=told - DAY - 2 * HOUR, up_to=10**9)
    assert then.issued_at == told - 2 * DAY - HOUR


def test_the_same_said_again_is_kept_once(site, told):
    assert site.receive(site.foretell(told - DAY - HOUR, warmer=1.0)) == 0
    assert site.receive(site.foretell(told - DAY - HOUR, warmer=1.5)) == 1
    assert site.receive(site.foretell(told - DAY - HOUR, warmer=1.0)) == 1


def test_the_error_of_forecasts_is_told_by_lead(site, told):
    with site.session() as session:
        found = weather.errors(
            session, site.scope, place_id=site.place_id, period=Period(told - 3 * DAY, told)
        )
    by_lead = {one.lead_h: one for one in found}
    assert set(by_lead) == {6, 24, 48, 96}
    assert 1.8 < by_lead[48].bias < 2.0  # the one that was 2 K off, and the first hours of the day-old one
    assert by_lead[6].bias == pytest.approx((2.0 + 1.0 + 1.5 + 1.0) / 4, abs=0.05)


def test_what_cannot_be_believed_is_unknown(site, told):
    odd = site.foretell(told - 5 * HOUR)
    odd.columns["temperature_c"][:] = 400.0
    site.receive(odd)
    found = known(site, told, at=told - 4 * HOUR, up_to=10**9)
    assert np.nanmax(found.columns["temperature_c"]) < 40
    assert np.isnan(found.columns["temperature_c"][-24:]).all()


def test_a_gateway_that_does_not_answer_leaves_its_reason(site):
    class Away:
        def fetch(self, where):
            raise Unavailable("the weather provider is away")

        def taken(self, where):
            raise AssertionError("nothing was fetched")

    with site.session() as session:
        fetched = weather.fetch(session, site.scope, Away(), place_id=site.place_id)
    with site.session() as session:
        place = weather.place(session, site.scope, site.place_id)
        assert (fetched.count, fetched.is_more) == (0, False)
        assert place.error == "the weather provider is away"
        assert clock.now() - place.asked_at < timedelta(minutes=5)
