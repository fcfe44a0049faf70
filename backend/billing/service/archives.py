"""A run's bills packed for download: a lot at a time, each a step of its own, so that one that dies goes on."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.billing import events
from backend.billing.models import BillArchive, RunStatus
from backend.billing.queries import archives as queries
from backend.billing.queries import bills
from backend.billing.queries import documents as document_queries
from backend.billing.queries.confined import KEEPERS
from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict, NotFound, Refused
from backend.kernel.events import publish
from backend.kernel.scope import Scope

LOT = 200
"""So many bills are packed in one step: some seconds of a worker."""

LOCALES = ("zh", "en")


def ask(session: Session, scope: Scope, *, run_id: UUID, locale: str) -> BillArchive:
    """Have a run's bills packed in a language; asked again, it is the same archive.

    raises Conflict for a run that is not issued
    """
    run = bills.run(session, scope, run_id)
    scope.demand(run.organisation_id, *KEEPERS)
    if locale not in LOCALES:
        raise Refused("bills are not written in this language", field="locale", value=locale[:20])
    if run.status is not RunStatus.ISSUED:
        raise Conflict(
            f"this run is {run.status.value}", field="run_id", value=ids.show(run_id), remedy="issue it first"
        )
    whole = queries.bill_count(session, scope, run_id)
    if not whole:
        raise Conflict("no bill came of this run", field="run_id", value=ids.show(run_id))
    row = insert(BillArchive).values(
        id=ids.new_id(), organisation_id=run.organisation_id, run_id=run.id, locale=locale, done=0, parts=[], size=0,
        whole=whole, asked_at=clock.now(), asked_by=scope.actor_id,
    )  # fmt: skip
    new = session.scalar(
        row.on_conflict_do_nothing(index_elements=["run_id", "locale"]).returning(BillArchive.id)
    )
    found = archive(session, scope, run_id=run_id, locale=locale)
    if new is not None:
        audit.record(
            session, scope, action="bill_archive.asked", entity="bill_run", entity_id=run.id,
            organisation_id=run.organisation_id, after={"locale": locale, "bills": found.whole},
        )  # fmt: skip
        _next(session, scope, found)
    return found


def take(session: Session, scope: Scope, *, archive_id: UUID) -> tuple[BillArchive, list[UUID]]:
    """Hold an archive until the commit; return it with the bills to be packed next, none where all are."""
    found = queries.archive(session, scope, archive_id)
    if found.ended_at is not None:
        return found, []
    return found, document_queries.bills_of_run(session, scope, found.run_id, found.after_id, LOT)


def packed(
    session: Session, scope: Scope, found: BillArchive, *, bill_ids: Sequence[UUID], sha256: str, size: int
) -> None:
    """Note that bills stand in a part [B]; the next lot is asked for, or the archive is whole."""
    found.parts = [*found.parts, sha256]
    found.done, found.size, found.after_id = found.done + len(bill_ids), found.size + size, bill_ids[-1]
    if found.done < found.whole:
        _next(session, scope, found)
    else:
        found.ended_at = clock.now()
    session.flush()


def _next(session: Session, scope: Scope, found: BillArchive) -> None:
    body = {"archive_id": str(found.id)}
    publish(session, events.event(events.ARCHIVE_STEP, found.organisation_id, body, actor_id=scope.actor_id))


def archive(session: Session, scope: Scope, *, run_id: UUID, locale: str) -> BillArchive:
    """Return the archive of a run in a language, as far as it is; raises NotFound where nobody asked for it."""
    found = next((one for one in archives(session, scope, run_id=run_id) if one.locale == locale), None)
    if found is None:
        raise NotFound("these bills are not packed", field="run_id", value=ids.show(run_id))
    return found


def archives(session: Session, scope: Scope, *, run_id: UUID) -> Sequence[BillArchive]:
    """Return the archives of a run, the one asked for last first."""
    return queries.of_run(session, scope, run_id)
