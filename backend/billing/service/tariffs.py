"""Tariffs kept: their documents as they were said, revision by revision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import Tariff, TariffVersion
from backend.billing.queries import contracts as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules import tariff as rules
from backend.kernel import audit, clock, ids, paging
from backend.kernel.scope import Scope


def store_tariff(
    session: Session, scope: Scope, *, organisation_id: UUID, document: Mapping[str, Any]
) -> TariffVersion:
    """Keep a tariff's document: the first of its code, or the next revision; one that says the same is no news.

    raises Refused with all that is wrong with it
    """
    scope.demand(organisation_id, *KEEPERS)
    parsed = rules.parse(document)
    plain = rules.dump(parsed)
    kept = queries.tariff_called(session, scope, organisation_id, parsed.code)
    if kept is None:
        kept = Tariff(
            id=ids.new_id(), organisation_id=organisation_id, code=parsed.code, created_at=clock.now()
        )
        session.add(kept)
        session.flush()
    newest = queries.newest_versions(session, scope, [kept.id]).get(kept.id)
    if newest is not None and newest.document == plain:
        return newest
    made = TariffVersion(
        id=ids.new_id(), organisation_id=organisation_id, tariff_id=kept.id, document=plain, created_at=clock.now(),
        revision=1 if newest is None else newest.revision + 1, created_by=scope.actor_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(
        session, scope, action="tariff.stored", entity="tariff", entity_id=kept.id, organisation_id=organisation_id,
        after={"code": parsed.code, "revision": made.revision},
    )  # fmt: skip
    return made


def tariffs(
    session: Session, scope: Scope, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[tuple[Tariff, TariffVersion]]:
    """Return a page of tariffs by code, each with its newest revision."""
    page = queries.tariffs(session, scope, cursor=cursor, limit=limit)
    newest = queries.newest_versions(session, scope, [one.id for one in page.items])
    return page.each(lambda one: (one, newest[one.id]))


def parsed(session: Session, scope: Scope, *, tariff_id: UUID) -> tuple[TariffVersion, rules.Tariff]:
    """Return a tariff's newest revision, read; raises NotFound."""
    kept = queries.tariff(session, scope, tariff_id)
    version = queries.newest_versions(session, scope, [kept.id])[kept.id]
    return version, rules.parse(version.document)
