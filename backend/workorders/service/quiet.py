"""Alarms of a place keep quiet while somebody works there, and speak again when the last of them has ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from backend.alarms import service as alarms
from backend.alarms.models import AlarmRule
from backend.alarms.service import RuleFilter
from backend.kernel import clock, ids, paging
from backend.kernel.errors import Conflict
from backend.kernel.scope import Scope
from backend.workorders.models import AlarmHold, OrderEvent, WorkOrder
from backend.workorders.queries import evidence
from backend.workorders.queries import quiet as queries

OUT_OF_SERVICE = timedelta(hours=8)
"""How long a started job keeps its position's alarms from people, if nobody ends it."""

OURS = "work order "


def take_out(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """Alarms of the position keep quiet while somebody works there under a permit: its expiry ends it at the latest.

    A start heard of when every permit is over keeps nothing quiet: nobody may be working there now.
    """
    if order.is_rehearsal:
        return
    now = clock.now()
    open_until = [p.expires_at for p in evidence.permits(session, scope, order) if p.handed_back_at is None]
    until = max(open_until, default=now + OUT_OF_SERVICE)
    if until <= now:
        return
    system = Scope.system(scope.organisations, _reason(order))
    rules = list(_rules_at(session, system, order))
    queries.lock(session, system, [rule.id for rule in rules])
    for rule in rules:
        session.refresh(rule)
        _hold(session, system, order, rule, until)
        if rule.out_of_service_until is None or rule.out_of_service_until < until:  # else a longer word holds
            alarms.take_out_of_service(session, system, rule.id, until=until, reason=_reason(order))


def return_(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """They speak again: whether the repair holds is about to be asked of them. Not while another order needs quiet."""
    if order.is_rehearsal:
        return
    system = Scope.system(scope.organisations, _reason(order))
    held = queries.held_by(session, system, order)
    queries.lock(session, system, [hold.rule_id for hold in held])
    for hold in held:
        session.delete(hold)
    session.flush()
    for hold in held:
        rule = alarms.rule(session, system, hold.rule_id).rule
        session.refresh(rule)
        if not (rule.out_of_service_reason or "").startswith(
            OURS
        ):  # a manager's word, or its hour has ended it
            continue
        others = queries.others(session, system, rule.id, clock.now())
        if not others:
            with suppress(Conflict):
                alarms.return_to_service(session, system, rule.id)
        elif rule.out_of_service_reason == _reason(order):
            last, number = others[-1]
            alarms.take_out_of_service(session, system, rule.id, until=last.until, reason=f"{OURS}{number}")


def _hold(session: Session, scope: Scope, order: WorkOrder, rule: AlarmRule, until: datetime) -> None:
    found = next((one for one in queries.held_by(session, scope, order) if one.rule_id == rule.id), None)
    if found is not None:
        found.until = until
        return
    session.add(AlarmHold(id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id,
                          rule_id=rule.id, until=until))  # fmt: skip


def _reason(order: WorkOrder) -> str:
    return f"{OURS}{order.number}"


def _rules_at(session: Session, scope: Scope, order: WorkOrder) -> Iterator[AlarmRule]:
    """Every rule that looks at a point at or below the order's place."""
    here = RuleFilter(position_id=order.position_id)
    found = paging.every(lambda cursor: alarms.rules(session, scope, here, cursor=cursor, limit=paging.MOST))
    return (row.rule for row in found)
