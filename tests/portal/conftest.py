"""The portal on a small furnished world."""

from __future__ import annotations

import pytest

from tests.apps import Browser, make_app
from tests.world import furnish, make_world


@pytest.fixture(scope="module")
def app(environment, database):
    made = make_app(database)
    yield made
    made.extensions["live"].close()


@pytest.fixture(scope="module")
def world(app, database):
    return furnish(make_world(database))


@pytest.fixture
def browser(app, world):
    """Make a logged-in browser: `browser(region, role)`."""
    return lambda region, role: Browser(app, region.people[role])
