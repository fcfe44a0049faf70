"""The six applications, each on or off for an organisation and all below it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.errors import Forbidden
from backend.kernel.scope import Role, Scope
from backend.tenancy import queries
from backend.tenancy.models import Application, ApplicationSwitch
from backend.tenancy.service.organisations import organisation


def applications(session: Session, scope: Scope, organisation_id: UUID) -> dict[Application, bool]:
    """Return which applications are on at a node; the nearest switch upwards decides."""
    node = organisation(session, scope, organisation_id)
    return {Application(name): is_on for name, is_on in queries.switches(session, scope, node.id).items()}


def demand_application(
    session: Session, scope: Scope, organisation_id: UUID, application: Application
) -> None:
    """Raise Forbidden where an application is off."""
    if not applications(session, scope, organisation_id)[application]:
        raise Forbidden(
            f"{application.value} is switched off for this organisation",
            remedy="an administrator can switch it on",
        )


def switch_application(
    session: Session, scope: Scope, organisation_id: UUID, *, application: Application, is_on: bool | None
) -> None:
    """Switch an application on or off at a node; None takes the switch away: the node above decides."""
    node = organisation(session, scope, organisation_id)
    scope.demand(node.id, Role.ADMINISTRATOR)
    present = queries.switch(session, scope, node.id, application.value)
    before = None if present is None else present.is_on
    if before == is_on:
        return
    if present is None:
        session.add(ApplicationSwitch(organisation_id=node.id, application=application, is_on=is_on))
    elif is_on is None:
        session.delete(present)
    else:
        present.is_on = is_on
    audit.record(
        session, scope, action="application.switch", entity="application", entity_id=application.value,
        organisation_id=node.id, before={"is_on": before}, after={"is_on": is_on},
    )  # fmt: skip
