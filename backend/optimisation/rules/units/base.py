"""What every unit has in common, and how its numbers are declared so that they can be checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Any, Protocol

from backend.optimisation.rules.sheet import Sheet


class Unit(Protocol):
    """Something that gives to or takes from balances."""

    @property
    def name(self) -> str:
        """How it is called; no two units of a plant share a name."""
        ...

    @property
    def carriers(self) -> tuple[str, ...]:
        """The carriers it gives to or takes from."""
        ...

    def write(self, sheet: Sheet) -> None:
        """Write its columns, rows and entries."""
        ...

    def faults(self, sheet_hours: Any) -> Iterator[Fault]:
        """Yield what is wrong with it beyond the bounds of single numbers."""
        ...


Fault = tuple[str, Any, str, str]
"""Field, value, message, remedy."""

_NOTHING = object()


def number(
    default: Any = _NOTHING,
    *,
    least: float = float("-inf"),
    most: float = float("inf"),
    endless: bool = False,
) -> Any:
    """Declare a number (or one a step, or a mapping of them) with its bounds; endless: infinity may stand there."""
    metadata = {"least": least, "most": most, "endless": endless}
    if default is _NOTHING:
        return field(metadata=metadata)
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)
