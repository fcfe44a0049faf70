"""Leases: of many workers exactly one holds a name, until it lets go or falls silent."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.kernel import ids
from backend.kernel.db import Base


class LeaseRow(Base):
    """Who holds a name until when. Times are the database's, so that hosts need not agree."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]


@dataclass(frozen=True)
class Lease:
    """A name that one worker at a time may hold for `seconds` from its last renewal."""

    name: str
    seconds: float = 5.0
    holder: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{ids.new_id()}")

    def hold(self, session: Session) -> bool:
        """Take or renew the lease in the caller's transaction; True while it is ours.

        The row stays locked until that transaction ends, so work done in the same
        transaction is fenced: nobody else can act under the name meanwhile.
        """
        return bool(hold_all(session, [self.name], holder=self.holder, seconds=self.seconds))

    def release(self, session: Session) -> None:
        """Let go, so that another worker need not wait for the lease to run out."""
        release_all(session, [self.name], holder=self.holder)


def hold_all(session: Session, names: Iterable[str], *, holder: str, seconds: float) -> set[str]:
    """Take or renew several leases at once; return those that are the holder's now.

    They are taken in the order of their names, so that two holders never wait for each other.
    """
    rows = session.scalars(
        text(
            "INSERT INTO lease (name, holder, until)"
            " SELECT name, :holder, clock_timestamp() + :seconds * interval '1 second'"
            " FROM unnest(cast(:names AS text[])) AS name ORDER BY name"
            " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until"
            " WHERE lease.holder = excluded.holder OR lease.until < clock_timestamp() RETURNING name"
        ),
        {"names": sorted(set(names)), "holder": holder, "seconds": seconds},
    )
    return set(rows)


def release_all(session: Session, names: Iterable[str], *, holder: str) -> None:
    """Let go of several leases."""
    session.execute(
        text("DELETE FROM lease WHERE name = ANY (:names) AND holder = :holder"),
        {"names": sorted(set(names)), "holder": holder},
    )


def holders(session: Session, prefix: str, *, even_run_out: bool = False) -> dict[str, str]:
    """Return name -> holder of the leases under a prefix that have not run out, or of all there are."""
    rows = session.execute(
        text(
            "SELECT name, holder FROM lease"
            " WHERE starts_with(name, :prefix) AND (:all OR until >= clock_timestamp())"
        ),
        {"prefix": prefix, "all": even_run_out},
    )
    return {row.name: row.holder for row in rows}


def runs_out(session: Session, prefix: str, *, but: str) -> float | None:
    """Return when the first lease under a prefix runs out unless renewed, a holder's own aside [s from now]."""
    left: float | None = session.scalar(
        text(
            "SELECT extract(epoch FROM min(until) - clock_timestamp())::float8 FROM lease"
            " WHERE starts_with(name, :prefix) AND holder <> :but AND until >= clock_timestamp()"
        ),
        {"prefix": prefix, "but": but},
    )
    return left


def forget(session: Session, prefix: str, *, days: int = 1) -> None:
    """Delete leases under a prefix that ran out days ago, whose holders will not come back for them."""
    session.execute(
        text(
            "DELETE FROM lease WHERE starts_with(name, :prefix)"
            " AND until < clock_timestamp() - :days * interval '1 day'"
        ),
        {"prefix": prefix, "days": days},
    )
