"""How long driving takes, asked of a road service that speaks OSRM's `/table`; great circles while it is away."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog
from numpy.typing import NDArray
from requests import RequestException, Session

from backend.kernel.errors import Unavailable
from backend.workorders.rules.dispatch.travel import Matrix, Place, great_circle

BLOCK = 50
"""Places a side of one question: osrm-routed takes 100 coordinates as it is installed."""

REST_S = 60.0
"""After a failure nobody is made to wait for the service for this long [s]."""

_log = structlog.get_logger(__name__)


@dataclass
class Osrm:
    """A road service at an address. within_s: how long all questions of one matrix may take [s]

    A pair the service knows no road between is as far as the great circle says. Places far from any road are snapped to
    the nearest by the service.
    """

    url: str
    within_s: float = 4.0
    session: Session = field(default_factory=Session)
    is_away: bool = field(default=False, init=False)
    _again_at: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def matrix(self, places: Sequence[Place]) -> Matrix:
        """Return the seconds between all places, by road or, where that cannot be had in time, by great circle."""
        plain = great_circle(places)
        known = list(plain.index)
        if len(known) < 2 or time.monotonic() < self._again_at:
            return plain
        try:
            seconds = self._asked(known, plain.seconds)
        except (RequestException, Unavailable) as error:
            self._note(error)
            return plain
        self._note(None)
        return Matrix.of(known, seconds)

    def _asked(self, places: Sequence[Place], plain: NDArray[np.int64]) -> NDArray[np.int64]:
        until, seconds = time.monotonic() + self.within_s, plain.copy()
        blocks = [range(first, min(first + BLOCK, len(places))) for first in range(0, len(places), BLOCK)]
        for rows in blocks:
            for columns in blocks:
                for row, line in zip(rows, self._table(places, rows, columns, until), strict=True):
                    for column, value in zip(columns, line, strict=True):
                        if value is not None:
                            seconds[row, column] = math.ceil(value)
        np.fill_diagonal(seconds, 0)
        return seconds

    def _table(
        self, places: Sequence[Place], rows: range, columns: range, until: float
    ) -> Iterator[list[float | None]]:
        """Ask for the seconds from some places to others; raises where the answer is not one."""
        left_s = until - time.monotonic()
        if left_s <= 0:
            raise Unavailable(f"no whole answer within {self.within_s:g} s")
        asked = [*rows] if rows == columns else [*rows, *columns]
        where = ";".join(f"{places[one].lon:.6f},{places[one].lat:.6f}" for one in asked)
        query = {"annotations": "duration"}
        if rows != columns:
            query["sources"] = ";".join(str(number) for number in range(len(rows)))
            query["destinations"] = ";".join(str(number) for number in range(len(rows), len(asked)))
        answer = self.session.get(
            f"{self.url}/table/v1/driving/{where}", params=query, timeout=left_s, allow_redirects=False
        )
        answer.raise_for_status()
        try:
            lines = answer.json()["durations"]
        except (ValueError, KeyError, TypeError) as error:
            raise Unavailable("the answer holds no durations") from error
        if not _is_table(lines, len(rows), len(columns)):
            raise Unavailable("the answer is no table of seconds of the size asked for")
        yield from lines

    def _note(self, error: Exception | None) -> None:
        """Say once that the service is away, and once that it is back."""
        with self._lock:
            was_away, self.is_away = self.is_away, error is not None
            self._again_at = time.monotonic() + REST_S if error else 0.0
        if error is not None and not was_away:
            _log.warning("road service away: great circles instead", url=self.url, error=str(error)[:300])
        elif error is None and was_away:
            _log.info("road service is back", url=self.url)


def _is_table(lines: object, rows: int, columns: int) -> bool:
    return (
        isinstance(lines, list) and len(lines) == rows
        and all(isinstance(line, list) and len(line) == columns and all(map(_is_seconds, line)) for line in lines)
    )  # fmt: skip


def _is_seconds(value: object) -> bool:
    """Tell whether a value is a time to drive [s], a week at most, or nothing where no road leads."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value is None or (is_number and 0 <= value <= 604_800)  # type: ignore[operator]  # a number
