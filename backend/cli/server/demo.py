"""The demo region of a private installation: loaded once, whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

import psycopg

from backend.cli import db
from backend.cli.server.postgres import Postgres
from backend.cli.server.supervisor import Supervisor

LOADING, LOADED = "loading", "loaded"


def ensure(
    supervisor: Supervisor, postgres: Postgres, environment: Mapping[str, str], *, is_wanted: bool
) -> bool:
    """Load the demo region into a fresh private database; tell whether it is there.

    A load that was cut short is thrown away with its database and starts again.
    """
    mark = supervisor.home / "demo"
    state = mark.read_text() if mark.exists() else ""
    if state == LOADING:
        postgres.drop_database()
        postgres.make_database()
        db.upgrade(postgres.url())
    if not _is_fresh(postgres.url()):
        return state == LOADED
    mark.unlink(missing_ok=True)
    if not is_wanted:
        return False
    mark.write_text(LOADING)
    command = [sys.executable, "-m", "backend.cli", "demo", "load"]
    supervisor.finish("demo load", command, environment)
    mark.write_text(LOADED)
    return True


def logins() -> Iterable[tuple[str, str, str]]:
    """Return one (role, e-mail, password) per role of the demo region."""
    import backend.demo

    return backend.demo.logins()


def _is_fresh(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1 FROM organisation LIMIT 1").fetchone() is None
