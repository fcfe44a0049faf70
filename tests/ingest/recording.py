"""A sink that remembers what it was given, for the tests of the field protocols."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from ingest.ports import Readings


class Row(NamedTuple):
    """One reading as it reached the sink."""

    point_key: int
    read_at_us: int
    value: float
    quality: int


class RecordingSink:
    """Keeps rows, errors, refused payloads and sightings in the order they came."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.errors: list[str | None] = []
        self.refused: list[tuple[bytes, str, str]] = []
        self.sightings: dict[str, dict[str, Any]] = {}

    def put(self, readings: Readings, *, connection_id: UUID, done: Callable[[], None] | None = None) -> None:
        """Take readings over at once."""
        columns = (readings.point_key, readings.read_at_us, readings.value, readings.quality)
        self.rows.extend(Row(*(column[i].item() for column in columns)) for i in range(len(readings)))
        if done is not None:
            done()

    def refuse(self, payload: bytes, *, connection_id: UUID, address: str, reason: str) -> None:
        """Keep a dead letter."""
        self.refused.append((payload, address, reason))

    def contact(self, connection_id: UUID, *, error: str | None = None) -> None:
        """Keep changes of a connection's state."""
        if not self.errors or self.errors[-1] != error:
            self.errors.append(error)

    def sighted(self, connection_id: UUID, *, address: str, sample: dict[str, Any]) -> None:
        """Keep what was offered for adoption."""
        self.sightings[address] = sample

    def of(self, point_key: int) -> list[Row]:
        """Return a point's rows."""
        return [row for row in self.rows if row.point_key == point_key]

    def last(self, point_key: int) -> Row:
        """Return a point's newest row."""
        return self.of(point_key)[-1]


async def until(true: Callable[[], bool], *, seconds: float) -> None:
    """Wait until something is true; fails where it is not so within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while not true():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not so within {seconds} s") from None


class Running:
    """A protocol's loop running beside the test: `async with Running(run, plan) as sink`."""

    def __init__(self, run: Callable[..., Any], plan: Any) -> None:
        self._run = run
        self._plan = plan
        self.sink = RecordingSink()
        self._stop = asyncio.Event()

    async def __aenter__(self) -> RecordingSink:
        self._task = asyncio.create_task(self._run(self._plan, self.sink, self._stop))
        return self.sink

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        async with asyncio.timeout(10):
            await self._task
