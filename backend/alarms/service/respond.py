"""What people do with an alarm: acknowledge it, say something about it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from backend.alarms.models import Alarm, AlarmState
from backend.alarms.queries import look as queries
from backend.alarms.rules import states
from backend.alarms.rules.states import Happening
from backend.alarms.service.trace import Trace
from backend.kernel import audit, clock
from backend.kernel.errors import NotFound, Refused
from backend.kernel.scope import STAFF, Scope

LONGEST_COMMENT = 2000
MOST_AT_ONCE = 500


def acknowledge(session: Session, scope: Scope, alarm_id: UUID, *, comment: str | None = None) -> Alarm:
    """Say that somebody has seen an alarm and takes care; one that is over is closed by it.

    raises Conflict where somebody was quicker
    """
    alarm = _one(session, scope, alarm_id)
    trace = Trace(session, scope)
    _acknowledge(session, scope, alarm, trace, _text(comment) if comment else None)
    trace.leave()
    return alarm


def acknowledge_all(
    session: Session, scope: Scope, alarm_ids: Sequence[UUID], *, comment: str | None = None
) -> int:
    """Acknowledge several at once; those already acknowledged or closed are passed over. Returns how many."""
    if len(alarm_ids) > MOST_AT_ONCE:
        raise Refused(f"at most {MOST_AT_ONCE} alarms at once", field="alarm_ids", value=len(alarm_ids))
    trace, count = Trace(session, scope), 0
    for alarm in queries.held(session, scope, alarm_ids):
        if (alarm.state.value, Happening.ACKNOWLEDGED) in states.TABLE:
            _acknowledge(session, scope, alarm, trace, _text(comment) if comment else None)
            count += 1
    trace.leave()
    return count


def comment(session: Session, scope: Scope, alarm_id: UUID, *, text: str) -> Alarm:
    """Write something into the history of an alarm, open or closed."""
    alarm = _one(session, scope, alarm_id)
    trace = Trace(session, scope)
    trace.note(alarm, Happening.COMMENTED, comment=_text(text))
    trace.leave()
    _audit(session, scope, alarm, "alarms.comment", None, {"comment": _text(text)})
    return alarm


def _acknowledge(session: Session, scope: Scope, alarm: Alarm, trace: Trace, said: str | None) -> None:
    scope.demand(alarm.organisation_id, *sorted(STAFF))
    before = alarm.state.value
    alarm.state = AlarmState(states.after(before, Happening.ACKNOWLEDGED))
    alarm.acknowledged_at, alarm.acknowledged_by = clock.now(), scope.actor_id
    if alarm.state is AlarmState.NORMAL:
        alarm.closed_at = alarm.acknowledged_at
    trace.note(alarm, Happening.ACKNOWLEDGED, comment=said)
    after = {"state": alarm.state.value, "comment": said}
    _audit(session, scope, alarm, "alarms.acknowledge", {"state": before}, after)


def _one(session: Session, scope: Scope, alarm_id: UUID) -> Alarm:
    seen = queries.alarm(session, scope, alarm_id)
    if seen is None:
        raise NotFound("there is no such alarm", field="alarm_id", value=str(alarm_id))
    scope.demand(seen.organisation_id, *sorted(STAFF))
    return queries.held(session, scope, [alarm_id])[0]


def _text(said: str) -> str:
    if not 0 < len(said.strip()) <= LONGEST_COMMENT:
        raise Refused(f"a comment has 1 to {LONGEST_COMMENT} characters", field="comment")
    return said.strip()


def _audit(
    session: Session, scope: Scope, alarm: Alarm, action: str, before: dict[str, str | None] | None,
    after: dict[str, str | None],
) -> None:  # fmt: skip
    audit.record(
        session, scope, action=action, entity="alarm", entity_id=alarm.id,
        organisation_id=alarm.organisation_id, before=before, after=after,
    )  # fmt: skip
