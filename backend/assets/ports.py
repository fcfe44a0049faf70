"""What assets needs of the outside: a place for files."""

from __future__ import annotations

from typing import BinaryIO, Protocol


class FileStore(Protocol):
    """Keeps files under the SHA-256 of their bytes: the same bytes are kept once, and never change."""

    def put(self, data: bytes | BinaryIO) -> str:
        """Keep bytes, or all that a stream still holds; return their SHA-256 (64 hex digits) once they are on disk."""

    def open(self, sha256: str) -> BinaryIO:
        """Open a kept file for reading; raises NotFound."""

    def size(self, sha256: str) -> int:
        """Return how long a kept file is [B]; raises NotFound."""

    def exists(self, sha256: str) -> bool:
        """Tell whether the bytes are kept."""
