"""The spool: what was accepted while the database is away, on disk, in order, until it is back.

One SQLite file per worker process and one connection to it. The journal is truncated at each commit and
every commit reaches the disk before it returns (`synchronous=EXTRA`), so that what was acknowledged after
`append` survives a kill or a power cut. Write-ahead logging is left out on purpose: it would keep the last
commits in a file of its own. The file never grows beyond its cap; a full spool or disk is refused loudly.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import structlog

from backend.kernel.errors import EnerfieldError

log = structlog.get_logger(__name__)

PAGE_BYTES = 4096

_TABLES = """
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, items INTEGER NOT NULL,
    body BLOB NOT NULL, checksum BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS aside (
    id INTEGER PRIMARY KEY, kind TEXT, items INTEGER, body BLOB, checksum BLOB, reason TEXT NOT NULL
);
"""


class SpoolFull(EnerfieldError):
    """The spool or its disk takes no more: what comes now must not be acknowledged."""


class SpoolTaken(EnerfieldError):
    """Another process already works under this name."""


@dataclass(frozen=True)
class Kept:
    """One entry of the spool.

    kind: what the body is (`readings`, `letters`); items: how many of them it holds
    """

    id: int
    kind: str
    items: int
    body: bytes


class Spool:
    """Entries kept on disk in the order they came. Used by one thread at a time."""

    def __init__(self, path: Path, *, cap_mb: int = 1024) -> None:
        """Open or create the spool; raises SpoolTaken where another process has it.

        cap_mb: the file never grows beyond this [MB]
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = _lock(path)
        self._cap_mb = cap_mb
        try:
            self._db = self._open(cap_mb)
        except sqlite3.DatabaseError as error:
            if not _is_damaged(error):
                self._lock.close()
                raise
            self._set_file_aside(error)
            self._db = self._open(cap_mb)
        self.items = self._one("SELECT coalesce(sum(items), 0) FROM entry")

    def append(self, entries: Iterable[tuple[str, int, bytes]]) -> None:
        """Keep entries (kind, items, body) in one commit; on return they survive a kill.

        raises SpoolFull where the cap or the disk is reached: nothing of the call is kept then
        """
        rows = [(kind, items, body, _checksum(kind, body)) for kind, items, body in entries]
        try:
            self._insert(rows)
        except sqlite3.DatabaseError as error:
            if not self.mend(error):
                raise self._full(error) from error
            try:
                self._insert(rows)
            except sqlite3.DatabaseError as again:
                raise self._full(again) from again
        self.items += sum(row[1] for row in rows)

    def oldest(self, limit_items: int, *, after: int = 0) -> list[Kept]:
        """Return the oldest whole entries of up to `limit_items` (at least one), leaving them in place.

        after: only entries that came after this one
        Entries whose checksum no longer fits are set aside, never looped over.
        """
        kept: list[Kept] = []
        damaged: list[int] = []
        items = 0
        query = "SELECT id, kind, items, body, checksum FROM entry WHERE id > ? ORDER BY id"
        for row in self._db.execute(query, (after,)):
            entry = Kept(*row[:4])
            if _checksum(entry.kind, entry.body) != row[4]:
                damaged.append(entry.id)
                continue
            if kept and items + entry.items > limit_items:
                break
            kept.append(entry)
            items += entry.items
        for entry_id in damaged:
            self.set_aside(entry_id, "the checksum does not fit: damaged on disk")
        return kept

    def drop(self, entries: Iterable[Kept]) -> None:
        """Forget entries that are stored elsewhere now; an emptied spool gives its disk space back."""
        gone = list(entries)
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("DELETE FROM entry WHERE id = ?", [(entry.id,) for entry in gone])
        self.items -= sum(entry.items for entry in gone)
        if not self.items and self.size_bytes > 64 * PAGE_BYTES:
            self._db.execute("VACUUM")

    def set_aside(self, entry_id: int, reason: str) -> None:
        """Move an entry out of the way, with the reason; a person can look at it in the file."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(
                "INSERT INTO aside SELECT id, kind, items, body, checksum, ? FROM entry WHERE id = ?",
                (reason, entry_id),
            )
            self._db.execute("DELETE FROM entry WHERE id = ?", (entry_id,))
        self.items = self._one("SELECT coalesce(sum(items), 0) FROM entry")
        log.error("spool entry set aside", spool=self.path.name, entry=entry_id, reason=reason)

    def keep_aside(self, kind: str, items: int, body: bytes, *, reason: str) -> None:
        """Keep what nobody will take for a person to look at; where even that fails, the log has the reason."""
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                place = min(0, self._one("SELECT coalesce(min(id), 0) FROM aside")) - 1  # below any entry's
                self._db.execute(
                    "INSERT INTO aside VALUES (?, ?, ?, ?, ?, ?)",
                    (place, kind, items, body, _checksum(kind, body), reason),
                )
        except sqlite3.Error as error:
            log.critical("could not be set aside", spool=self.path.name, reason=reason, error=str(error))
            return
        log.error("set aside", spool=self.path.name, kind=kind, reason=reason)

    def mend(self, error: sqlite3.DatabaseError) -> bool:
        """Begin anew with an empty file where SQLite cannot read this one any more; True where that was so."""
        if not _is_damaged(error):
            return False
        self._db.close()
        self._set_file_aside(error)
        self._db = self._open(self._cap_mb)
        self.items = 0
        return True

    @property
    def size_bytes(self) -> int:
        """Size of the file [bytes]."""
        return self.path.stat().st_size

    @property
    def set_aside_count(self) -> int:
        """How many entries could not be used and wait for a person."""
        return self._one("SELECT count(*) FROM aside")

    def close(self) -> None:
        """Let go of the file, so that another process may have it."""
        self._db.close()
        self._lock.close()

    def _insert(self, rows: list[tuple[str, int, bytes, bytes]]) -> None:
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT INTO entry (kind, items, body, checksum) VALUES (?, ?, ?, ?)", rows)

    def _full(self, error: sqlite3.DatabaseError) -> SpoolFull:
        return SpoolFull(
            f"the spool {self.path.name} takes no more: {error}",
            remedy="bring the database back, or free disk space, or raise ENERFIELD_SPOOL_MB",
        )

    def _one(self, query: str) -> int:
        return int(self._db.execute(query).fetchone()[0])

    def _open(self, cap_mb: int) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            db.execute("PRAGMA journal_mode = TRUNCATE")
            db.execute("PRAGMA synchronous = EXTRA")
            db.execute(f"PRAGMA max_page_count = {cap_mb * 1024 * 1024 // PAGE_BYTES}")
            db.executescript(_TABLES)
            if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("database disk image is malformed")
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def _set_file_aside(self, error: sqlite3.DatabaseError) -> None:
        """Keep a file SQLite cannot read for a person to look at, and start a new one."""
        number = 1
        while (aside := self.path.with_suffix(f".damaged-{number}")).exists():
            number += 1
        os.replace(self.path, aside)
        log.critical("spool file damaged, set aside", spool=str(aside), error=str(error))


def _is_damaged(error: sqlite3.DatabaseError) -> bool:
    return "malformed" in str(error) or "not a database" in str(error)


def _checksum(kind: str, body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16, person=kind.encode()[:16]).digest()


def _lock(path: Path) -> IO[bytes]:
    """Hold the name for this process; the kernel lets go when the process ends, however it ends."""
    lock = open(path.with_suffix(".lock"), "wb")  # noqa: SIM115  held until close()
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise SpoolTaken(
            f"another process works with the spool {path.name}",
            remedy="give each worker its own name: enerfield ingest run --worker NAME",
        ) from None
    return lock
