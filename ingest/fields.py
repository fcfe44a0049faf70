"""Check a table of plain values against what its fields may hold. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.kernel.errors import Refused

REQUIRED = object()


@dataclass(frozen=True)
class Field:
    """What one field may hold: its type, default, allowed words and bounds."""

    type: type
    default: Any = REQUIRED
    among: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None


def check_table(where: str, table: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """Return the table with defaults filled in; raises Refused for the first thing wrong.

    where: what the table describes, put before field names in messages
    """
    for name in table:
        if name not in fields:
            raise Refused(
                f"{where}: unknown field '{name}'",
                field=f"{where}.{name}",
                value=table[name],
                remedy="use one of " + ", ".join(fields),
            )
    return {
        name: _value(f"{where}.{name}", table.get(name, field.default), field)
        for name, field in fields.items()
    }


def _value(where: str, value: Any, field: Field) -> Any:
    if value is REQUIRED:
        raise Refused(f"{where} is missing", field=where, remedy=f"give a {field.type.__name__}")
    if value is None:
        return None
    if field.type is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, field.type) or isinstance(value, bool) is not (field.type is bool):
        raise Refused(
            f"{where} is {value!r}", field=where, value=value, remedy=f"give a {field.type.__name__}"
        )
    if field.among and value not in field.among:
        raise Refused(
            f"{where} is {value!r}",
            field=where,
            value=value,
            remedy="use one of " + ", ".join(str(word) for word in field.among),
        )
    if (field.low is not None and value < field.low) or (field.high is not None and value > field.high):
        raise Refused(
            f"{where} is {value}", field=where, value=value, remedy=f"between {field.low} and {field.high}"
        )
    return value
