"""The catalogue of spare parts, and the stores they lie in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import queries
from backend.assets.models import Part, Store, StoreKind
from backend.assets.rules import search as search_rules
from backend.assets.rules.life import EDITORS
from backend.kernel import audit, changes, clock, ids, paging
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Scope

CHANGEABLE = ("name", "name_zh", "unit", "minimum")


def add_part(
    session: Session, scope: Scope, *, organisation_id: UUID, number: str, name: str, unit: str,
    name_zh: str | None = None, minimum: Decimal = Decimal(0),
) -> Part:  # fmt: skip
    """Put a part into an organisation's catalogue. minimum: how many should lie in all stores together [unit]."""
    scope.demand(organisation_id, *EDITORS)
    part = Part(
        id=ids.new_id(), organisation_id=organisation_id, number=number.strip(), name=name.strip(),
        name_zh=(name_zh or "").strip() or None, unit=unit.strip(), minimum=minimum, archived_at=None,
        created_at=clock.now(),
    )  # fmt: skip
    _demand_sense(part)
    if queries.stock.part_of_number(session, scope, organisation_id, part.number) is not None:
        raise Conflict(
            f"part {part.number} is already in the catalogue", field="number", value=part.number,
            remedy="take another number, or change that part",
        )  # fmt: skip
    session.add(part)
    session.flush()
    _note(session, scope, "part", part)
    audit.record(
        session, scope, action="part.added", entity="part", entity_id=part.id, organisation_id=organisation_id,
        after={"number": part.number, "name": part.name},
    )  # fmt: skip
    return part


def change_part(session: Session, scope: Scope, *, part_id: UUID, **said: Any) -> Part:
    """Say otherwise what a part is called, counted in, and how many should lie there."""
    part = queries.stock.part(session, scope, part_id)
    scope.demand(part.organisation_id, *EDITORS)
    if set(said) - set(CHANGEABLE):
        raise Refused("this is not changed here", field=min(set(said) - set(CHANGEABLE)))
    before = {name: getattr(part, name) for name in said}
    for name, value in said.items():
        setattr(part, name, value)
    _demand_sense(part)
    session.flush()
    _note(session, scope, "part", part)
    audit.record(
        session, scope, action="part.changed", entity="part", entity_id=part.id,
        organisation_id=part.organisation_id, before={k: str(v) for k, v in before.items()},
        after={k: str(v) for k, v in said.items()},
    )  # fmt: skip
    return part


def create_store(
    session: Session, scope: Scope, *, organisation_id: UUID, kind: StoreKind, name: str,
    name_zh: str | None = None, person_id: UUID | None = None, position_id: UUID | None = None,
) -> Store:  # fmt: skip
    """Open a warehouse, or the van of a technician."""
    scope.demand(organisation_id, *EDITORS)
    if kind is StoreKind.VAN and person_id is None:
        raise Refused("a van has a technician", field="person_id", remedy="say whose van it is")
    if not 1 <= len(name.strip()) <= 120:
        raise Refused("a name has 1 to 120 characters", field="name", value=name[:120])
    if queries.stock.store_of_name(session, scope, organisation_id, name.strip()) is not None:
        raise Conflict(f"there is already a store '{name.strip()}'", field="name", value=name.strip())
    store = Store(
        id=ids.new_id(), organisation_id=organisation_id, kind=kind, name=name.strip(), name_zh=name_zh,
        person_id=person_id, position_id=position_id, archived_at=None, created_at=clock.now(),
    )  # fmt: skip
    session.add(store)
    session.flush()
    _note(session, scope, "store", store)
    audit.record(
        session, scope, action="store.created", entity="store", entity_id=store.id,
        organisation_id=organisation_id, after={"name": store.name, "kind": kind.value},
    )  # fmt: skip
    return store


def part(session: Session, scope: Scope, part_id: UUID) -> Part:
    """Return one part; raises NotFound."""
    return queries.stock.part(session, scope, part_id)


def store(session: Session, scope: Scope, store_id: UUID) -> Store:
    """Return one store; raises NotFound."""
    return queries.stock.store(session, scope, store_id)


def list_stores(
    session: Session,
    scope: Scope,
    *,
    organisations: frozenset[UUID] | None = None,
    person_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> paging.Page[tuple[Store, str | None]]:
    """Return a page of stores, warehouses first, each with whose van it is; person_id: only their vans."""
    return queries.stock.stores(
        session, scope, organisations or scope.organisations, person_id, cursor=cursor, limit=limit
    )


def list_parts(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None = None, text: str | None = None,
    below_minimum: bool = False, cursor: str | None = None, limit: int = 50,
) -> paging.Page[tuple[Part, Decimal]]:  # fmt: skip
    """Return a page of parts by number, each with what lies in all stores together [unit of the part].

    text: a part of number or name; below_minimum: only those of which too few lie there
    """
    wanted: list[UUID] | None = None
    if text:
        question = search_rules.ask(text)
        found = queries.search.matches(session, scope, question, ["part"], paging.MOST) if question else []
        wanted = [identifier for _kind, identifier in found]
    return queries.stock.parts(
        session, scope, organisations or scope.organisations, part_ids=wanted, short_only=below_minimum,
        cursor=cursor, limit=limit,
    )  # fmt: skip


def _note(session: Session, scope: Scope, entity: str, row: Any) -> None:
    changes.note(session, scope, entity=entity, entity_id=row.id, organisation_id=row.organisation_id)


def _demand_sense(part: Part) -> None:
    for name, most in (("number", 60), ("name", 200), ("unit", 20)):
        value = getattr(part, name)
        if not 1 <= len(value) <= most:
            raise Refused(f"this needs 1 to {most} characters", field=name, value=value[:most])
    if part.minimum < 0:
        raise Refused("a minimum is not negative", field="minimum", value=str(part.minimum))
