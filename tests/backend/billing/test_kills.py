"""kill -9 of a bill run, between any two steps and within them: no bill twice, none lost, no number missing."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter

import pytest
from sqlalchemy import text

from backend.billing.models import RunStatus
from backend.billing.service import ledger, runs
from backend.kernel import ids
from tests.backend.billing.scene import FIRST, NEXT, fill, meter, sign, store, wipe

CONTRACTS = 8


@pytest.fixture
def contracts(acting, east, book, owner_database):
    """Contracts that have a month to pay, and nothing else in the books."""
    wipe(owner_database)
    made = []
    with acting("manager") as (session, scope):
        tariff_id = store(session, scope, east)
    for number in range(CONTRACTS):
        with acting() as (session, _):
            point_id, key = meter(session, east, f"meter {ids.new_id()}")
        fill(owner_database, key, wh=100 * (number + 1))
        with acting("manager") as (session, scope):
            made.append(sign(session, scope, east, f"C-{number}", tariff_id, [point_id]))
    return made


class Biller:
    """The process, and what it said."""

    def __init__(self, url: str, run_id, region, *, waits: bool) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.backend.billing.biller", url, str(run_id), str(region)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | ({"BILLER_WAITS": "1"} if waits else {}),
        )  # fmt: skip

    def step(self) -> bool:
        """Wait for the end of a step; False where the process ended by itself."""
        return self.process.stdout.readline() == "step\n"

    def kill(self) -> int:
        """kill -9; return how the process ended."""
        self.process.kill()
        ended = self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        return ended


def until_done(acting, database_url, east, run_id, *, between: bool) -> int:
    """Start the process again and again, and kill it in each of its steps or behind it; return how many kills."""
    chance, kills = random.Random(3), 0
    wanted = RunStatus.ISSUED
    while True:
        with acting("manager") as (session, scope):
            status = runs.run(session, scope, run_id=run_id).status
            if status is wanted:
                return kills
            if status is RunStatus.PREVIEWED:
                runs.approve(session, scope, run_id=run_id, issue_on=NEXT)
        biller = Biller(database_url, run_id, east.region.id, waits=between)
        stepped = biller.step()
        if not between:
            time.sleep(chance.random() * 0.03)
        kills += biller.kill() == -9
        assert stepped, "the process did not come to the end of a step"


@pytest.mark.parametrize("between", [True, False], ids=["between two steps", "within a step"])
def test_a_killed_run_goes_on_where_it_was(
    acting, database_url, east, book, contracts, owner_database, between
):
    with acting("manager") as (session, scope):
        run_id = runs.start_run(session, scope, organisation_id=east.enterprise.id, on=FIRST).id
    assert until_done(acting, database_url, east, run_id, between=between) >= (8 if between else 3)
    with acting() as (session, scope):
        rows = session.execute(
            text("SELECT contract_id, serial, total FROM bill WHERE status = 'issued' AND starts_on = :on"),
            {"on": FIRST},
        ).all()
        posted = session.scalars(text("SELECT cause_id FROM journal_entry WHERE cause = 'bill'")).all()
        lines = session.scalar(text("SELECT count(*) FROM bill_line"))
        owed = {b.code: b.amount for b in ledger.trial_balance(session, scope, book_id=book.id)}
        assert ledger.verify(session, scope, book_id=book.id) is None
    assert Counter(row.contract_id for row in rows) == Counter({one.id: 1 for one in contracts})
    assert sorted(row.serial for row in rows) == list(range(1, CONTRACTS + 1))
    assert len(posted) == len(set(posted)) == CONTRACTS
    assert lines == 4 * CONTRACTS
    assert owed["1200"] == sum(row.total for row in rows)
