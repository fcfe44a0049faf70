"""Photos on their way: named by hash, resumed where they stopped, checked as a whole, kept without their place."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session

from backend.assets.ports import FileStore
from backend.assets.rules import files as safety
from backend.field import queries
from backend.field.models import FieldUpload
from backend.kernel import clock, ids
from backend.kernel.errors import ChecksumWrong, Conflict, Refused, Unavailable
from backend.kernel.scope import Scope
from backend.workorders import service as work

LARGEST, PIECE = 15_000_000, 262_144
KEPT = timedelta(days=14)
KINDS = ("image/jpeg", "image/png", "image/webp")


@dataclass(frozen=True)
class Begun:
    """upload None: the bytes are here already."""

    upload: FieldUpload | None
    is_here: bool


def begin(session: Session, scope: Scope, *, sha256: str, size: int, mime: str) -> Begun:
    """Begin to send a file, or learn that it is here; beginning again gives the same upload."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise Refused("a file is named by its SHA-256", field="sha256", value=sha256[:80])
    if mime not in KINDS:
        raise Refused(
            "this kind of file is not taken", field="mime", value=mime, remedy=f"one of {', '.join(KINDS)}"
        )
    if not 0 < size <= LARGEST:
        raise Refused(f"a photo has at most {LARGEST // 1_000_000} MB", field="size", value=size,
                      remedy="take it smaller")  # fmt: skip
    found = queries.uploads_of(session, scope, [sha256]).get(sha256)
    stored = (found.stored_sha256 if found else None) or work.stored(session, scope, sha256=sha256)
    if stored is not None:
        work.note_arrival(session, scope, sha256=sha256, stored_sha256=stored)
        return Begun(None, is_here=True)
    now = clock.now()
    if found is None:
        queries.add_upload(
            session, scope, FieldUpload(id=ids.new_id(), person_id=scope.actor_id, sha256=sha256, size=size, mime=mime,
                                        received=0, created_at=now, expires_at=now + KEPT),
        )  # fmt: skip
        found = queries.uploads_of(session, scope, [sha256])[sha256]
    elif found.refused is not None or found.size != size:
        found.refused, found.received, found.size, found.mime = None, 0, size, mime
    return Begun(found, is_here=False)


def kept_as(session: Session, scope: Scope, *, sha256: str) -> str | None:
    """Return under which hash a photo is kept, though its bytes may have come before any order heard of it."""
    found = queries.uploads_of(session, scope, [sha256]).get(sha256)
    return (found.stored_sha256 if found else None) or work.stored(session, scope, sha256=sha256)


def where(session: Session, scope: Scope, *, folder: Path, upload_id: UUID) -> FieldUpload:
    """Return how far an upload is: what is both committed and on the disk."""
    upload = queries.upload(session, scope, upload_id)
    _look(upload, _part(folder, upload))
    return upload


def take(
    session: Session, scope: Scope, files: FileStore, *, folder: Path, upload_id: UUID, offset: int, piece: bytes,
    sha256: bytes | None,
) -> FieldUpload:  # fmt: skip
    """Take the next piece. The file may be longer than what was committed (a crash in between): it is cut back first.

    sha256: of the piece; raises ChecksumWrong where it differs, Conflict where the offset is not the next one
    """
    upload = queries.upload(session, scope, upload_id)
    if upload.stored_sha256 is not None:
        return upload
    if sha256 is not None and hashlib.sha256(piece).digest() != sha256:
        raise ChecksumWrong("this piece did not arrive as it was sent", remedy="send it again")
    part = _part(folder, upload)
    _look(upload, part)
    if offset != upload.received:
        raise Conflict(
            "this is not the next piece", field="Upload-Offset", value=offset, remedy="ask where it stands"
        )
    if len(piece) > PIECE or offset + len(piece) > upload.size:
        raise Refused("this piece is longer than what is left", field="Upload-Offset", value=offset)
    _append(part, offset, piece)
    upload.received = offset + len(piece)
    if upload.received == upload.size:
        _finish(session, scope, files, upload, part)
    session.flush()
    return upload


def here(session: Session, scope: Scope, *, hashes: Collection[str]) -> dict[str, bool]:
    """Tell of hashes whether their bytes are here."""
    known = queries.uploads_of(session, scope, hashes)
    return {
        one: (one in known and known[one].stored_sha256 is not None)
        or work.stored(session, scope, sha256=one) is not None
        for one in hashes
    }


def drop_expired(folder: Path) -> int:
    """Delete pieces nobody has added to for a fortnight; returns how many."""
    now, dropped = clock.now().timestamp(), 0
    for part in folder.glob("*.part"):
        if now - part.stat().st_mtime > KEPT.total_seconds():
            part.unlink(missing_ok=True)
            dropped += 1
    return dropped


def _finish(session: Session, scope: Scope, files: FileStore, upload: FieldUpload, part: Path) -> None:
    """The whole is here: it must be what it was called, and a picture; then it is kept and told."""
    data = part.read_bytes()
    try:
        if hashlib.sha256(data).hexdigest() != upload.sha256:
            raise Refused("these are not the bytes that were announced", field="sha256", value=upload.sha256,
                          remedy="take the photo again")  # fmt: skip
        taken = safety.accept(data)
        if not taken.media_type.startswith("image/"):
            raise Refused("this is no picture", field="mime", value=taken.media_type)
    except Refused as error:
        upload.refused, upload.received = error.message, 0
        _forget(session, part)
        return
    with _room():
        upload.stored_sha256 = files.put(taken.data)
    work.note_arrival(session, scope, sha256=upload.sha256, stored_sha256=upload.stored_sha256)
    _forget(session, part)


def _look(upload: FieldUpload, part: Path) -> None:
    """Believe no more than is on the disk: pieces may be gone while what was said of them is not."""
    if upload.stored_sha256 is None:
        upload.received = min(upload.received, part.stat().st_size if part.exists() else 0)


def _forget(session: Session, part: Path) -> None:
    """Delete the pieces once it is certain what became of them."""
    event.listen(session, "after_commit", lambda _session: part.unlink(missing_ok=True), once=True)


@contextmanager
def _room() -> Iterator[None]:
    """Say in our words that the disk is full; the phone keeps its bytes and tries again."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Unavailable("the server has no room for photos just now",
                          remedy="nothing is lost: it is sent again later") from error  # fmt: skip


def _part(folder: Path, upload: FieldUpload) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{ids.show(upload.id)}.part"


def _append(part: Path, offset: int, piece: bytes) -> None:
    """Write a piece at its offset and have it on disk before anybody hears of it."""
    with _room(), open(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600), "wb", buffering=0) as file:
        file.truncate(offset)
        file.seek(offset)
        left = memoryview(piece)
        while left:
            left = left[file.write(left) :]
        os.fsync(file.fileno())
