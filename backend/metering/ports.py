"""What metering asks of those who know the field's protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from backend.kernel.units import Carrier, PointKind


@dataclass(frozen=True)
class MeasureView:
    """One value of a meter family: what it is, in which unit, and which way it counts."""

    name: str
    quantity: str
    unit: str
    kind: PointKind
    direction: str | None


@dataclass(frozen=True)
class FamilyView:
    """A meter family there is a table for."""

    key: str
    maker: str
    model: str
    carrier: Carrier
    measures: tuple[MeasureView, ...]

    def measure(self, name: str) -> MeasureView | None:
        """Return one measure; None where the family has none of this name."""
        return next((one for one in self.measures if one.name == name), None)


class FieldGuide(Protocol):
    """Says, before anything is stored, whether a worker could use it; refusals name field, value and remedy."""

    def check_connection(
        self, protocol: str, address: Mapping[str, Any], *, organisation_id: UUID
    ) -> dict[str, Any]:
        """Return the address of a connection as it is to be kept; raises Refused."""
        ...

    def check_channel(
        self,
        protocol: str,
        connection: Mapping[str, Any],
        address: Mapping[str, Any],
        decoding: Mapping[str, Any],
    ) -> None:
        """Raise Refused where a channel of this address could not be read over the connection."""
        ...

    def families(self) -> Sequence[FamilyView]:
        """Return the meter families there are tables for, by maker and model."""
        ...
