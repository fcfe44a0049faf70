"""Fixtures: the application on a small world, its phones and browsers, logged in."""

from __future__ import annotations

import pytest

from tests.apps import Browser, Phone, make_app
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
def phone(app, world):
    """Make a logged-in API client: `phone(region, role)`."""
    return lambda region, role: Phone(app, region.email(role))


@pytest.fixture
def browser(app, world):
    """Make a logged-in browser: `browser(region, role)`."""
    return lambda region, role: Browser(app, region.people[role])
