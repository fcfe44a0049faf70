"""Files opened within bounds: what is small when packed may be endless when unpacked."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path
from typing import IO, Any

from backend.kernel.errors import Refused

MOST_UNPACKED_BYTES = 8 * 2**30
"""Of a packed table, which is read in parts [bytes]."""

MOST_WORKBOOK_BYTES = 2**30
MOST_TEXTS_BYTES = 2**28
"""Of a workbook in all, and of its table of texts, which is held in memory [bytes]."""


class Bounded(io.RawIOBase):
    """A packed file that refuses to go on beyond a number of bytes."""

    def __init__(self, path: Path, most: int) -> None:
        """Open it. most: bytes it may unpack to."""
        self._inner = gzip.open(path, "rb")  # noqa: SIM115  closed by close()
        self._left = most
        self.refusal: Refused | None = None

    def readable(self) -> bool:
        """It is to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read on; raises Refused beyond the bound."""
        count = self._inner.readinto(buffer)
        self._left -= count
        if self._left < 0:
            self.refusal = Refused(
                "the file is too large when unpacked", field="file", remedy="import it in parts"
            )
            raise self.refusal
        return count

    def close(self) -> None:
        """Let go of it."""
        self._inner.close()
        super().close()


def opened(path: Path) -> IO[Any]:
    """Open a table, unpacking it where its name ends in .gz."""
    if path.suffix != ".gz":
        return path.open("rb")
    return io.BufferedReader(Bounded(path, MOST_UNPACKED_BYTES))


def refusal_of(file: IO[Any]) -> Refused | None:
    """Return why a file refused to go on; a reader may have put an error of its own in its place."""
    return getattr(getattr(file, "raw", None), "refusal", None)


def demand_workbook(path: Path) -> None:
    """Raise Refused where a file is no workbook, or one that would fill the memory."""
    try:
        with zipfile.ZipFile(path) as packed:
            parts = {part.filename: part.file_size for part in packed.infolist()}
    except (OSError, zipfile.BadZipFile) as error:
        raise Refused(f"the workbook cannot be read: {error}", field="file") from None
    texts = parts.get("xl/sharedStrings.xml", 0)
    if sum(parts.values()) > MOST_WORKBOOK_BYTES or texts > MOST_TEXTS_BYTES:
        raise Refused(
            "the workbook is too large when unpacked", field="file", remedy="save it as CSV, or in parts"
        )
