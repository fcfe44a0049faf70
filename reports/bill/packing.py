"""Many bills as one ZIP file, handed out piece by piece: the parts are never all in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO


class _Pieces(io.RawIOBase):
    """Takes what is written and hands it on: a ZIP file needs no more of what it is written into."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        """Tell that it takes what is written."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # any bytes-like thing comes
        """Take a piece."""
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        data = bytes(self._held)
        self._held.clear()
        return data


def united(parts: Iterable[Callable[[], BinaryIO]]) -> Iterator[bytes]:
    """Yield the bytes of one ZIP file with what stands in several, in order. parts: each opens one."""
    out = _Pieces()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as whole:  # type: ignore[arg-type]  # it is written only
        for opened in parts:
            with opened() as file, zipfile.ZipFile(file) as part:
                for one in part.infolist():
                    whole.writestr(one, part.read(one))
                    yield out.taken()
    yield out.taken()
