"""A sink in memory for the tests of MQTT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from ingest.ports import Numbered, Readings


class MemorySink:
    """Remembers what it was given. holds: acknowledgements are kept in `waiting` instead of given."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, float, int]] = []
        self.live: list[bool] = []
        self.letters: list[tuple[bytes, str, str]] = []
        self.known: list[Mapping[str, Any] | None] = []
        self.errors: list[str | None] = []
        self.gaps: list[tuple[int, dict[str, Any]]] = []
        self.numbers: list[tuple[str, int]] = []
        self.sightings: dict[str, dict[str, Any]] = {}
        self.waiting: list[Callable[[], None]] = []
        self.holds = False

    def put(
        self,
        readings: Readings,
        *,
        connection_id: UUID,
        done: Callable[[], None] | None = None,
        live: bool = True,
        number: Numbered | None = None,
    ) -> None:
        r = readings
        columns = (r.point_key.tolist(), r.read_at_us.tolist(), r.value.tolist(), r.quality.tolist())
        self.rows += list(zip(*columns, strict=True))
        self.live.append(live)
        if number is not None:
            self.numbered(connection_id, number)
        self._tell(done)

    def refuse(
        self,
        payload: bytes,
        *,
        connection_id: UUID,
        address: str,
        reason: str,
        done: Callable[[], None] | None = None,
        known: Mapping[str, Any] | None = None,
    ) -> None:
        self.letters.append((payload, address, reason))
        self.known.append(known)
        self._tell(done)

    def contact(self, connection_id: UUID, *, error: str | None = None) -> None:
        self.errors.append(error)

    def numbered(self, connection_id: UUID, number: Numbered) -> None:
        self.numbers.append((number.device, number.number))

    def missed(self, connection_id: UUID, *, count: int, gap: dict[str, Any]) -> None:
        self.gaps.append((count, gap))

    def sighted(self, connection_id: UUID, *, address: str, sample: dict[str, Any]) -> None:
        self.sightings[address] = sample

    def _tell(self, done: Callable[[], None] | None) -> None:
        if done is None:
            return
        if self.holds:
            self.waiting.append(done)
        else:
            done()
