"""Nightly housekeeping: months made ahead, closed months sorted, old journals let go."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, text

from backend.kernel import clock
from backend.kernel.db import Database
from backend.kernel.scope import Scope
from backend.metering.service.store import ensure_months

JOURNAL_KEPT = timedelta(days=1)
SORTED_AFTER = timedelta(days=2)
"""A month is sorted once it has been over for this long: late readings have mostly come by then."""


def prepare_months(engine: Engine, scope: Scope, *, ahead: int = 2) -> None:
    """Make the partitions of this month and the next ones, so that live batches never wait for it."""
    assert scope.reason, "housekeeping runs as the system"
    first = clock.now().replace(day=1)
    months = [_plus(first, i).strftime("%Y-%m") for i in range(ahead + 1)]
    for table in ("reading", "interval"):
        ensure_months(engine, table, months)


def drop_journals(engine: Engine, scope: Scope) -> int:
    """Empty the journal of batches all followers have long passed; return how many."""
    assert scope.reason, "housekeeping runs as the system"
    with engine.begin() as connection:
        result = connection.execute(
            text(
                "UPDATE batch SET journal = NULL, spans = NULL WHERE received_at < :before"
                " AND (journal IS NOT NULL OR spans IS NOT NULL)"
                " AND sequence <= (SELECT coalesce(min(sequence), 0) FROM cursor)"
            ),
            {"before": clock.now() - JOURNAL_KEPT},
        )
        return result.rowcount


def sort_closed_months(engine: Engine, scope: Scope) -> list[str]:
    """Rewrite closed months in the order (point, instant), each once; return the partitions sorted.

    Arrival order makes a cold month of one point 40 times slower (notes/reliability C5). The
    partition is locked while it is rewritten; what arrives for it meanwhile waits in the spool.
    """
    assert scope.reason, "housekeeping runs as the system"
    done = []
    with engine.begin() as connection:
        closed = connection.execute(text("SELECT name FROM closed_unsorted_months(:before)"),
                                    {"before": clock.now() - SORTED_AFTER}).scalars().all()  # fmt: skip
    for name in closed:
        with engine.begin() as connection:
            connection.execute(text("SELECT sort_month(:name)"), {"name": name})
        done.append(name)
    return done


def _plus(month: datetime, months: int) -> datetime:
    total = month.month - 1 + months
    return month.replace(year=month.year + total // 12, month=total % 12 + 1)


def maintenance(database: Database, scope: Scope) -> None:
    """Do the night's housekeeping: safe to repeat, safe to interrupt."""
    prepare_months(database.engine, scope)
    drop_journals(database.engine, scope)
    sort_closed_months(database.engine, scope)
