"""Making and mending alarm rules. The evaluator hears of it at the commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.alarms.models import AlarmRule, RuleKind
from backend.alarms.queries import rules as queries
from backend.alarms.queries.rules import RuleFilter
from backend.alarms.rules import parameters as p
from backend.alarms.rules.defaults import PointFacts, RuleDraft, suggest
from backend.alarms.service import quiet
from backend.alarms.service.trace import Trace
from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict, NotFound, Refused
from backend.kernel.paging import Page
from backend.kernel.scope import Role, Scope

AUTHORS = (Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
CHANGEABLE = (
    "name", "name_zh", "parameters", "priority", "deadband", "on_delay_s", "off_delay_s", "advice",
    "is_enabled", "suppressed_by_id",
)  # fmt: skip


@dataclass(frozen=True)
class RuleRow:
    """A rule with where it looks, as lists show it."""

    rule: AlarmRule
    point_name: str
    point_name_zh: str | None
    unit: str
    carrier: str
    place: str
    place_zh: str | None


def create_rule(
    session: Session, scope: Scope, *, point_id: UUID, kind: str, name: str, parameters: Mapping[str, Any],
    name_zh: str | None = None, priority: int = 3, deadband: float = 0.0, on_delay_s: float = 0.0,
    off_delay_s: float = 0.0, advice: str | None = None, suppressed_by_id: UUID | None = None,
    is_enabled: bool = True,
) -> AlarmRule:  # fmt: skip
    """Make a rule for a point; raises Refused where it cannot be understood."""
    point = queries.owned_points(session, scope, [point_id]).get(point_id)
    if point is None:
        raise NotFound("there is no such point", field="point_id", value=str(point_id))
    scope.demand(point.organisation_id, *AUTHORS)
    if kind not in set(RuleKind):
        raise Refused(f"there is no rule kind '{kind}'", field="kind", value=kind)
    rule = AlarmRule(
        id=ids.new_id(), organisation_id=point.organisation_id, point_id=point.id,
        position_id=point.position_id, kind=RuleKind(kind), name=name.strip(), name_zh=name_zh,
        parameters=dict(parameters), priority=priority, deadband=deadband, on_delay_s=on_delay_s,
        off_delay_s=off_delay_s, advice=advice, suppressed_by_id=suppressed_by_id, is_enabled=is_enabled,
        revision=1, created_at=clock.now(),
    )  # fmt: skip
    _check(session, scope, rule)
    session.add(rule)
    _announce(session, scope, rule, "alarms.create_rule", None)
    return rule


def change_rule(
    session: Session, scope: Scope, rule_id: UUID, *, revision: int | None = None, **changes: Any
) -> AlarmRule:
    """Change what a rule looks for: its next revision, in force with the next reading.

    revision: the one the person saw; raises Conflict where somebody changed it since
    changes: any of name, name_zh, parameters, priority, deadband, on_delay_s, off_delay_s, advice,
    is_enabled, suppressed_by_id. A rule that was set aside for an error is tried again.
    """
    rule = queries.held(session, scope, rule_id, *AUTHORS)
    if revision is not None and revision != rule.revision:
        raise Conflict("somebody changed this rule meanwhile", field="revision", value=rule.revision)
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise Refused(f"'{min(unknown)}' of a rule cannot be changed", field=min(unknown))
    before = _described(rule)
    minded = rule.suppressed_by_id
    with session.no_autoflush:
        for name, value in changes.items():
            setattr(rule, name, value)
        _check(session, scope, rule)
    if rule.shelved_until is not None:  # what has become more urgent is shelved no longer than that may be
        rule.shelved_until = min(rule.shelved_until, clock.now() + quiet.longest_shelf(rule))
    rule.error = None
    rule.revision += 1
    _announce(session, scope, rule, "alarms.change_rule", before)
    if rule.suppressed_by_id != minded:
        trace = Trace(session, scope)
        quiet.apply_suppression(session, scope, [rule], trace)
        trace.leave()
    return rule


def rules(
    session: Session, scope: Scope, wanted: RuleFilter | None = None, *, cursor: str | None = None,
    limit: int = 50,
) -> Page[RuleRow]:  # fmt: skip
    """Return a page of rules by name."""
    found = queries.rules(session, scope, wanted or RuleFilter(), cursor=cursor, limit=limit)
    return found.each(lambda row: _row(*row))


def rule(session: Session, scope: Scope, rule_id: UUID) -> RuleRow:
    """Return one rule; raises NotFound."""
    found = queries.rule(session, scope, rule_id)
    return _row(found, *queries.place_of(session, scope, found))


def suggest_rules(
    session: Session, scope: Scope, point_id: UUID, *, typical: float | None = None, poll_s: float = 10.0
) -> list[RuleDraft]:
    """Return drafts of sensible rules for a point; typical: a recent value of it [unit]."""
    point = queries.owned_points(session, scope, [point_id]).get(point_id)
    if point is None:
        raise NotFound("there is no such point", field="point_id", value=str(point_id))
    return suggest(
        PointFacts(
            point.name, point.name_zh, point.carrier.value, point.quantity, point.unit, point.kind.value,
            point.low, point.high, poll_s, typical,
        )
    )  # fmt: skip


def set_aside(session: Session, scope: Scope, rule: AlarmRule, error: str) -> None:
    """Take a rule that fails out of evaluation until somebody mends it; its error is shown."""
    rule.error = error[:1000]
    audit.record(
        session, scope, action="alarms.set_aside", entity="alarm_rule", entity_id=rule.id,
        organisation_id=rule.organisation_id, after={"error": rule.error},
    )  # fmt: skip


def _check(session: Session, scope: Scope, rule: AlarmRule) -> None:
    if not rule.name.strip():
        raise Refused("a rule needs a name", field="name")
    p.check_numbers(
        priority=rule.priority,
        deadband=rule.deadband,
        on_delay_s=rule.on_delay_s,
        off_delay_s=rule.off_delay_s,
    )
    read = p.read(rule.kind.value, rule.parameters)
    if isinstance(read, p.ExpressionParameters):
        _bind_points(session, scope, rule, read)
    if rule.suppressed_by_id is not None:
        master = queries.rule(session, scope, rule.suppressed_by_id)
        if rule.id in {master.id, *queries.minded_by(session, scope, master.id)}:
            raise Refused(
                "a rule cannot suppress itself, be it by way of others",
                field="suppressed_by_id",
                value=str(master.id),
            )


def _bind_points(session: Session, scope: Scope, rule: AlarmRule, read: p.ExpressionParameters) -> None:
    wanted = {name: ids.parse(text_) for name, text_ in read.points.items()}
    found = queries.owned_points(session, scope, set(wanted.values()))
    for name, point_id in wanted.items():
        if point_id not in found:
            raise Refused(
                f"'{name}' is bound to a point that is not known here", field=f"parameters.points.{name}",
                value=str(point_id),
            )  # fmt: skip
    rule.parameters = {**rule.parameters, "points": {name: str(point) for name, point in wanted.items()}}


def _announce(
    session: Session, scope: Scope, rule: AlarmRule, action: str, before: dict[str, Any] | None
) -> None:
    session.flush()
    audit.record(
        session, scope, action=action, entity="alarm_rule", entity_id=rule.id,
        organisation_id=rule.organisation_id, before=before, after=_described(rule),
    )  # fmt: skip
    session.execute(text("SELECT pg_notify('alarm_rule', '')"))


def _described(rule: AlarmRule) -> dict[str, Any]:
    values = {name: getattr(rule, name) for name in (*CHANGEABLE, "revision")}
    return {name: str(v) if isinstance(v, UUID) else v for name, v in values.items()}


def _row(rule: AlarmRule, point: Any, position: Any) -> RuleRow:
    return RuleRow(
        rule, point.name, point.name_zh, point.unit, point.carrier.value, position.name, position.name_zh
    )
