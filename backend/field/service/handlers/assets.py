"""Names, plates and pins: the same field on both sides. The newest corrected time wins, the other word is kept.

A phone says what it saw (`was`). Where that still stands, nothing is contradicted, however much time went by; where
somebody else changed the very same field meanwhile, the newer of the two holds for now and a person picks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.field import queries
from backend.field.rules.operation import EARLIEST, Operation
from backend.field.service import fields
from backend.field.service.conflicts import Contradicted
from backend.field.service.conflicts import note as note_conflict
from backend.field.service.outcome import Done, Given, Handler
from backend.kernel import audit, changes
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope

NAMES, PLATE, PIN = ("name", "name_zh"), ("manufacturer", "model", "serial_number"), ("lat", "lon")
LONGEST = 200


def _rename(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    return _write(session, scope, op, given, _texts(op, NAMES))


def _relabel(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    return _write(session, scope, op, given, _texts(op, PLATE))


def _move_pin(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    try:
        said = {name: float(op.args[name]) for name in PIN}
    except (KeyError, TypeError, ValueError):
        raise Refused("a pin needs lat and lon", field="lat") from None
    return _write(session, scope, op, given, said)


def _write(session: Session, scope: Scope, op: Operation, given: Given, said: dict[str, Any]) -> Done:
    organisation_id, stood = fields.read(session, scope, op.entity, op.id, said)
    theirs = _others_word(session, scope, op, organisation_id, _disputed(op, said, stood))
    at = given.command.occurred_at
    if theirs is not None and at is not None and at < theirs.at:
        raise Contradicted("same_field", organisation_id=organisation_id, theirs=stood)
    if at is not None:  # the asker's other phone may have been quicker with what they said last
        later = queries.said_later(session, scope, op.command, op.entity_id, at, said)
        said = {name: word for name, word in said.items() if name not in later}
    if not said:
        return Done(0, is_noop=True)
    fields.write(session, scope, op.entity, op.id, said)
    if theirs is not None:
        note_conflict(session, scope, op, "same_field", organisation_id=organisation_id, theirs=stood)
    return Done(0, overwritten=stood if theirs is not None else None)


def _disputed(op: Operation, said: dict[str, Any], stood: dict[str, Any]) -> set[str]:
    """Return the fields that do not stand as the phone saw them; said alike, nobody is contradicted."""
    was = op.args.get("was")
    seen = was if isinstance(was, dict) else {}
    if not seen and op.base_rev is None:
        return set()
    return {
        name for name in said if said[name] != stood[name] and (name not in seen or seen[name] != stood[name])
    }


def _others_word(
    session: Session, scope: Scope, op: Operation, organisation_id: UUID, names: Iterable[str]
) -> audit.AuditEvent | None:
    """Return the last that somebody else said of these very fields since the phone looked."""
    since = None
    if op.base_rev is not None:
        since = changes.noted_at(session, scope, entity_id=op.id, sequence=op.base_rev)
    words = [
        audit.others_word(
            session, scope, entity=op.entity, entity_id=op.id, organisation_id=organisation_id, field=field,
            since=since or EARLIEST,
        )
        for field in sorted({"geometry" if name in PIN else name for name in names})
    ]  # fmt: skip
    return max((word for word in words if word is not None), key=lambda word: word.at, default=None)


def _texts(op: Operation, names: tuple[str, ...]) -> dict[str, Any]:
    said = {name: str(op.args[name] or "").strip() for name in names if name in op.args}
    if not said:
        raise Refused(f"{op.command} says nothing", field=names[0], remedy=f"give one of {', '.join(names)}")
    for name, text in said.items():
        if not 1 <= len(text) <= LONGEST:
            raise Refused(f"this needs 1 to {LONGEST} characters", field=name, value=text[:LONGEST])
    return said


HANDLERS: dict[str, Handler] = {
    "position.rename": _rename, "position.move_pin": _move_pin, "device.relabel": _relabel,
}  # fmt: skip
