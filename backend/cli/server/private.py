"""The servers an installation stands on: private ones under its folder, or given ones."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from backend.cli.server import ports
from backend.cli.server.mosquitto import Mosquitto
from backend.cli.server.postgres import Postgres
from backend.cli.server.process import reachable, unprivileged
from backend.cli.server.redis import Redis
from backend.cli.server.supervisor import Supervisor

ELSEWHERE = Path("/var/lib/enerfield")


@dataclass
class Ground:
    """Where the servers are.

    environment: addresses for the product's processes
    postgres: our own cluster; None when a database was given
    told: what runs, for the person who reads
    """

    environment: dict[str, str] = field(default_factory=dict)
    postgres: Postgres | None = None
    told: list[str] = field(default_factory=list)


def start(supervisor: Supervisor, given: dict[str, str]) -> Ground:
    """Start every server whose address is not in `given` (ENERFIELD_…_URL)."""
    ground = Ground()
    home, log = supervisor.home, supervisor.home / "log"
    log.mkdir(exist_ok=True)
    folder = server_folder(home)
    if url := given.get("ENERFIELD_DATABASE_URL"):
        ground.told.append("database: given")
    else:
        ground.postgres = Postgres(folder / "postgres", log / "postgres.log")
        supervisor.serve(ground.postgres)
        ground.postgres.make_database()
        url = ground.postgres.url()
        ground.told.append(f"PostgreSQL in {ground.postgres.folder}")
    ground.environment["ENERFIELD_DATABASE_URL"] = url
    if url := given.get("ENERFIELD_REDIS_URL"):
        ground.told.append("Redis: given")
    else:
        redis = Redis(folder / "redis", log / "redis.log", ports.remembered(home, "redis"))
        supervisor.serve(redis)
        url = redis.url()
        ground.told.append(f"Redis on port {redis.port}")
    ground.environment["ENERFIELD_REDIS_URL"] = url
    if url := given.get("ENERFIELD_MQTT_URL"):
        ground.told.append("MQTT broker: given")
    else:
        broker = Mosquitto(folder / "mosquitto", log / "mosquitto.log", ports.remembered(home, "mqtt"))
        supervisor.serve(broker)
        url = broker.url
        ground.told.append(f"Mosquitto on port {broker.port}")
    ground.environment["ENERFIELD_MQTT_URL"] = url
    return ground


def server_folder(home: Path) -> Path:
    """Return where the servers keep their data: `home`, unless their accounts may not go there (/root)."""
    account = unprivileged("postgres")
    if account is None or reachable(home, account):
        return home
    folder = ELSEWHERE / hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    note = home / "servers"
    if not note.is_symlink():
        note.symlink_to(folder)
    return folder
