"""Trees in the database: a materialised path (PostgreSQL ltree) of hexadecimal ids from the root down."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement
from sqlalchemy.types import UserDefinedType


class Ltree(UserDefinedType[str]):
    """A materialised path. `below` finds a node and everything under it."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return "ltree"

    class comparator_factory(UserDefinedType.Comparator[str]):
        """Adds the tree's own comparisons to a path column."""

        def below(self, path: Any) -> ColumnElement[bool]:
            """This node or one under the node at `path`."""
            return self.op("<@", is_comparison=True, return_type=Boolean())(path)  # type: ignore[return-value]  # a column

        def above(self, path: Any) -> ColumnElement[bool]:
            """This node or one on the way from the root to the node at `path`."""
            return self.op("@>", is_comparison=True, return_type=Boolean())(path)  # type: ignore[return-value]  # a column


def path_of(identifier: UUID, parent: str | None) -> str:
    """Return the path of a node under a parent's path (None for a root)."""
    return identifier.hex if parent is None else f"{parent}.{identifier.hex}"
