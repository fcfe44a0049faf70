"""What is made for each period, of whatever kind: agreed, made once, tried again where it does not go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.billing.models import DeliveryStatus
from backend.billing.queries import recurring as queries
from backend.billing.queries.recurring import D, S, Tables
from backend.billing.rules.documents import schedule as rules
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict
from backend.kernel.periods import local_date
from backend.kernel.scope import Role, Scope
from backend.network import service as network

AT_ONCE = 200
"""So many deliveries are taken up at a time."""


@dataclass(frozen=True)
class Schedules(Generic[S, D]):
    """Schedules of a kind. roles: who may agree on them; name: what the audit calls them, before `_schedule`."""

    tables: Tables[S, D]
    roles: tuple[Role, ...]
    name: str

    def agreed(self, session: Session, scope: Scope, one: S, after: Mapping[str, Any]) -> S:
        """Keep a new schedule. after: what of it the audit says besides how often and where to."""
        session.add(one)
        session.flush()
        said = {**after, "every": one.every.value, "road": one.road.value, "to": one.recipients}
        self._note(session, scope, one, "created", said)
        return one

    def end_schedule(self, session: Session, scope: Scope, *, schedule_id: UUID, on: date) -> S:
        """Have no period made any more that begins on a local day or later; what was made stays in the list."""
        one = queries.schedule(session, scope, self.tables, schedule_id, lock=True)
        scope.demand(one.organisation_id, *self.roles)
        if one.ends_on is not None and one.ends_on <= on:
            raise Conflict(
                "this schedule has ended already", field="schedule_id", value=ids.show(schedule_id)
            )
        before, one.ends_on = one.ends_on, max(on, one.starts_on)
        session.flush()
        said = {"ends_on": one.ends_on.isoformat(), "before": before and before.isoformat()}
        self._note(session, scope, one, "ended", said)
        return one

    def schedule(self, session: Session, scope: Scope, *, schedule_id: UUID) -> S:
        """Return one schedule; raises NotFound."""
        return queries.schedule(session, scope, self.tables, schedule_id)

    def schedules(
        self, session: Session, scope: Scope, *, cursor: str | None = None, limit: int = 50
    ) -> paging.Page[S]:
        """Return a page of schedules, the newest first (those with a role for it only: others have none)."""
        return queries.schedules(session, scope, self.tables, cursor=cursor, limit=limit)

    def deliveries(
        self, session: Session, scope: Scope, *, schedule_id: UUID, cursor: str | None = None, limit: int = 50
    ) -> paging.Page[D]:
        """Return a page of what became of a schedule's periods, the latest first; raises NotFound."""
        found = queries.schedule(session, scope, self.tables, schedule_id)
        return queries.deliveries(session, scope, self.tables, found.id, cursor=cursor, limit=limit)

    def latest(self, session: Session, scope: Scope, *, schedule_ids: Sequence[UUID]) -> dict[UUID, D]:
        """Return of each schedule the delivery to look at: one that failed, else the latest."""
        return queries.latest(session, scope, self.tables, schedule_ids)

    def retry(self, session: Session, scope: Scope, *, delivery_id: UUID) -> D:
        """Have a delivery that did not go out tried again now."""
        one = queries.delivery(session, scope, self.tables, delivery_id)
        scope.demand(one.organisation_id, *self.roles)
        if one.status is DeliveryStatus.DONE:
            raise Conflict("this document went out already", field="delivery_id", value=ids.show(delivery_id))
        one.next_try_at = clock.now()
        session.flush()
        audit.record(session, scope, action=f"{self.name}_delivery.retried", entity=f"{self.name}_delivery",
                     entity_id=one.id, organisation_id=one.organisation_id)  # fmt: skip
        return one

    def open_due(self, session: Session, scope: Scope, *, schedule_id: UUID) -> int:
        """Write down the periods of a schedule that are over, each once whoever else does; return how many are new."""
        one = queries.schedule(session, scope, self.tables, schedule_id, lock=True)
        today = local_date(clock.now(), network.zone_of(session, scope, one.organisation_id) or "UTC")
        known = queries.known(session, scope, self.tables, one.id)
        found = rules.due(one.every, one.starts_on, one.ends_on, known, today)
        for span in found:
            row = insert(self.tables.delivery).values(
                id=ids.new_id(), organisation_id=one.organisation_id, schedule_id=one.id, first=span.first,
                until=span.until, status=DeliveryStatus.WAITING, files=[], tries=0, next_try_at=clock.now(),
            )  # fmt: skip
            session.execute(row.on_conflict_do_nothing(index_elements=["schedule_id", "first"]))
        return len(found)

    def waiting(self, session: Session, scope: Scope) -> list[UUID]:
        """Return the deliveries whose time has come."""
        return queries.waiting(session, scope, self.tables, clock.now(), AT_ONCE)

    def take(self, session: Session, scope: Scope, *, delivery_id: UUID) -> tuple[D, S] | None:
        """Hold a delivery until the commit; None where another has it, or it is done."""
        one = queries.free(session, scope, self.tables, delivery_id, clock.now())
        if one is None:
            return None
        return one, queries.schedule(session, scope, self.tables, one.schedule_id)

    def went_out(self, session: Session, _scope: Scope, one: D, files: Sequence[str]) -> None:
        """Note that a delivery went out. files: the names of what did; none where there was nothing to tell."""
        one.status, one.files, one.done_at, one.error = DeliveryStatus.DONE, list(files), clock.now(), None
        one.tries += 1
        session.flush()

    def failed(self, session: Session, scope: Scope, *, delivery_id: UUID, error: str) -> None:
        """Note that a delivery did not go out, and when it is tried again."""
        one = queries.delivery(session, scope, self.tables, delivery_id)
        if one.status is not DeliveryStatus.DONE:
            one.tries += 1
            one.status, one.error = DeliveryStatus.FAILED, error[:500]
            one.next_try_at = clock.now() + rules.wait(one.tries)
            session.flush()

    def _note(self, session: Session, scope: Scope, one: S, done: str, after: Mapping[str, Any]) -> None:
        audit.record(
            session, scope, action=f"{self.name}_schedule.{done}", entity=f"{self.name}_schedule", entity_id=one.id,
            organisation_id=one.organisation_id, after=dict(after),
        )  # fmt: skip
