"""Leases: of many workers exactly one holds a name, until it lets go or falls silent."""

from __future__ import annotations

import os
import socket
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
        row = session.execute(
            text(
                "INSERT INTO lease (name, holder, until)"
                " VALUES (:name, :holder, clock_timestamp() + :seconds * interval '1 second')"
                " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until"
                " WHERE lease.holder = excluded.holder OR lease.until < clock_timestamp() RETURNING 1"
            ),
            {"name": self.name, "holder": self.holder, "seconds": self.seconds},
        )
        return row.first() is not None

    def release(self, session: Session) -> None:
        """Let go, so that another worker need not wait for the lease to run out."""
        session.execute(
            text("DELETE FROM lease WHERE name = :name AND holder = :holder"),
            {"name": self.name, "holder": self.holder},
        )
