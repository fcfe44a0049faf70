"""The demo's organisations, people and places, created in a real database."""

from datetime import UTC, datetime

import pytest

from backend.demo import logins
from backend.demo.founding import found
from backend.demo.region import region
from backend.kernel.scope import Role, Scope
from backend.network import service as network
from backend.wiring import connect

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    return region(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def ground(database, described):
    connect()
    with database.transaction(Scope.public()) as session:
        return found(session, described, now=NOW)


def test_there_is_one_person_for_each_role():
    assert {role for role, _, _ in logins()} == {role.value for role in Role}


def test_everything_described_is_there(database, ground, described):
    assert len(ground.organisations) == len(described.organisations)
    assert len(ground.positions) == len(described.positions)
    with database.transaction(ground.scope) as session:
        layers = network.map_layers(session, ground.scope, ground.scope.organisations)
    kinds = [feature["properties"]["layer"] for feature in layers["features"]]
    assert {"position", "feeder", "pipe", "street", "coast", "block"} <= set(kinds)


def test_everything_on_the_map_lies_within_a_few_kilometres(described):
    places = [place for line in described.lines for place in line.coordinates]
    places += [position.place for position in described.positions]
    assert all(121.19 < longitude < 121.30 and 30.31 < latitude < 30.38 for longitude, latitude in places)


def test_a_new_tenant_does_not_own_the_time_before(described):
    old, new = (
        next(s for s in described.supplies if s.organisation == key)
        for key in ("coldstore_before", "coldstore")
    )
    assert old.position == new.position and old.ends_at == new.starts_at
