"""Work out the past in a process of its own, while the database stores what is ready."""

import multiprocessing
import queue
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from backend.demo import history, kept
from backend.demo.history import Batch
from backend.demo.meters import Meters
from backend.demo.spec import PointSpec

_AHEAD = 6
"""Batches worked out ahead: bounds memory."""


@dataclass
class Past:
    """What the process sends: the exchanged meters first, then batch after batch."""

    _process: BaseProcess
    _sent: Any

    def exchanged(self) -> dict[str, list[tuple[datetime, float]]]:
        """Return {point key: [(when, last value of the old meter)]}; to be asked once, before the batches."""
        return self._next()

    def batches(self) -> Iterator[Batch]:
        """Yield every batch in order of time."""
        while (batch := self._next()) is not None:
            yield batch

    def _next(self) -> Any:
        while True:
            try:
                sent = self._sent.get(timeout=2.0)
            except queue.Empty:
                if not self._process.is_alive():
                    raise RuntimeError("the process that works out the past has died") from None
                continue
            if isinstance(sent, BaseException):
                raise sent
            return sent


@contextmanager
def past(points: Sequence[PointSpec], now: datetime, home: Path) -> Iterator[Past]:
    """Start the process; it ends with the block. Enter it before any connection to the database is open.

    home: where running totals are kept for the field devices
    """
    fork = multiprocessing.get_context("fork")
    sent = fork.Queue(_AHEAD)
    process = fork.Process(target=_work_out, args=(points, now, home, sent), daemon=True)
    process.start()
    try:
        yield Past(process, sent)
    finally:
        process.terminate()
        process.join(10)
        sent.close()


def _work_out(points: Sequence[PointSpec], now: datetime, home: Path, sent: Any) -> None:
    try:
        meters = Meters(points, kept_in=kept.place(home))
        sent.put(meters.final_values(now))
        for batch in history.batches(meters, now):
            sent.put(batch)
        sent.put(None)
        meters.keep(kept.place(home))
    except Exception as error:
        sent.put(error)
    sent.close()
    sent.join_thread()
