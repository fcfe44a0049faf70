"""Pages by keyset: a cursor names the last row seen, so that page 100,000 costs what page 1 does."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from backend.kernel.errors import Refused

T = TypeVar("T")
MOST = 200


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows and the cursor of the next page; None when these were the last."""

    items: Sequence[T]
    next_cursor: str | None


def encode(*key: str | int) -> str:
    """Return the opaque cursor for the sort key of the last row shown."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def decode(cursor: str, length: int) -> list[Any]:
    """Read a cursor back; raises Refused when it was not made by `encode`."""
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(key, list) or len(key) != length:
            raise ValueError(cursor)
        return key
    except ValueError:
        raise Refused(
            "this page marker is not valid", field="cursor", value=cursor, remedy="start from the first page"
        ) from None
