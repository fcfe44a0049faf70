"""The trace a change of an alarm leaves: its history, the news of it, a nudge to open pages and to phones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.alarms import events
from backend.alarms.models import Alarm, AlarmState
from backend.alarms.rules.states import Happening
from backend.kernel import changes, clock, ids
from backend.kernel.events import publish
from backend.kernel.scope import Scope

_INSERT = text(
    "WITH history AS (INSERT INTO alarm_event"
    " SELECT * FROM jsonb_populate_recordset(NULL::alarm_event, cast(:rows AS jsonb)))"
    " SELECT pg_notify('alarm', said) FROM unnest(cast(:touched AS text[])) said"
)
_RAISING = (Happening.RAISED, Happening.RAISED_AGAIN, Happening.UNSUPPRESSED)


class Trace:
    """Collects what happens to alarms in one transaction; `leave` writes it all."""

    def __init__(self, session: Session, scope: Scope) -> None:
        self.session, self.scope = session, scope
        self.rows: list[dict[str, Any]] = []
        self.news: list[tuple[Alarm, str, dict[str, Any]]] = []
        self.latest: dict[UUID, Alarm] = {}

    def note(
        self, alarm: Alarm, happening: Happening, *, at: datetime | None = None, comment: str | None = None
    ) -> None:
        """Note what just happened to an alarm, which shows it already. at: else now."""
        self.rows.append(
            {
                "id": ids.new_id(), "organisation_id": alarm.organisation_id, "alarm_id": alarm.id,
                "at": at or clock.now(), "kind": happening.value, "level": alarm.level, "value": alarm.value,
                "actor_id": self.scope.actor_id, "comment": comment,
            }
        )  # fmt: skip
        self.latest[alarm.id] = alarm
        self.news.append((alarm, _name(alarm, happening), _body(alarm, happening)))

    def drop(self, alarm_ids: Sequence[UUID]) -> None:
        """Forget alarms that another worker was quicker to write."""
        self.rows = [row for row in self.rows if row["alarm_id"] not in alarm_ids]
        self.news = [news for news in self.news if news[0].id not in alarm_ids]
        self.latest = {alarm_id: a for alarm_id, a in self.latest.items() if alarm_id not in alarm_ids}

    def leave(self) -> None:
        """Write history, publish the news, nudge open pages, put the alarms into the feed that phones follow."""
        if not self.rows:
            return
        self.session.flush()
        touched = sorted(f"{alarm.id} {alarm.point_id}" for alarm in self.latest.values())
        self.session.execute(_INSERT, {"rows": orjson.dumps(self.rows).decode(), "touched": touched})
        for alarm in self.latest.values():
            changes.note(
                self.session,
                self.scope,
                entity="alarm",
                entity_id=alarm.id,
                organisation_id=alarm.organisation_id,
            )
        for alarm, name, body in self.news:
            if name == events.RAISED and self.latest[alarm.id].suppression is not None:
                continue
            event = events.event(name, alarm.organisation_id, body, actor_id=self.scope.actor_id)
            publish(self.session, event)


def _name(alarm: Alarm, happening: Happening) -> str:
    if alarm.state is AlarmState.NORMAL:
        return events.CLOSED
    is_on = alarm.state is not AlarmState.RETURNED  # what is over stays so, whoever may see it now
    return events.RAISED if happening in _RAISING and is_on else events.CHANGED


def _body(alarm: Alarm, happening: Happening) -> dict[str, Any]:
    named = {name: str(getattr(alarm, name)) for name in ("rule_id", "point_id", "position_id")}
    return named | {
        "alarm_id": str(alarm.id), "happening": happening.value, "state": alarm.state.value,
        "level": alarm.level,
        "priority": alarm.priority, "suppression": alarm.suppression and alarm.suppression.value,
        "value": alarm.value, "limit": alarm.limit, "raised_at": alarm.raised_at.isoformat(),
    }  # fmt: skip
