"""What a handler is given and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from backend.assets.ports import FileStore
from backend.field.rules.operation import Operation
from backend.kernel.scope import Scope
from backend.workorders.service import Command


@dataclass(frozen=True)
class Given:
    """command: as work orders take it, with the corrected time and place; files: where photos are kept."""

    command: Command
    files: FileStore


@dataclass(frozen=True)
class Done:
    """An operation was carried out. rev: the first revision of its entity that contains it

    overwritten: what stood there and gave way; both are kept. is_noop: it had happened already
    """

    rev: int
    overwritten: dict[str, Any] | None = None
    is_noop: bool = False


Handler = Callable[[Session, Scope, Operation, Given], Done]
