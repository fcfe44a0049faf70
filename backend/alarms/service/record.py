"""From the evaluator's changes of level to alarms: at most one open per rule and point, whoever writes."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.alarms.models import Alarm, AlarmRule, AlarmState
from backend.alarms.queries import following
from backend.alarms.rules import states
from backend.alarms.rules.states import Happening
from backend.alarms.service.quiet import suppression_of, tell_dependants
from backend.alarms.service.trace import Trace
from backend.kernel import clock, ids
from backend.kernel.scope import Scope

_INSERT = text(
    "INSERT INTO alarm SELECT * FROM jsonb_populate_recordset(NULL::alarm, cast(:rows AS jsonb))"
    " ON CONFLICT (rule_id, point_id) WHERE state <> 'normal' DO NOTHING RETURNING id"
)
"""One statement and one parameter, however many rows: many parameters cost more to name than to write."""


@dataclass(frozen=True)
class Move:
    """A rule went from one level code to another at an instant; 0 is normal.

    level: name of the new level, or of the old one on return; value, limit, worst: NaN where there is none
    """

    rule_id: UUID
    at: datetime
    before: int
    after: int
    level: str
    value: float
    limit: float
    worst: float
    priority: int | None = None


def record(session: Session, scope: Scope, moves: Sequence[Move]) -> None:
    """Write alarms and their history in the caller's transaction, oldest move first."""
    if not moves:
        return
    wanted = {move.rule_id for move in moves}
    rules = {rule.id: rule for rule in following.rules_and_dependants(session, scope, wanted)}
    writer = _Writer(session, scope, rules, following.open_alarms(session, scope, wanted))
    for move in moves:
        writer.take(move)
    writer.insert()
    if any(rule.suppressed_by_id in wanted for rule in rules.values()):
        tell_dependants(session, scope, wanted, writer.trace)
    writer.trace.leave()


def rehearse(session: Session, scope: Scope) -> None:
    """Ask for nothing what `record` asks, so that the first alarm waits for no statement to be built."""
    following.rules_and_dependants(session, scope, ())
    following.open_alarms(session, scope, ())
    tell_dependants(session, scope, (), Trace(session, scope))


def withdraw(session: Session, scope: Scope, keys: Collection[int], *, why: str) -> None:
    """Close the open alarms of rules that are no longer evaluated."""
    rules = {rule.id: rule for rule in following.rules_by_key(session, scope, keys)}
    trace = Trace(session, scope)
    for rule_id, alarm in following.open_alarms(session, scope, rules).items():
        alarm.state = AlarmState(states.after(alarm.state.value, Happening.WITHDRAWN))
        alarm.closed_at = clock.now()
        trace.note(alarm, Happening.WITHDRAWN, comment=rules[rule_id].error or why)
    tell_dependants(session, scope, rules, trace)
    trace.leave()


class _Writer:
    """Carries alarms through the moves of one batch."""

    def __init__(
        self, session: Session, scope: Scope, rules: Mapping[UUID, AlarmRule], open_: dict[UUID, Alarm]
    ) -> None:
        self.session, self.scope, self.rules, self.open = session, scope, rules, open_
        self.trace = Trace(session, scope)
        self.fresh: list[Alarm] = []

    def take(self, move: Move) -> None:
        """Let one move happen to the rule's open alarm, or raise one."""
        rule, alarm = self.rules.get(move.rule_id), self.open.get(move.rule_id)
        if rule is None:
            return
        if alarm is None:
            if move.after != 0:
                self._raise(rule, move)
            return
        happening = states.moved(move.before, move.after)
        if alarm.state is AlarmState.RETURNED:
            if happening is Happening.RETURNED:
                return
            happening = Happening.RAISED_AGAIN
            alarm.times += 1
            alarm.returned_at = None
        elif happening is Happening.RAISED:  # open already: the evaluator had forgotten, the table had not
            happening = Happening.WORSE
        self._change(alarm, rule, move, happening)

    def _change(self, alarm: Alarm, rule: AlarmRule, move: Move, happening: Happening) -> None:
        alarm.state = AlarmState(
            states.after(alarm.state.value, happening, is_suppressed=alarm.suppression is not None)
        )
        alarm.value, alarm.worst = _known(move.value), _known(move.worst)
        if happening is Happening.RETURNED:
            alarm.returned_at = move.at
        else:
            alarm.level, alarm.limit, alarm.priority = move.level, _known(move.limit), _priority(rule, move)
        if alarm.state is AlarmState.UNACKNOWLEDGED:
            alarm.acknowledged_at = alarm.acknowledged_by = None
        if alarm.state is AlarmState.NORMAL:
            alarm.closed_at = clock.now()
            del self.open[rule.id]
        self.trace.note(alarm, happening, at=move.at)

    def _raise(self, rule: AlarmRule, move: Move) -> None:
        alarm = Alarm(
            id=ids.new_id(), organisation_id=rule.organisation_id, rule_id=rule.id, point_id=rule.point_id,
            position_id=rule.position_id, state=AlarmState.UNACKNOWLEDGED, level=move.level,
            priority=_priority(rule, move), value=_known(move.value), limit=_known(move.limit),
            worst=_known(move.worst), raised_at=move.at, recorded_at=clock.now(), times=1,
            suppression=suppression_of(self.session, self.scope, rule), acknowledged_at=None,
            acknowledged_by=None, returned_at=None, closed_at=None,
        )  # fmt: skip
        self.open[rule.id] = alarm
        self.fresh.append(alarm)
        self.trace.note(alarm, Happening.RAISED, at=move.at)

    def insert(self) -> None:
        """Write new alarms; where one is open already, ours is dropped with its history."""
        if not self.fresh:
            return
        columns = [column.name for column in Alarm.__table__.columns]
        rows = [{name: getattr(alarm, name) for name in columns} for alarm in self.fresh]
        written = set(self.session.scalars(_INSERT, {"rows": orjson.dumps(rows).decode()}))
        self.trace.drop([alarm.id for alarm in self.fresh if alarm.id not in written])


def _priority(rule: AlarmRule, move: Move) -> int:
    return rule.priority if move.priority is None else move.priority


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
