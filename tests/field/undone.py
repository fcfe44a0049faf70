"""The database for one run that leaves nothing behind: every transaction is a savepoint of one that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg._preparing import PrepareManager
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from backend.kernel.db import Database, confine
from backend.kernel.scope import Scope


class Undone(Database):
    """Reached as the product does; what requests commit is seen by the next ones, and by nobody afterwards."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self.url, self.engine, self.connection = database.url, database.engine, connection

    @contextmanager
    def transaction(self, scope: Scope) -> Iterator[Session]:
        """Open a session whose one transaction sees only `scope`; commit at the end, or roll back."""
        with (
            Session(
                self.connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
            ) as session,
            session.begin(),
        ):
            confine(session, scope)
            yield session


@contextmanager
def undone(database: Database, connection: Connection) -> Iterator[Undone]:
    """Lend a database until the end of the block, then undo everything done in it."""
    transaction = connection.begin()
    try:
        yield Undone(database, connection)
    finally:
        transaction.rollback()


@contextmanager
def one_connection(database: Database) -> Iterator[Connection]:
    """Open the connection that all runs are undone on: what was planned for one run serves the next."""
    with database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        connection.detach()  # from the pool: nobody else is to meet these settings
        driver.execute("DEALLOCATE ALL")
        driver.execute("SET plan_cache_mode = force_generic_plan")
        driver.commit()
        driver._prepared = _Prepared()
        yield connection


class _Prepared(PrepareManager):
    """Statements stay prepared when a run is rolled back: psycopg forgets them, because tables may be gone; none is."""

    prepare_threshold, prepared_max = 1, 3_000

    def _should_discard(self, *_: Any) -> bool:
        return False
