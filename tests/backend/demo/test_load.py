"""The demo region, loaded into a real database through the product's own doors."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from backend.assets import service as assets
from backend.assets.service import tags
from backend.demo import foretelling, labelling, logins
from backend.demo.devices import weather
from backend.demo.load import load
from backend.demo.region import points, region
from backend.forecasting import service as forecasts
from backend.infra.files import FolderFiles
from backend.kernel.errors import Conflict
from backend.kernel.scope import Role
from backend.metering import service as metering
from backend.network import service as network
from backend.tenancy import service as tenancy

NOW = datetime(2024, 1, 4, 5, 7, tzinfo=UTC)
"""Three days after the district was commissioned: a short history that still has all its parts."""


@contextmanager
def silent(what, total=None, unit=""):
    yield lambda step: None


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def loaded(database, home):
    return load(database, home, now=NOW, progress=silent)


@pytest.fixture(scope="module")
def described(home, loaded):
    return region(home)


@pytest.fixture(scope="module")
def scope(database, loaded):
    (only,) = tenancy.system_scopes(database, "test")
    return only


@pytest.fixture
def session(database, scope):
    with database.transaction(scope) as session:
        yield session


def scope_of(database, email):
    with database.transaction(tenancy.system_scopes(database, "test")[0]) as session:
        found = session.execute(
            text("SELECT id FROM person WHERE email = :email"), {"email": email}
        ).scalar_one()
        return tenancy.scope_of(
            session, tenancy.person(session, tenancy.system_scopes(database, "test")[0], found)
        )


def test_every_reading_is_there_once_and_marked_as_simulated(session, loaded):
    stored, first, last = session.execute(
        text("SELECT count(*), min(read_at), max(read_at) FROM reading")
    ).one()
    assert stored == loaded.readings > 60_000
    assert first < last <= NOW and (NOW - last).total_seconds() <= 60
    assert session.execute(text("SELECT bool_and(is_simulated) FROM point")).scalar_one()
    assert session.execute(text("SELECT bool_and(is_simulated) FROM connection")).scalar_one()


def test_everything_described_is_there(session, scope, described, loaded):
    layers = network.map_layers(session, scope, scope.organisations)
    kinds = [feature["properties"]["layer"] for feature in layers["features"]]
    assert kinds.count("position") == len(described.positions)
    assert {"feeder", "pipe", "street", "coast", "block"} <= set(kinds)
    for table, expected in (
        ("organisation", described.organisations),
        ("person", described.people),
        ("line", described.lines),
        ("alarm_rule", described.alarm_rules),
    ):
        assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == len(expected)


def test_every_device_and_machine_carries_a_label(session, scope, described, loaded):
    counted = session.execute(text("SELECT state, count(*) FROM tag GROUP BY state"))
    bound = {row.state: row.count for row in counted}
    machines = [one for one in described.positions if one.kind in labelling.MACHINES]
    assert bound == {"bound": len(described.devices) + len(machines), "unbound": labelling.WAITING}
    shown = tags.tag(session, scope, labelling.tag_id("position boiler"))
    assert (shown.name, shown.tag.state) == ("Gas boiler", "bound")


def test_every_device_was_bought_before_it_was_installed_and_its_record_reads_in_order(
    session, scope, loaded
):
    page = assets.list_assets(session, scope, limit=200)
    for row in page.items:
        record = assets.life_of(session, scope, row.device.id).items
        assert [one.at for one in record] == sorted(one.at for one in record)
        assert row.device.purchased_on < record[0].at.date()
        assert row.device.warranty_until > row.device.purchased_on


def test_a_warehouse_two_vans_and_documents_stand_behind_them(session, scope, loaded, home):
    stores = assets.list_stores(session, scope).items
    assert [(store.kind.value, bool(person)) for store, person in stores] == [
        ("warehouse", False), ("van", True), ("van", True),
    ]  # fmt: skip
    assert all(assets.stock_in(session, scope, store.id).items for store, _person in stores)
    assert [part.number for part, _lying in assets.list_parts(session, scope, below_minimum=True).items]
    found = assets.search(session, scope, text="Boiler room", kinds=["document"])
    _document, stream = assets.open_document(
        session, scope, FolderFiles(home / "files"), document_id=found[0].id
    )
    with stream:
        assert stream.read(4) == b"\x89PNG"


def test_every_point_shows_a_latest_value(session, loaded):
    assert session.execute(text("SELECT count(*) FROM latest")).scalar_one() == len(points())


def test_amounts_balance_in_whole_quanta(session, loaded):
    """Feeder 1 carries what its customers take and a loss of less than 3 %."""
    sums = dict(
        session.execute(
            text(
                "SELECT p.name, sum(i.amount) FROM interval i JOIN point p ON p.key = i.point_key"
                " WHERE p.quantity = 'active energy' AND i.start >= '2024-01-01' AND i.start < '2024-01-03'"
                " GROUP BY p.name"
            )
        ).all()
    )
    taken = sums["Haitian Tower · electricity"] + sums["Tidesong Hotel · electricity"]
    assert taken < float(sums["Feeder 1 · electricity"]) < 1.03 * float(taken)


def test_nothing_was_estimated(session, loaded):
    assert session.execute(text("SELECT count(*) FROM interval WHERE method <> 0")).scalar_one() == 0


def test_the_connections_are_ready_for_ingest(session, scope):
    plans = metering.ingest_plan(session, scope)
    assert sum(len(plan.channels) for plan in plans) == len(points())
    assert {plan.protocol for plan in plans} == {"modbus", "opcua", "mqtt", "sparkplug"}


def test_every_connection_has_a_chinese_name(session, scope):
    views = metering.all_connections(session, scope)
    assert all(view.connection.name_zh for view in views)
    assert len({view.connection.name_zh for view in views}) == len(views) == 5


def test_a_customer_sees_their_own_site_and_nobody_elses(database, loaded):
    email = next(email for role, email, _ in logins() if role == "customer")
    theirs = scope_of(database, email)
    with database.transaction(theirs) as session:
        page = metering.list_points(session, theirs, limit=500)
        sites = network.sites(session, theirs)
    names = {point.name.split(" · ")[0] for point in page.items}
    assert names == {"Tidesong Hotel"}
    assert [position.name for _, position in sites] == ["Tidesong Hotel"]


def test_a_second_load_is_refused(database, home, loaded):
    with pytest.raises(Conflict, match="not empty"):
        load(database, home, now=NOW, progress=silent)


def test_there_is_one_person_for_each_role():
    assert {role for role, _, _ in logins()} == {role.value for role in Role}


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


def test_loads_in_five_carriers_sun_and_wind_are_forecast(session, scope, home):
    known = forecasts.list_targets(session, scope).items
    assert {one.name for one in known} == {spec.name for spec in foretelling.TARGETS}
    assert {one.carrier.value for one in known} == {"electricity", "heat", "cooling", "gas", "water"}
    assert all(one.is_simulated and one.weather_place_id for one in known)
    assert len(weather.marked(home)) == 1
    assert forecasts.due_for_training(session, scope) == []  # the first weather is waited for
