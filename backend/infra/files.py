"""Files in a folder, under the SHA-256 of their bytes (port: `backend.assets.ports.FileStore`)."""

from __future__ import annotations

import hashlib
import io
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from backend.kernel import ids
from backend.kernel.errors import NotFound

PIECE = 1 << 20
"""Read and written at a time [B]."""


@dataclass(frozen=True)
class FolderFiles:
    """Keeps files as `ab/cdef…`; a file appears whole, by a rename after its bytes are on disk."""

    folder: Path

    def put(self, data: bytes | BinaryIO) -> str:
        """Keep bytes or the rest of a stream; return their SHA-256 once they are on disk."""
        stream = io.BytesIO(data) if isinstance(data, bytes) else data
        self.folder.mkdir(parents=True, exist_ok=True)
        half = self.folder / f"{ids.show(ids.new_id())}.part"
        digest = hashlib.sha256()
        try:
            with open(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                while piece := stream.read(PIECE):
                    digest.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            place = self._place(digest.hexdigest())
            if not place.exists():
                place.parent.mkdir(exist_ok=True)
                half.rename(place)
                _settle(place.parent)
                _settle(self.folder)
        finally:
            with suppress(FileNotFoundError):
                half.unlink()
        return digest.hexdigest()

    def open(self, sha256: str) -> BinaryIO:
        """Open a kept file for reading; raises NotFound."""
        try:
            return self._place(sha256).open("rb")
        except FileNotFoundError:
            raise NotFound("this file is not here", field="sha256", value=sha256) from None

    def size(self, sha256: str) -> int:
        """Return how long a kept file is [B]; raises NotFound."""
        try:
            return self._place(sha256).stat().st_size
        except FileNotFoundError:
            raise NotFound("this file is not here", field="sha256", value=sha256) from None

    def exists(self, sha256: str) -> bool:
        """Tell whether the bytes are kept."""
        return self._place(sha256).exists()

    def _place(self, sha256: str) -> Path:
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise NotFound("this is not the SHA-256 of a file", field="sha256", value=sha256)
        return self.folder / sha256[:2] / sha256[2:]


def _settle(folder: Path) -> None:
    """Have the folder's list of names on disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
