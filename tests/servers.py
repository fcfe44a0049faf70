"""The servers a test session runs against: started once, real, private, gone afterwards."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from backend.cli import db
from backend.cli.server import ports
from backend.cli.server.mosquitto import Mosquitto
from backend.cli.server.postgres import Postgres
from backend.cli.server.redis import Redis

TEMPLATE = "template_enerfield"
SHARED = "ENERFIELD_TEST_SERVERS"
HASTY = {"fsync": "off", "full_page_writes": "off", "max_connections": "400", "shared_buffers": "512MB"}
"""A test database need not survive a power cut; tests that kill their PostgreSQL start one without this."""


@dataclass(frozen=True)
class Addresses:
    """Where the session's servers are; handed to the xdist workers through the environment."""

    admin_url: str
    redis_url: str
    mqtt_url: str

    @classmethod
    def shared(cls) -> Addresses | None:
        """Return the servers another process of this session has started."""
        given = os.environ.get(SHARED)
        return cls(**json.loads(given)) if given else None

    def share(self) -> None:
        """Let processes started from here use the same servers."""
        os.environ[SHARED] = json.dumps(asdict(self))

    def make_database(self) -> str:
        """Return the address of a new database with every migration applied."""
        name = f"test_{uuid4().hex}"
        self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
        return self.admin_url.replace("/postgres?", f"/{name}?")

    def drop_database(self, url: str) -> None:
        """Remove a database made here."""
        name = urlsplit(url).path.removeprefix("/")
        self._administer(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(statement)


class Servers:
    """One PostgreSQL, Redis and Mosquitto in a folder of their own."""

    def __init__(self) -> None:
        self.folder = make_folder()
        log = self.folder / "log"
        self.postgres = Postgres(self.folder / "postgres", log / "postgres.log", HASTY)
        self.redis = Redis(self.folder / "redis", log / "redis.log", ports.any_free())
        self.mosquitto = Mosquitto(
            self.folder / "mosquitto", log / "mosquitto.log", ports.any_free(), password=None
        )

    def start(self) -> Addresses:
        """Start all three and make the template database."""
        self.postgres.start()
        self.redis.start()
        self.mosquitto.start()
        self.postgres.make_database(TEMPLATE)
        db.upgrade(self.postgres.url(TEMPLATE))
        return Addresses(self.postgres.url("postgres"), self.redis.url(), self.mosquitto.url)

    def stop(self) -> None:
        """Stop all three and remove what they wrote."""
        for server in (self.mosquitto, self.redis, self.postgres):
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def make_folder() -> Path:
    """Return a new folder that unprivileged accounts may enter."""
    folder = Path(tempfile.mkdtemp(prefix="enerfield-test-"))
    folder.chmod(0o755)
    return folder
