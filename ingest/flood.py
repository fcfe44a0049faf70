"""Dead letters of one kind by the thousand are kept up to a number; the rest is counted.

A device that nobody mapped, or one whose firmware went wrong, would otherwise fill the database with the same
news. What is beyond the number is acknowledged and gone; a letter without bytes says how many those were.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from backend.kernel import clock
from ingest.entries import Letter

WINDOW_SECONDS = 3600.0
MOST_ALIKE = 1_000
"""Letters kept of one connection with the same reason, in a window."""

MOST = 10_000
"""Letters kept of one connection whatever their reasons, in a window."""


@dataclass
class _Window:
    until: float
    kept: int = 0
    alike: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)


class Flood:
    """Counts letters of each connection. Any thread may use it."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        """Prepare. now: a clock that only goes forward [s]."""
        self._now = now
        self._lock = threading.Lock()
        self._windows: dict[UUID, _Window] = {}

    def admits(self, connection_id: UUID, reason: str) -> bool:
        """Tell whether a letter is to be kept; where not, it is counted."""
        with self._lock:
            window = self._windows.get(connection_id)
            if window is None:
                window = self._windows[connection_id] = _Window(self._now() + WINDOW_SECONDS)
            alike = window.alike.get(reason, 0)
            if window.kept < MOST and alike < MOST_ALIKE:
                window.kept += 1
                window.alike[reason] = alike + 1
                return True
            said = reason if reason in window.alike else "other reasons"
            window.left_out[said] = window.left_out.get(said, 0) + 1
            return False

    def ended(self, *, at_once: bool = False) -> list[Letter]:
        """Return a letter for each reason by which some were left out, of windows that ended (or all)."""
        now = self._now()
        with self._lock:
            over = [c for c, window in self._windows.items() if at_once or window.until <= now]
            left_out = {connection_id: self._windows.pop(connection_id).left_out for connection_id in over}
        return [
            Letter(
                connection_id, clock.now_us(), "(many)", b"",
                f"{count} more like this were counted, but not kept: {reason}",
            )
            for connection_id, counts in left_out.items()
            for reason, count in counts.items()
        ]  # fmt: skip
