"""Create the demo's alarm rules through the alarms service."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from backend.alarms import service as alarms
from backend.demo.spec import AlarmRuleSpec
from backend.kernel.scope import Scope
from backend.metering.models import Point


def watch(session: Session, scope: Scope, rules: Iterable[AlarmRuleSpec], made: dict[str, Point]) -> None:
    """Create each rule for its point, in the caller's transaction."""
    for rule in rules:
        alarms.create_rule(
            session, scope, point_id=made[rule.point].id, kind=rule.kind, name=rule.name,
            name_zh=rule.name_zh, parameters=rule.parameters, priority=rule.priority, deadband=rule.deadband,
            on_delay_s=rule.on_delay_s, off_delay_s=rule.off_delay_s, advice=rule.advice,
        )  # fmt: skip
