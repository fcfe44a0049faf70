"""The followers of the journal: alarms and roll-ups, each in a thread of its own, woken by the database.

Any number of these processes may run. Each follower works under a lease, so that one of them does the work
and another takes over within seconds when it falls silent.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from typing import Protocol

import psycopg
import structlog
from sqlalchemy.orm import Session

from backend.alarms.service import AlarmFollower
from backend.kernel.db import Database
from backend.kernel.leases import Lease
from backend.kernel.scope import Scope
from backend.metering.service import RollUpFollower, validate_closed_days
from backend.tenancy import service as tenancy

PATIENCE_S = 1.0
"""How long a follower sleeps when nothing wakes it: delays and silence are looked after this often."""

GATHER_S = 0.5
"""Roll-ups are right within 5 s; gathering batches this long saves doing most of them again and again [s]."""

VALIDATE_S = 5.0
"""How often it is asked whether a day is over somewhere [s]."""

SCOPE_EVERY_S = 5.0
"""How often a follower looks whether organisations were added."""

_log = structlog.get_logger(__name__)


class Follower(Protocol):
    """What the loop asks of a follower."""

    name: str
    channels: Sequence[str]

    def woken(self, channel: str) -> None:
        """Hear what woke it."""
        ...

    def turn(self, database: Database, scope: Scope) -> bool:
        """Do what is to be done now; True where more is waiting."""
        ...

    def forget(self) -> None:
        """Begin the next turn from what was saved."""
        ...

    def let_go(self, database: Database, scope: Scope) -> None:
        """Leave in good order."""
        ...


class RollUps:
    """Metering's follower under a lease."""

    name = "roll_ups"
    channels = ("batch",)

    def __init__(self) -> None:
        self.lease = Lease(self.name)
        self.follower = RollUpFollower()
        self.is_ours = False
        self.turned_at = self.validated_at = -math.inf

    def woken(self, channel: str) -> None:
        """Nothing to remember: a turn looks at the journal anyway."""

    def turn(self, database: Database, scope: Scope) -> bool:
        """Make amounts of what has gathered, if the lease is ours."""
        if time.monotonic() - self.turned_at < GATHER_S:
            return False
        with database.transaction(scope) as session:
            was_ours, self.is_ours = self.is_ours, self.lease.hold(session)
            if not self.is_ours:
                self.turned_at = time.monotonic()
                return False
            if not was_ours:
                self.follower.forget()
            self.follower.step(session, scope)
        if self.follower.is_behind:
            return True
        self.turned_at = time.monotonic()
        with database.transaction(scope) as session:
            self.lease.hold(session)
            return self.follower.estimate(session, scope) + self._validate(session, scope) > 0

    def _validate(self, session: Session, scope: Scope) -> int:
        """Validate the days that are over, every few seconds, and go on while there are more."""
        if time.monotonic() - self.validated_at < VALIDATE_S:
            return 0
        count = validate_closed_days(session, scope)
        if not count:
            self.validated_at = time.monotonic()
        return count

    def forget(self) -> None:
        """Read points and progress again."""
        self.is_ours = False

    def let_go(self, database: Database, scope: Scope) -> None:
        """Release the lease."""
        with database.transaction(scope) as session:
            self.lease.release(session)


FOLLOWERS: dict[str, type[AlarmFollower] | type[RollUps]] = {"alarms": AlarmFollower, "rollups": RollUps}


def run(database: Database, names: Sequence[str], stop: threading.Event) -> None:
    """Run followers until `stop` is set; each finishes its turn first."""
    threads = [
        threading.Thread(target=follow, args=(FOLLOWERS[name](), database, stop), name=name) for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def follow(follower: Follower, database: Database, stop: threading.Event) -> None:
    """Turn and sleep until `stop`. A fault is logged once, its end once; in between it is tried again."""
    fault = _Fault(follower.name)
    while not stop.is_set():
        try:
            _listen(follower, database, stop, fault)
        except Exception as error:
            fault.begins(error)
            follower.forget()
            stop.wait(fault.pause_s)


def _listen(follower: Follower, database: Database, stop: threading.Event, fault: _Fault) -> None:
    """Take turns until `stop`; sleep until woken when nothing is left to do."""
    with psycopg.connect(database.url, autocommit=True) as ear:
        for channel in follower.channels:
            ear.execute(f"LISTEN {channel}")  # type: ignore[arg-type]  # names from our own code
        scope, looked_at = everything(database), time.monotonic()
        while not stop.is_set():
            more = follower.turn(database, scope)
            fault.ends()
            for note in ear.notifies(timeout=0 if more else PATIENCE_S, stop_after=None if more else 1):
                follower.woken(note.channel)
            if time.monotonic() - looked_at > SCOPE_EVERY_S:
                scope, looked_at = everything(database), time.monotonic()
        _leave(follower, database, scope)


class _Fault:
    """Says once that a follower fails, and once that it works again; the pauses grow up to 5 s."""

    def __init__(self, name: str) -> None:
        self.name, self.is_on, self.pause_s = name, False, 0.1

    def begins(self, error: Exception) -> None:
        """Note a failure."""
        if not self.is_on:
            _log.warning("follower failed", follower=self.name, exc_info=error)
        self.is_on, self.pause_s = True, min(2 * self.pause_s, 5.0)

    def ends(self) -> None:
        """Note that a turn went well."""
        if self.is_on:
            _log.info("follower works again", follower=self.name)
        self.is_on, self.pause_s = False, 0.1


def _leave(follower: Follower, database: Database, scope: Scope) -> None:
    try:
        follower.let_go(database, scope)
    except Exception as error:
        _log.warning(
            "the lease was not released; it runs out by itself", follower=follower.name, error=str(error)
        )


def everything(database: Database) -> Scope:
    """Return the scope of work on the journal, which holds readings of every tree."""
    scopes = tenancy.system_scopes(database, "follow the journal")
    return Scope.system(frozenset().union(*(scope.organisations for scope in scopes)), "follow the journal")
