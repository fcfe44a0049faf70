"""The alarm follower: reads the journal behind ingest, evaluates, and writes what changed.

It works ahead in memory and saves when an alarm changes, or every second: alarms, memory and cursor in one
transaction, under the lease. A worker that dies in between changed nothing that was saved; the next one
takes the same memory and the same readings and comes to the same alarms.
"""

from __future__ import annotations

import time

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.alarms.queries import following as queries
from backend.alarms.rules import memory
from backend.alarms.service import quiet
from backend.alarms.service.evaluator import NAME, Evaluator, load
from backend.alarms.service.record import record, rehearse, withdraw
from backend.alarms.service.rules import set_aside
from backend.kernel import clock
from backend.kernel.db import Database
from backend.kernel.leases import Lease
from backend.kernel.scope import Scope
from backend.metering.service import journal

MOST_BATCHES = 50
SAVE_EVERY_S = 1.0
LEASE_EVERY_S = 0.5
"""How often a worker that waits asks for the lease [s]."""

_log = structlog.get_logger(__name__)


class AlarmFollower:
    """One worker of possibly many; `turn` does what is to be done now, if it holds the lease."""

    name = NAME
    channels = ("batch", "alarm_rule")

    def __init__(self) -> None:
        self.lease = Lease(NAME, seconds=4.0)
        self.evaluator: Evaluator | None = None
        self.rules_changed = False
        self.saved_at = 0.0
        self.asked_at = -LEASE_EVERY_S

    def woken(self, channel: str) -> None:
        """Hear that something was announced."""
        self.rules_changed |= channel == "alarm_rule"

    def forget(self) -> None:
        """Let go of what is in memory: the next turn begins from what was saved."""
        self.evaluator = None

    def turn(self, database: Database, scope: Scope) -> bool:
        """Take the next batches; True where more are waiting."""
        if self.evaluator is None and time.monotonic() - self.asked_at < LEASE_EVERY_S:
            return False
        try:
            with database.transaction(scope) as session:
                return self._turn(session, scope)
        except BaseException:
            self.forget()
            raise

    def let_go(self, database: Database, scope: Scope) -> None:
        """Save and release the lease, so that another worker goes on at once."""
        with database.transaction(scope) as session:
            if self.evaluator is not None:
                self._save(session, scope, self.evaluator)
            self.lease.release(session)
        self.forget()

    def _turn(self, session: Session, scope: Scope) -> bool:
        if self.evaluator is None:
            self.asked_at = time.monotonic()
            if not self.lease.hold(session):
                return False
            self.asked_at = -LEASE_EVERY_S
            self.evaluator = load(session, scope)
            rehearse(session, scope)
        now = self.evaluator
        if self.rules_changed:
            self.rules_changed = False
            now.reload(session, scope)
        batches = journal.read(session, scope, now.sequence, limit=MOST_BATCHES)
        for batch in batches:
            now.take(batch)
        more = len(batches) == MOST_BATCHES
        if not more:
            now.pass_time()
        is_due = time.monotonic() - self.saved_at >= SAVE_EVERY_S
        if (now.has_news or is_due) and not self._save(session, scope, now, looks_around=is_due):
            self.forget()
        return more

    def _save(self, session: Session, scope: Scope, now: Evaluator, *, looks_around: bool = False) -> bool:
        """Write alarms, memory and cursor, if we still are the one; False where another went on.

        looks_around: see to rules that changed unheard and to suppression that is over; an alarm does not wait
        for it
        """
        if not self.lease.hold(session) or queries.lock_memory(session, scope, NAME) != now.version:
            return False
        if looks_around and queries.fingerprint(session, scope) != now.fingerprint:
            now.reload(session, scope)
        while now.errors:
            _set_aside(session, scope, now)
            now.reload(session, scope)
        record(session, scope, now.moves)
        now.moves = []
        if now.gone:
            withdraw(session, scope, now.gone, why="the rule is not evaluated any more")
            now.gone = set()
        if looks_around:
            quiet.end_what_is_over(session, scope)
        now.version += 1
        _keep(session, now)
        journal.move_cursor(session, scope, NAME, now.sequence)
        self.saved_at = time.monotonic()
        return True


def _set_aside(session: Session, scope: Scope, now: Evaluator) -> None:
    for rule in queries.rules_by_key(session, scope, now.errors):
        set_aside(session, scope, rule, now.errors[rule.key])
        _log.warning("alarm rule set aside", rule=str(rule.id), error=rule.error)
    session.flush()
    now.errors = {}


def _keep(session: Session, now: Evaluator) -> None:
    saved = memory.pack(now.rules, now.memory)
    session.execute(
        text(
            "INSERT INTO rule_memory (follower, version, saved_at, memory)"
            " VALUES (:name, :version, :at, :memory) ON CONFLICT (follower) DO UPDATE"
            " SET version = excluded.version, saved_at = excluded.saved_at, memory = excluded.memory"
        ),
        {"name": NAME, "version": now.version, "at": clock.now(), "memory": saved},
    )
