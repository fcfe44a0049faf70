"""Pages by keyset: a cursor names the last row seen, so that page 100,000 costs what page 1 does.

`page` is the one way a list is read: a query says what is in it, `by` in which order, and the rest (the rows
after the cursor, one more to know whether there is another page, the cursor of that) is the same for all.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, UnaryExpression, and_, literal, or_, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql.operators import desc_op

from backend.kernel import clock, ids
from backend.kernel.errors import Refused

T = TypeVar("T")
Shown = TypeVar("Shown")
MOST = 200


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows and the cursor of the next page; None when these were the last."""

    items: Sequence[T]
    next_cursor: str | None

    def each(self, show: Callable[[T], Shown]) -> Page[Shown]:
        """Return the page with each of its rows as `show` makes of it."""
        return Page([show(item) for item in self.items], self.next_cursor)


def page(
    session: Session, query: Select[Any], *, by: Sequence[Any], cursor: str | None = None, limit: int = 50
) -> Page[Any]:
    """Return the rows of a query that come after the cursor, in an order that names each row but once.

    by: columns, never null, the last of them unique; `.desc()` for those that go down
    limit: at most so many rows [1, MOST]
    returns: rows as the query selects them; plain values where it selects one thing
    raises Refused when the cursor is not of this list
    """
    limit = max(1, min(limit, MOST))
    columns, goes_down = zip(*map(_column, by), strict=True)
    if cursor is not None:
        query = query.where(_after(columns, goes_down, decode(cursor, *map(_kind, columns))))
    width = len(query.column_descriptions)
    marked = query.add_columns(*(column.label(f"_key_{place}") for place, column in enumerate(columns)))
    found = session.execute(marked.order_by(*by).limit(limit + 1)).freeze()
    rows = found().all()
    shown = (found().scalars() if width == 1 else found().columns(*range(width))).all()[:limit]
    following = encode(*map(_part, rows[limit - 1][width:])) if len(rows) > limit else None
    return Page(shown, following)


def every(ask: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """Yield the rows of all pages; `ask` returns the page after a cursor, the first one after None."""
    found = ask(None)
    yield from found.items
    while found.next_cursor is not None:
        found = ask(found.next_cursor)
        yield from found.items


def encode(*key: str | int) -> str:
    """Return the opaque cursor for the sort key of the last row shown."""
    said = json.dumps(key, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> list[Any]:
    """Read a cursor back as values of these kinds.

    As text: str, UUID, date, Enum (its value); as a number: int, bool, datetime (µs).
    raises Refused when it was not made by `encode` from such a key
    """
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(key, list) or len(key) != len(kinds):
            raise ValueError(cursor)
        return [_value(part, kind) for part, kind in zip(key, kinds, strict=True)]
    except (ValueError, OverflowError, RecursionError):
        raise Refused(
            "this page marker is not valid", field="cursor", value=cursor, remedy="start from the first page"
        ) from None


def _column(ordered: Any) -> tuple[ColumnElement[Any], bool]:
    """Return the column of a part of an order, and whether it goes down."""
    if isinstance(ordered, UnaryExpression) and ordered.modifier is desc_op:
        return ordered.element, True
    return ordered, False


def _after(
    columns: Sequence[ColumnElement[Any]], goes_down: Sequence[bool], key: Sequence[Any]
) -> ColumnElement[bool]:
    """Return the condition of rows after a key; columns that all go one way are compared as one, for the index."""
    values = [literal(value, column.type) for column, value in zip(columns, key, strict=True)]
    if len(set(goes_down)) == 1:
        whole, last = tuple_(*columns), tuple_(*values)
        return whole < last if goes_down[0] else whole > last
    steps = []
    for place, (column, down, value) in enumerate(zip(columns, goes_down, values, strict=True)):
        same = [one == known for one, known in zip(columns[:place], values[:place], strict=True)]
        steps.append(and_(*same, column < value if down else column > value))
    return or_(*steps)


def _kind(column: ColumnElement[Any]) -> type:
    enum: type | None = getattr(column.type, "enum_class", None)
    return enum or column.type.python_type


def _part(value: Any) -> str | int:
    """Return a sort key's part as the cursor keeps it."""
    if isinstance(value, datetime):
        return clock.to_us(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return str(value.value)
    return int(value) if isinstance(value, bool | int) else str(value)


def _value(part: Any, kind: type) -> Any:
    """Return a part of a key as the kind it is of; raises ValueError for another."""
    if kind is UUID and isinstance(part, str):
        return ids.parse(part)
    if kind is datetime and type(part) is int:
        return clock.from_us(part)
    if kind is date and isinstance(part, str):
        return date.fromisoformat(part)
    if kind is bool and type(part) is int and part in (0, 1):
        return bool(part)
    if issubclass(kind, Enum) and isinstance(part, str):
        return kind(part)
    is_kept = type(part) is kind
    if not is_kept or (isinstance(part, int) and abs(part) >= 2**63) or (kind is str and "\0" in part):
        raise ValueError(part)
    return part
