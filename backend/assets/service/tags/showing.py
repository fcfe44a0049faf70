"""What anybody who scans a label may see: nothing personal, nothing that helps a thief."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets.models.tags import TagState
from backend.assets.queries import tags as queries
from backend.assets.service.tags.codes import read
from backend.kernel.errors import NotFound
from backend.kernel.scope import Scope


@dataclass(frozen=True)
class PublicTag:
    """A label as a passer-by may know it.

    operator: who to call, with the phone answered day and night, if one is known; kind, carriers: what stands
    here in plain words; organisation_id, position_id, device_id: for services (a fault report), never shown
    """

    tag_id: UUID
    state: TagState
    operator: str
    operator_zh: str | None
    emergency_phone: str | None
    kind: str | None
    carriers: tuple[str, ...]
    is_simulated: bool
    organisation_id: UUID
    position_id: UUID | None
    device_id: UUID | None


def public_tag(session: Session, scope: Scope, code: str) -> PublicTag:
    """Return what a code may tell anybody; raises TagForged before anything is asked, NotFound."""
    tag_id = read(code)
    row = queries.public_tag(session, scope, tag_id)
    if row is None:
        raise NotFound("this label is not known", field="code", value=code[:100])
    return PublicTag(
        tag_id=tag_id, state=TagState(row.state), operator=row.operator, operator_zh=row.operator_zh,
        emergency_phone=row.emergency_phone, kind=row.position_kind, carriers=tuple(row.carriers or ()),
        is_simulated=row.is_simulated, organisation_id=row.organisation_id, position_id=row.position_id,
        device_id=row.device_id,
    )  # fmt: skip
