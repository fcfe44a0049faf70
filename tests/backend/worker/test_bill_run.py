"""A bill run through a real worker: previewed, approved, issued; and killed in the middle of it, nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import psycopg
import pytest
from sqlalchemy import text

from backend import wiring
from backend.billing.models import RunStatus
from backend.billing.service import ledger, runs
from backend.infra import outbox
from backend.kernel import ids
from backend.kernel.scope import Scope
from tests.backend.billing.scene import FIRST, NEXT, fill, meter, sign, store, wipe
from tests.world import furnish, make_world

CONTRACTS = 6
HELD = 4242
"""A lock the test holds while it wants the worker to stand in the middle of a step."""

STOP = f"""
CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared({HELD});
    RETURN NULL;
END $$;
CREATE TRIGGER stand_still AFTER INSERT ON journal_entry FOR EACH STATEMENT EXECUTE FUNCTION stand_still();
"""


@pytest.fixture(scope="module")
def world(environment, database):
    wiring.connect()
    return furnish(make_world(database))


@pytest.fixture
def worker(environment, world):
    """Start workers of the module's servers: `worker()`; what runs at the end is stopped."""
    started = []

    def start() -> subprocess.Popen:
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "backend.cli", "work", "--processes", "1"], env=os.environ | environment,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )
        )  # fmt: skip
        return started[-1]

    yield start
    for process in started:
        kill(process)


def kill(process: subprocess.Popen) -> None:
    """kill -9 of a worker with its children: they are one session."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(true, seconds: float = 300.0):
    ends = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.1)
    return found


@pytest.fixture
def run_id(world, owner_database):
    """Contracts with a month to pay, and a run over them that has just begun."""
    wipe(owner_database)
    east, manager = world.east, world.scope(world.east, "manager")
    with world.database.transaction(manager) as session:
        if not ledger.books(session, manager).items:
            ledger.open_book(session, manager, organisation_id=east.enterprise.id, name="East energy")
        tariff_id = store(session, manager, east)
    for number in range(CONTRACTS):
        with world.database.transaction(east.scope) as session:
            point_id, key = meter(session, east, f"meter {ids.new_id()}")
        fill(owner_database, key, wh=100 * (number + 1))
        with world.database.transaction(manager) as session:
            sign(session, manager, east, f"C-{number}", tariff_id, [point_id])
    with world.database.transaction(manager) as session:
        return runs.start_run(session, manager, organisation_id=east.enterprise.id, on=FIRST).id


def status(world, run_id) -> RunStatus:
    scope = world.scope(world.east, "manager")
    with world.database.transaction(scope) as session:
        return runs.run(session, scope, run_id=run_id).status


def send(world) -> None:
    """Do what the scheduler has done each second: put what is due on the queue."""
    from backend.worker import tasks

    tasks.send_due()


def until(world, run_id, wanted: RunStatus) -> None:
    def there() -> bool:
        send(world)
        return status(world, run_id) is wanted

    wait_until(there)


def approve(world, run_id) -> None:
    scope = world.scope(world.east, "manager")
    with world.database.transaction(scope) as session:
        runs.approve(session, scope, run_id=run_id, issue_on=NEXT)


def demand_whole(world) -> None:
    """No bill is lost or doubled, no number missing, and the books say the same."""
    scope = world.scope(world.east, "manager")
    with world.database.transaction(scope) as session:
        rows = session.execute(
            text("SELECT contract_id, serial, total FROM bill WHERE status = 'issued'")
        ).all()
        posted = session.scalars(text("SELECT cause_id FROM journal_entry WHERE cause = 'bill'")).all()
        book = ledger.books(session, scope).items[0]
        owed = {one.code: one.amount for one in ledger.trial_balance(session, scope, book_id=book.id)}
        assert ledger.verify(session, scope, book_id=book.id) is None
        assert session.scalar(text("SELECT count(*) FROM bill WHERE status = 'draft'")) == 0
    assert set(Counter(row.contract_id for row in rows).values()) == {1}
    assert sorted(row.serial for row in rows) == list(range(1, CONTRACTS + 1))
    assert len(posted) == len(set(posted)) == CONTRACTS
    assert owed["1200"] == sum(row.total for row in rows)


def test_a_worker_previews_and_issues_a_run(world, worker, run_id):
    worker()
    until(world, run_id, RunStatus.PREVIEWED)
    approve(world, run_id)
    until(world, run_id, RunStatus.ISSUED)
    demand_whole(world)


def test_a_worker_killed_in_the_middle_of_issuing_loses_and_doubles_nothing(
    world, worker, run_id, database_url, owner_database
):
    first = worker()
    until(world, run_id, RunStatus.PREVIEWED)
    with owner_database.transaction(Scope.public()) as session:
        session.execute(text(STOP))
    approve(world, run_id)
    try:
        with psycopg.connect(database_url, autocommit=True) as gate:
            gate.execute(f"SELECT pg_advisory_lock({HELD})")
            waits = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"

            def stands_still():
                send(world)
                return gate.execute(waits).fetchone()

            wait_until(stands_still)
            kill(first)
            assert first.returncode == -9
            gate.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            )
    finally:
        with owner_database.transaction(Scope.public()) as session:
            session.execute(text("DROP FUNCTION stand_still CASCADE"))
    assert status(world, run_id) is RunStatus.ISSUING
    with world.database.transaction(world.east.scope) as session:
        assert session.scalar(text("SELECT count(*) FROM journal_entry")) == 0
        assert outbox.open_count(world.database) > 0
    with owner_database.transaction(Scope.public()) as session:
        session.execute(text("UPDATE outbox SET due_at = now() WHERE done_at IS NULL"))  # a minute passes
    worker()
    until(world, run_id, RunStatus.ISSUED)
    demand_whole(world)
