"""The spool on its way back to the database: in batches, and one by one where one of them fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from ingest import entries
from ingest.entries import Letter, Portion
from ingest.spool import Kept, Spool

log = structlog.get_logger(__name__)

MOST_FAILURES = 5
"""An entry of the spool that failed so often while others were stored is set aside."""


@dataclass
class Stuck:
    """An entry of the spool that failed. progress: what had been stored by then; is_aside: others have a turn."""

    entry_id: int
    progress: int
    failures: int = 0
    is_aside: bool = False


class Drain:
    """Empties a spool. Used by the sink's one thread."""

    def __init__(
        self, spool: Spool, is_nobodys: Callable[[UUID], bool],
        stored: Callable[[Sequence[Portion | Letter]], bool], progress: Callable[[], int],
    ) -> None:  # fmt: skip
        """Prepare. stored: tries to store things, and tells whether that went well; progress: how much was stored."""
        self._spool = spool
        self._is_nobodys = is_nobodys
        self._stored = stored
        self._progress = progress
        self._stuck: Stuck | None = None

    def turn(self, rows: int) -> None:
        """Bring the oldest to the database, up to `rows` readings, or one entry where one failed."""
        stuck = self._stuck
        if stuck is None:
            stored, usable = self._bring(self._spool.oldest(rows))
            if not stored and usable:
                self._stuck = Stuck(usable[0].id, self._progress())
        elif stuck.is_aside:
            self._bring(self._spool.oldest(1, after=stuck.entry_id))
            stuck.is_aside = False
        else:
            stored, usable = self._bring(self._spool.oldest(1))
            if stored or not usable or usable[0].id != stuck.entry_id:
                self._stuck = None
            else:
                self._failed_again(stuck)

    def _bring(self, kept: list[Kept]) -> tuple[bool, list[Kept]]:
        """Store entries and drop them; return whether that went well, and which of them could be tried."""
        things: list[Portion | Letter] = []
        usable: list[Kept] = []
        for entry in kept:
            try:
                thing = entries.unpack(entry.kind, entry.body)
            except Exception as error:  # damaged in a way its checksum does not show, or of another version
                self._spool.set_aside(entry.id, f"cannot be read: {error}")
                continue
            if self._is_nobodys(thing.connection_id):
                self._spool.set_aside(entry.id, f"there is no connection {thing.connection_id}")
                continue
            things.append(thing)
            usable.append(entry)
        if not usable or not self._stored(entries.joined(things)):
            return False, usable
        self._spool.drop(usable)
        if not self._spool.items:
            log.info("spool drained")
        return True, usable

    def _failed_again(self, stuck: Stuck) -> None:
        """Count how often an entry failed while others went through; after a few times it is set aside."""
        stuck.is_aside = True
        if self._progress() > stuck.progress:
            stuck.progress = self._progress()
            stuck.failures += 1
        if stuck.failures >= MOST_FAILURES:
            self._spool.set_aside(stuck.entry_id, "it could not be stored while others were")
            self._stuck = None
