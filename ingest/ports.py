"""What the field protocols expect of the place where readings go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings as parallel arrays of one length.

    point_key: int64, which point
    read_at_us: int64, instant of measurement [microseconds since the Unix epoch, UTC]
    value: float64 in the point's unit, NaN where there is none
    quality: int16 (metering's Quality: 0 good, 1 uncertain, 2 bad, 3 substituted, 4 manual)
    """

    point_key: NDArray[np.int64]
    read_at_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.int16]

    @classmethod
    def of(cls, rows: list[tuple[int, int, float, int]]) -> Readings:
        """Build readings from rows (point key, instant [us], value, quality)."""
        keys, instants, values, qualities = zip(*rows, strict=True) if rows else ((), (), (), ())
        return cls(
            np.array(keys, np.int64),
            np.array(instants, np.int64),
            np.array(values, np.float64),
            np.array(qualities, np.int16),
        )

    def __len__(self) -> int:
        return len(self.point_key)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A device's message by its number. read_at_us: its instant [microseconds since the Unix epoch]."""

    device: str
    number: int
    read_at_us: int


class Sink(Protocol):
    """Where readings go. Every method may be called from any thread."""

    def put(
        self,
        readings: Readings,
        *,
        connection_id: UUID,
        done: Callable[[], None] | None = None,
        live: bool = True,
        number: Numbered | None = None,
    ) -> None:
        """Take readings over; blocks while too many wait. `done` is called once they are durable.

        live: they are news; False for history a device sends after the fact
        number: which message of which device they came in, so that missing ones are seen
        """

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
        """Put what cannot be used on the dead-letter list, with the reason in words.

        known: what a replay must know beside the bytes, as plain JSON
        """

    def contact(self, connection_id: UUID, *, error: str | None = None) -> None:
        """Note that the connection was heard (`error` None) or what is wrong with it, in words."""

    def numbered(self, connection_id: UUID, number: Numbered) -> None:
        """Note that a numbered message came of which nothing could be used."""

    def missed(self, connection_id: UUID, *, count: int, gap: dict[str, Any]) -> None:
        """Note messages known to be lost, and where (device, from, to)."""

    def sighted(self, connection_id: UUID, *, address: str, sample: dict[str, Any]) -> None:
        """Offer a device or tag seen on the wire, but not mapped, for adoption."""
