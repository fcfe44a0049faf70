"""Workers' names: each has its own on a machine, and with it spool, notes and copy of the plan."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from backend.kernel.errors import Conflict

FIRST = "main"


@contextmanager
def taken(folder: Path, name: str | None = None) -> Iterator[str]:
    """Hold a name while the block lasts: the one given, or the first of main, main-2, main-3, … that is free.

    Raises Conflict where the given name is taken. A process that is killed leaves its name free.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = None
    number = 1
    while held is None:
        tried = name or (FIRST if number == 1 else f"{FIRST}-{number}")
        held = _lock(folder, tried)
        if held is None and name is not None:
            raise Conflict(
                f"a worker named {name} already runs from {folder.parent}", field="worker", value=name,
                remedy="give this one another name, or none",
            )  # fmt: skip
        number += 1
    with held:
        yield tried


def is_taken(folder: Path, name: str) -> bool:
    """Tell whether a worker of this name runs."""
    held = _lock(folder, name)
    if held is None:
        return True
    held.close()
    return False


def _lock(folder: Path, name: str) -> TextIO | None:
    file = (folder / f"{name}.running").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file
