"""Settling a conflict: somebody picks one of the two words, and it holds from then on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets.service import tags
from backend.field.models import FieldConflict
from backend.field.service import fields
from backend.field.service.conflicts import resolve as write_down
from backend.kernel import ids
from backend.kernel.scope import Scope

SETTLED = "picked where phone and office said different things"


def resolve(session: Session, scope: Scope, *, conflict_id: UUID, resolution: str) -> FieldConflict:
    """Pick what the phone said (`mine`) or what stood here (`theirs`), and carry it out.

    Names, plates, pins and tags change with the pick; what a phone said of a visit or an order stays evidence.
    """
    row = write_down(session, scope, conflict_id=conflict_id, resolution=resolution)
    if row.kind == "same_field":
        picked = row.mine if resolution == "mine" else row.theirs
        fields.write(session, scope, row.entity, row.entity_id, {name: picked[name] for name in row.theirs})
    if row.kind == "tag_taken" and resolution == "mine":
        _move_tag(session, scope, row.mine)
    return row


def _move_tag(session: Session, scope: Scope, said: dict[str, Any]) -> None:
    tag = tags.resolve(session, scope, str(said["tag"]))
    wanted = {name: ids.parse(str(said[name])) for name in ("position_id", "device_id") if said.get(name)}
    tags.rebind(session, scope, tag.id, asset=tags.Asset(**wanted), reason=SETTLED)
