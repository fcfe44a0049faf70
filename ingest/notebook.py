"""A worker's small notes across restarts: what it subscribed to, which nodes it knows. Easily made again."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Any

import orjson
import structlog

log = structlog.get_logger(__name__)


class Notebook:
    """Names with JSON values in one file, replaced whole at each change. Any thread may use it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._notes: dict[str, Any] = {}
        with contextlib.suppress(FileNotFoundError):
            try:
                self._notes = dict(orjson.loads(path.read_bytes()))
            except (ValueError, TypeError):
                log.warning("notebook unreadable, begun anew", notebook=path.name)

    def recall(self, name: str) -> Any:
        """Return what was noted under a name; None where nothing was."""
        with self._lock:
            return self._notes.get(name)

    def remember(self, name: str, value: Any) -> None:
        """Note a JSON value under a name."""
        with self._lock:
            if self._notes.get(name) == value:
                return
            self._notes[name] = value
            written = self._path.with_name(f"{self._path.name}.new")
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                written.write_bytes(orjson.dumps(self._notes))
                os.replace(written, self._path)
            except OSError as error:
                log.warning("notebook not written", notebook=self._path.name, error=str(error))
