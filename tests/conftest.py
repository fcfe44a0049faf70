"""Fixtures every test may ask for. Servers start when the first test needs them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
import redis

from backend.cli import db
from backend.cli.server import ports
from backend.cli.server.mosquitto import Mosquitto
from backend.cli.server.postgres import Postgres
from backend.kernel.db import Database
from backend.kernel.db import database as process_database
from backend.kernel.settings import settings
from tests.servers import Addresses, Servers, make_folder

hypothesis.settings.register_profile(
    "here", deadline=None
)  # machines are noisy; pytest-timeout ends what hangs
hypothesis.settings.load_profile("here")

_running: list[Servers] = []


def _start() -> Addresses:
    servers = Servers()
    _running.append(servers)
    addresses = servers.start()
    addresses.share()
    return addresses


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers here, once, when xdist workers are to share them."""
    if not hasattr(config, "workerinput") and getattr(config.option, "numprocesses", None):
        _start()


LONG_FOLDERS = ("field", "e2e", "kill", "ingest", "mobile_api")
"""Begun first: whoever comes last with a long file keeps everybody waiting."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders whose files take longest; otherwise the order stays."""
    here = Path(__file__).parent

    def turn(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0]
        return LONG_FOLDERS.index(folder) if folder in LONG_FOLDERS else len(LONG_FOLDERS)

    items.sort(key=turn)


def pytest_unconfigure() -> None:
    """Stop what this process started."""
    while _running:
        _running.pop().stop()
        os.environ.pop("ENERFIELD_TEST_SERVERS", None)


@pytest.fixture(scope="session")
def servers() -> Addresses:
    """The session's PostgreSQL, Redis and Mosquitto."""
    return Addresses.shared() or _start()


@pytest.fixture(scope="module")
def database_url(servers: Addresses) -> Iterator[str]:
    """A database of this test module's own, with every migration applied and nothing in it."""
    url = servers.make_database()
    yield url
    servers.drop_database(url)


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Database]:
    """The module's database, reached as the product does: as the unprivileged role."""
    found = Database(database_url)
    yield found
    found.dispose()


@pytest.fixture(scope="module")
def owner_database(database_url: str) -> Iterator[Database]:
    """The module's database, reached as its owner, whom row-level security does not bind."""
    found = Database(database_url, as_role=None)
    yield found
    found.dispose()


@pytest.fixture(scope="module")
def redis_url(servers: Addresses) -> str:
    """An empty Redis database of this worker's own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    url = servers.redis_url.rsplit("/", 1)[0] + f"/{worker + 1}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="session")
def mqtt_url(servers: Addresses) -> str:
    """The session's broker; take topics and client ids that nobody else takes."""
    return servers.mqtt_url


@pytest.fixture(scope="module")
def environment(
    database_url: str, redis_url: str, mqtt_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """Set ENERFIELD_… to the module's servers, here and for subprocesses; returns what was set."""
    values = {
        "ENERFIELD_DATABASE_URL": database_url,
        "ENERFIELD_REDIS_URL": redis_url,
        "ENERFIELD_MQTT_URL": mqtt_url,
        "ENERFIELD_HOME": str(tmp_path_factory.mktemp("home")),
        "ENERFIELD_SECRET_KEY": "a secret that only this test session knows",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        _forget_settings()
        yield values
    _forget_settings()


def _forget_settings() -> None:
    if process_database.cache_info().currsize:
        process_database().dispose()
    process_database.cache_clear()
    settings.cache_clear()


@pytest.fixture
def broker() -> Iterator[Callable[[], Mosquitto]]:
    """Start Mosquittos of this test's own: `own = broker(); own.kill(); own.start()`."""
    folder = make_folder()
    made: list[Mosquitto] = []

    def make() -> Mosquitto:
        place = folder / str(len(made))
        made.append(Mosquitto(place, place / "log", ports.any_free(), password=None))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres() -> Iterator[Callable[[], Postgres]]:
    """Start durable PostgreSQLs of this test's own, migrated: `own = postgres(); own.kill(); own.start()`."""
    folder = make_folder()
    made: list[Postgres] = []

    def make() -> Postgres:
        place = folder / str(len(made))
        made.append(Postgres(place, folder / f"{len(made)}.log", {"shared_buffers": "128MB"}))
        made[-1].start()
        made[-1].make_database()
        db.upgrade(made[-1].url())
        return made[-1]

    yield make
    for one in made:
        one.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Real data of the trade: ENERFIELD_TEST_DATA, beside the checkout by default; skipped where absent."""
    root = Path(__file__).parents[1]
    folder = Path(os.environ.get("ENERFIELD_TEST_DATA", root / "../shared/data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real data: ENERFIELD_TEST_DATA ({folder}) is absent")
    return folder
