"""The tree of organisations: found a region, add nodes below, rename them, look at them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids
from backend.kernel.db import confine
from backend.kernel.errors import NotFound, Refused
from backend.kernel.paging import Page
from backend.kernel.scope import Role, Scope
from backend.kernel.tree import path_of
from backend.tenancy import queries, rules
from backend.tenancy.models import Organisation, OrganisationKind


def found_region(
    session: Session, *, name: str, name_zh: str | None = None, is_simulated: bool = False,
    kind: OrganisationKind = OrganisationKind.REGION,
) -> tuple[Organisation, Scope]:  # fmt: skip
    """Create the top of a new tree; returns it with the system scope that may fill it.

    Only commands call this: no person may found a region. The session is confined to the new tree.
    """
    identifier = ids.new_id()
    scope = Scope.system(frozenset({identifier}), "founding a region")
    confine(session, scope)
    root = Organisation(
        id=identifier, parent_id=None, path=path_of(identifier, None), kind=kind, name=_name(name),
        name_zh=name_zh, is_simulated=is_simulated, created_at=clock.now(),
    )  # fmt: skip
    session.add(root)
    session.flush()
    _note(session, scope, "create", root, before=None)
    return root, scope


def create_organisation(
    session: Session, scope: Scope, *, parent_id: UUID, kind: OrganisationKind, name: str,
    name_zh: str | None = None, trade: str | None = None, is_simulated: bool | None = None,
) -> Organisation:  # fmt: skip
    """Add a node below another; it counts as simulated when its parent is."""
    parent = organisation(session, scope, parent_id)
    scope.demand(parent.id, Role.ADMINISTRATOR)
    rules.check_tier(parent.kind.value, kind.value)
    identifier = ids.new_id()
    node = Organisation(
        id=identifier, parent_id=parent.id, path=path_of(identifier, parent.path), kind=kind,
        name=_name(name), name_zh=name_zh, trade=trade, created_at=clock.now(),
        is_simulated=parent.is_simulated if is_simulated is None else is_simulated,
    )  # fmt: skip
    session.add(node)
    session.flush()
    _note(session, scope, "create", node, before=None)
    return node


def rename_organisation(
    session: Session, scope: Scope, organisation_id: UUID, *, name: str, name_zh: str | None = None
) -> Organisation:
    """Give a node another name."""
    node = organisation(session, scope, organisation_id)
    scope.demand(node.id, Role.ADMINISTRATOR)
    before = _shown(node)
    node.name, node.name_zh = _name(name), name_zh
    _note(session, scope, "rename", node, before=before)
    return node


def set_emergency_phone(session: Session, scope: Scope, organisation_id: UUID, *, phone: str) -> Organisation:
    """Say which phone is answered day and night; empty: that of the organisation above."""
    node = organisation(session, scope, organisation_id)
    scope.demand(node.id, Role.ADMINISTRATOR)
    plain = phone.strip()
    if plain and not re.fullmatch(r"\+?[\d ()/-]{3,30}", plain):
        raise Refused(
            "this is no phone number", field="phone", value=phone[:50], remedy="digits, with +86 or 0"
        )
    before, node.emergency_phone = {"emergency_phone": node.emergency_phone}, plain or None
    audit.record(
        session, scope, action="organisation.emergency_phone", entity="organisation", entity_id=node.id,
        organisation_id=node.id, before=before, after={"emergency_phone": node.emergency_phone},
    )  # fmt: skip
    return node


def emergency_phone(session: Session, _scope: Scope, organisation_id: UUID) -> str | None:
    """Return the phone answered day and night for an organisation. It is printed on labels: anybody may know it."""
    return queries.emergency_phone(session, organisation_id)


def organisation(session: Session, scope: Scope, organisation_id: UUID) -> Organisation:
    """Return an organisation the asker sees, or raise NotFound."""
    found = queries.organisation(session, scope, organisation_id)
    if found is None:
        raise NotFound(
            "there is no such organisation here", field="organisation_id", value=str(organisation_id)
        )
    return found


def subtree(session: Session, scope: Scope, organisation_id: UUID) -> Sequence[Organisation]:
    """Return a node and all below it, parents first."""
    return queries.subtree(session, scope, organisation(session, scope, organisation_id).id)


def tops(session: Session, scope: Scope) -> Sequence[Organisation]:
    """Return the highest organisations the asker sees: where the organisation switcher begins."""
    return queries.tops(session, scope)


def find_organisations(
    session: Session, scope: Scope, *, text: str = "", among: frozenset[UUID] | None = None,
    kind: OrganisationKind | None = None, limit: int = 20,
) -> Sequence[Organisation]:  # fmt: skip
    """Return so many organisations by name, which a text is a part of; among: only some."""
    wanted = scope.organisations if among is None else among
    return queries.find_organisations(session, scope, text=text, among=wanted, kind=kind, limit=limit)


def level(
    session: Session,
    scope: Scope,
    organisation_id: UUID | None,
    *,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Organisation]:
    """Return a page of the organisations directly below one, or of the highest the asker sees, by name."""
    above = None if organisation_id is None else organisation(session, scope, organisation_id).id
    return queries.level(session, scope, above, cursor=cursor, limit=limit)


def widened(session: Session, scope: Scope) -> Scope:
    """Return a system scope with the organisations created under it since, and confine the session to it."""
    grown = frozenset().union(*(queries.subtree_ids(session, node) for node in scope.organisations))
    wider = Scope.system(grown, scope.reason)
    confine(session, wider)
    return wider


def _name(name: str) -> str:
    plain = name.strip()
    if not 1 <= len(plain) <= 200:
        raise Refused("a name has 1 to 200 characters", field="name", value=name[:200])
    return plain


def _shown(node: Organisation) -> dict[str, str | None]:
    return {"name": node.name, "name_zh": node.name_zh, "kind": node.kind.value, "trade": node.trade}


def _note(session: Session, scope: Scope, action: str, node: Organisation, *, before: dict | None) -> None:
    audit.record(
        session, scope, action=f"organisation.{action}", entity="organisation", entity_id=node.id,
        organisation_id=node.id, before=before, after=_shown(node),
    )  # fmt: skip
