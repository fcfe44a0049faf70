"""How organisations want their intervals validated and estimated, and when points are known to be shut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids
from backend.kernel.errors import Refused
from backend.kernel.scope import Role, Scope
from backend.metering import queries
from backend.metering.models import ShutPeriod, VeeSetting
from backend.metering.queries import around as looked
from backend.metering.rules import HOUR_US, vee

SETTERS = (Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
LONGEST_GAP_DAYS = 62

_ESTIMATE_AGAIN = text("""
UPDATE gap SET estimated_at = NULL, rule = NULL, weight = NULL, reason = NULL
WHERE point_key = :key AND first_at < coalesce(CAST(:end AS timestamptz), 'infinity') AND last_at > :start""")


@dataclass(frozen=True)
class Settings:
    """What holds for an organisation's points.

    uses_*: what estimators may take into account; is_shut_without_supply: where no contract covers a place that had
    one, nothing flows; longest_gap_days: a longer gap keeps its straight line [d]
    missing … excess: limits of the checks (see `rules.vee.Limits`); dead_hours [h], clock_s [s]
    """

    uses_siblings: bool = True
    uses_weather: bool = True
    uses_holidays: bool = True
    is_shut_without_supply: bool = False
    longest_gap_days: int = LONGEST_GAP_DAYS
    missing: int = vee.Limits.missing
    spike: float = vee.Limits.spike
    high: float = vee.Limits.high
    low: float = vee.Limits.low
    dead_hours: float = vee.Limits.dead_us / HOUR_US
    clock_s: float = vee.Limits.clock_us / 1e6
    loss: float = vee.Limits.loss
    excess: float = vee.Limits.excess

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            said = getattr(self, name)
            if not low <= said <= high:
                raise Refused(
                    f"{name} is {said:g}", field=name, value=said, remedy=f"say {low:g} to {high:g}"
                )

    @property
    def limits(self) -> vee.Limits:
        """The limits the checks take."""
        return vee.Limits(
            missing=self.missing, spike=self.spike, high=self.high, low=self.low, loss=self.loss, excess=self.excess,
            dead_us=round(self.dead_hours * HOUR_US), clock_us=round(self.clock_s * 1e6),
        )  # fmt: skip


BOUNDS = {
    "longest_gap_days": (1, LONGEST_GAP_DAYS), "missing": (0, 1000), "spike": (1.1, 100.0), "high": (1.1, 100.0),
    "low": (0.0, 1.0), "dead_hours": (1.0, 8760.0), "clock_s": (1.0, 3600.0), "loss": (0.0, 1.0), "excess": (0.0, 1.0),
}  # fmt: skip
"""What each figure may be, both ends included."""


def settings_of(session: Session, scope: Scope, organisations: Sequence[UUID]) -> dict[UUID, Settings]:
    """Return what holds for organisations: as they said, else as the nearest one above did, else the defaults."""
    found = looked.settings(session, scope, organisations)
    return {one: _read(found[one]) if one in found else Settings() for one in organisations}


def vee_settings(session: Session, scope: Scope, *, organisation_id: UUID) -> Settings:
    """Return what holds for an organisation; raises Forbidden for those who do not work there."""
    scope.demand(organisation_id, *SETTERS, Role.DISPATCHER)
    return settings_of(session, scope, [organisation_id])[organisation_id]


def change_vee_settings(session: Session, scope: Scope, *, organisation_id: UUID, **said: Any) -> Settings:
    """Say otherwise how an organisation's points, and those below it, are validated and estimated from now on."""
    scope.demand(organisation_id, *SETTERS)
    before = settings_of(session, scope, [organisation_id])[organisation_id]
    after = replace(before, **said)
    row = looked.own_setting(session, scope, organisation_id)
    if row is None:
        row = VeeSetting(id=ids.new_id(), organisation_id=organisation_id)
        session.add(row)
    for name, value in asdict(after).items():
        setattr(row, name, value)
    row.changed_at = clock.now()
    session.flush()
    audit.record(
        session, scope, action="vee_setting.changed", entity="vee_setting", entity_id=row.id,
        organisation_id=organisation_id, before=asdict(before), after=asdict(after),
    )  # fmt: skip
    return after


def shut_periods(session: Session, scope: Scope, *, point_id: UUID) -> Sequence[ShutPeriod]:
    """Return when a point is said to be shut, the latest first."""
    return looked.shut_periods_of(session, scope, queries.point(session, scope, point_id))


def shut_point(
    session: Session,
    scope: Scope,
    *,
    point_id: UUID,
    starts_at: datetime,
    ends_at: datetime | None,
    reason: str,
) -> ShutPeriod:
    """Say that a point is shut; the same start again says otherwise when it ends. Its gaps are estimated anew."""
    point = queries.point(session, scope, point_id)
    scope.demand(point.organisation_id, *SETTERS, Role.DISPATCHER)
    if ends_at is not None and ends_at <= starts_at:
        raise Refused("it ends before it starts", field="ends_at", value=ends_at.isoformat())
    if len(reason.strip()) < 3:
        raise Refused("being shut needs a reason", field="reason", remedy="say how you know")
    said = looked.shut_periods_of(session, scope, point)
    row = next((one for one in said if one.starts_at == starts_at), None)
    before = None if row is None else _shown(row)
    if row is None:
        row = ShutPeriod(
            id=ids.new_id(), organisation_id=point.organisation_id, point_id=point.id, starts_at=starts_at
        )
        session.add(row)
    ends = [row.ends_at, ends_at] if before else [ends_at]
    row.ends_at, row.reason, row.said_by = ends_at, reason.strip(), scope.actor_id
    session.flush()
    reaches = None if None in ends else max(one for one in ends if one)
    session.execute(_ESTIMATE_AGAIN, {"key": point.key, "start": starts_at, "end": reaches})
    audit.record(
        session, scope, action="shut_period.said", entity="shut_period", entity_id=row.id,
        organisation_id=point.organisation_id, before=before, after=_shown(row),
    )  # fmt: skip
    return row


def _shown(row: ShutPeriod) -> dict[str, Any]:
    ends_at = row.ends_at.isoformat() if row.ends_at else None
    return {"starts_at": row.starts_at.isoformat(), "ends_at": ends_at, "reason": row.reason}


def _read(row: VeeSetting) -> Settings:
    return Settings(**{name: getattr(row, name) for name in Settings.__dataclass_fields__})
