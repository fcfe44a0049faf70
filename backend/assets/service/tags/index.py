"""What phones keep so that scans resolve without signal: which tag hangs at which asset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from backend.assets.queries import tags as queries
from backend.kernel import changes, ids
from backend.kernel.paging import decode, encode
from backend.kernel.scope import Scope

Entry = list[str | None]
"""[tag, 'p' or 'd' or null, asset, other names …]; null: bound to nothing (any more), or no longer yours."""


@dataclass(frozen=True)
class IndexPage:
    """A page of the index. cursor: of the next page, always; is_current: there is nothing more for now."""

    items: Sequence[Entry]
    cursor: str
    is_current: bool


def index(session: Session, scope: Scope, *, cursor: str | None = None, limit: int = 1000) -> IndexPage:
    """Return a page: first all bound tags by id, from then on what changed, in the order of commits.

    The place in the feed of changes is taken before the first page, so that nothing falls between the two.
    """
    phase, sequence, last = (
        decode(cursor, str, int, str) if cursor else ("all", changes.head(session, scope), "")
    )
    if phase == "all":
        after = ids.parse(last) if last else None
        rows = queries.index_rows(session, scope, after=after, limit=limit)
        if len(rows) == limit:
            return IndexPage([_entry(row) for row in rows], encode("all", sequence, str(rows[-1].id)), False)
        return IndexPage([_entry(row) for row in rows], encode("new", sequence, ""), False)
    news = changes.since(session, scope, sequence=sequence, limit=limit)
    wanted = {one.entity_id for one in news if one.entity == "tag"}
    there = {
        row.id: _entry(row) for row in queries.index_rows(session, scope, tag_ids=wanted, limit=len(wanted))
    }
    items = [there.get(one) or [ids.show(one), None, None] for one in sorted(wanted)]
    reached = news[-1].sequence if news else sequence
    return IndexPage(items, encode("new", reached, ""), not news)


def _entry(row: Row[Any]) -> Entry:
    kind, asset = ("d", row.device_id) if row.device_id else ("p", row.position_id)
    return [ids.show(row.id), kind, ids.show(asset), *(row.aliases or ())]
