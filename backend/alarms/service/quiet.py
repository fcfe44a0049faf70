"""Keeping alarms quiet: shelved by an operator, taken out of service by authority, suppressed by design.

Suppression belongs to the rule, so that what it raises meanwhile keeps quiet too. It always ends: at its
hour by itself, or earlier by hand; what is still on then is raised anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.alarms.models import AlarmRule, AlarmState, Suppression
from backend.alarms.queries import rules as queries
from backend.alarms.rules import parameters, states
from backend.alarms.rules.states import Happening
from backend.alarms.service.trace import Trace
from backend.kernel import audit, clock
from backend.kernel.errors import Conflict
from backend.kernel.scope import Role, Scope

SHELVERS = (Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
AUTHORITIES = (Role.MANAGER, Role.ADMINISTRATOR)
"""Who may take an alarm out of service: not those whom it disturbs."""


def shelve(session: Session, scope: Scope, rule_id: UUID, *, until: datetime, reason: str) -> AlarmRule:
    """Keep a rule's alarms off the lists until an hour: P1 up to 8 h, P2 24 h, P3 and P4 a week.

    Of a rule whose levels have priorities of their own, the most urgent counts.
    """
    rule = queries.held(session, scope, rule_id, *SHELVERS)
    states.demand_end(clock.now(), until, longest_shelf(rule))
    before = _described(rule)
    rule.shelved_until, rule.shelved_by = until, scope.actor_id
    rule.shelved_reason = states.demand_reason(reason)
    return _changed(session, scope, rule, "alarms.shelve", before, reason=rule.shelved_reason)


def longest_shelf(rule: AlarmRule) -> timedelta:
    """Return how long a rule may be shelved: as its most urgent level may."""
    return states.LONGEST_SHELF[parameters.most_urgent(rule.kind.value, rule.parameters, rule.priority)]


def unshelve(session: Session, scope: Scope, rule_id: UUID) -> AlarmRule:
    """End shelving before its hour."""
    rule = queries.held(session, scope, rule_id, *SHELVERS)
    if rule.shelved_until is None:
        raise Conflict("this alarm is not shelved", field="rule_id", value=str(rule_id))
    before = _described(rule)
    rule.shelved_until = rule.shelved_by = rule.shelved_reason = None
    return _changed(session, scope, rule, "alarms.unshelve", before)


def take_out_of_service(
    session: Session, scope: Scope, rule_id: UUID, *, until: datetime, reason: str
) -> AlarmRule:
    """Take a rule out for maintenance, with authority, for at most 90 days."""
    rule = queries.held(session, scope, rule_id, *AUTHORITIES)
    states.demand_end(clock.now(), until, states.LONGEST_OUT_OF_SERVICE)
    before = _described(rule)
    rule.out_of_service_until, rule.out_of_service_by = until, scope.actor_id
    rule.out_of_service_reason = states.demand_reason(reason)
    return _changed(
        session, scope, rule, "alarms.take_out_of_service", before, reason=rule.out_of_service_reason
    )


def return_to_service(session: Session, scope: Scope, rule_id: UUID) -> AlarmRule:
    """Put a rule back before its hour."""
    rule = queries.held(session, scope, rule_id, *SHELVERS)
    if rule.out_of_service_until is None:
        raise Conflict("this alarm is in service", field="rule_id", value=str(rule_id))
    before = _described(rule)
    rule.out_of_service_until = rule.out_of_service_by = rule.out_of_service_reason = None
    return _changed(session, scope, rule, "alarms.return_to_service", before)


def end_what_is_over(session: Session, scope: Scope) -> int:
    """End shelving and time out of service whose hour has come; returns how many rules came back."""
    now = clock.now()
    rules = queries.quiet_until(session, scope, now)
    for rule in rules:
        before = _described(rule)
        if rule.shelved_until is not None and rule.shelved_until <= now:
            rule.shelved_until = rule.shelved_by = rule.shelved_reason = None
        if rule.out_of_service_until is not None and rule.out_of_service_until <= now:
            rule.out_of_service_until = rule.out_of_service_by = rule.out_of_service_reason = None
        _changed(session, scope, rule, "alarms.suppression_ended", before)
    return len(rules)


def suppression_of(session: Session, scope: Scope, rule: AlarmRule) -> Suppression | None:
    """Return why a rule's alarms keep quiet now, or None."""
    found = states.suppression(
        clock.now(),
        shelved_until=rule.shelved_until,
        out_of_service_until=rule.out_of_service_until,
        by_design=rule.suppressed_by_id is not None and queries.is_on(session, scope, rule.suppressed_by_id),
    )
    return None if found is None else Suppression(found)


def tell_dependants(session: Session, scope: Scope, rule_ids: Collection[UUID], trace: Trace) -> None:
    """Let rules that keep quiet by design look again whether the rule they mind is on."""
    found = queries.dependants(session, scope, rule_ids)
    if found:
        session.flush()
        apply_suppression(session, scope, found, trace)


def apply_suppression(
    session: Session, scope: Scope, rules: Iterable[AlarmRule], trace: Trace, *, comment: str | None = None
) -> None:
    """Bring the open alarms of rules in line with what keeps them quiet now."""
    by_id = {rule.id: rule for rule in rules}
    for alarm in queries.open_alarms_of(session, scope, by_id):
        now = suppression_of(session, scope, by_id[alarm.rule_id])
        if now is alarm.suppression:
            continue
        was, alarm.suppression = alarm.suppression, now
        if now is None and alarm.state is AlarmState.ACKNOWLEDGED and was is not Suppression.BY_DESIGN:
            alarm.state = AlarmState.UNACKNOWLEDGED
            alarm.acknowledged_at = alarm.acknowledged_by = None
        trace.note(
            alarm,
            Happening.UNSUPPRESSED if now is None else Happening.SUPPRESSED,
            comment=comment or now or was,
        )


def _changed(
    session: Session, scope: Scope, rule: AlarmRule, action: str, before: dict[str, str | None],
    *, reason: str | None = None,
) -> AlarmRule:  # fmt: skip
    session.flush()
    audit.record(
        session, scope, action=action, entity="alarm_rule", entity_id=rule.id,
        organisation_id=rule.organisation_id, before=before, after=_described(rule),
    )  # fmt: skip
    trace = Trace(session, scope)
    apply_suppression(session, scope, [rule], trace, comment=reason)
    trace.leave()
    return rule


def _described(rule: AlarmRule) -> dict[str, str | None]:
    names = ("shelved_until", "shelved_reason", "out_of_service_until", "out_of_service_reason")
    values = {name: getattr(rule, name) for name in names}
    return {name: v.isoformat() if isinstance(v, datetime) else v for name, v in values.items()}
