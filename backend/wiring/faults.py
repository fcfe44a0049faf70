"""From an alarm to a work order: urgent ones report themselves, once for each fault at a place."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.alarms import service as alarms
from backend.kernel.errors import NotFound
from backend.kernel.events import Event
from backend.kernel.scope import Scope
from backend.workorders import service as work
from backend.workorders.rules import faults
from backend.workorders.service import Command, OrderFilter, Report, Source

REPORTS_ITSELF = 2
"""Alarms of this priority or graver open an order by themselves; a dispatcher may open one from any other."""


def report_alarm(session: Session, scope: Scope, event: Event) -> None:
    """Open an order for an urgent alarm, add to the open one, or reopen the one closed within a month."""
    if event.body["priority"] > REPORTS_ITSELF or event.body.get("suppression"):
        return
    try:
        alarm = alarms.alarm(session, scope, UUID(event.body["alarm_id"]))
    except NotFound:
        return
    fault = faults.of_alarm(alarm.kind, alarm.quantity, alarm.level)
    evidence = {"alarm_id": str(alarm.id), "value": alarm.value, "limit": alarm.limit, "unit": alarm.unit,
                "level": alarm.level}  # fmt: skip
    before = work.reopenable(session, scope, position_id=alarm.position_id, fault_class=fault)
    if before is not None:
        work.reopen(session, scope, order_id=before, reason="alarm_again", seen=evidence)
        return
    here = work.orders(session, scope, OrderFilter(position_ids=[alarm.position_id])).items
    if any(row.order.alarm_id == alarm.id and row.order.reported_at >= alarm.raised_at for row in here):
        return  # told again of what is reported already: it came back from being out of service, still on
    new = Report(
        position_id=alarm.position_id, title=alarm.name, title_zh=alarm.name_zh, description=alarm.advice,
        fault_class=fault, alarm_id=alarm.id,
    )  # fmt: skip
    work.report(
        session,
        scope,
        new=new,
        source=Source.ALARM,
        given=Command(evidence=evidence, occurred_at=alarm.raised_at),
    )
