"""Fixtures: a year of a district whose truth is known, once a module."""

from __future__ import annotations

import pytest

from tests.year import make_year


@pytest.fixture(scope="module")
def year(database):
    return make_year(database)


@pytest.fixture
def session(year):
    """Open a transaction that is taken back, as the district's manager."""
    with year.world.database.transaction(year.world.scope(year.east, "manager")) as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def manager(year):
    return year.world.scope(year.east, "manager")
