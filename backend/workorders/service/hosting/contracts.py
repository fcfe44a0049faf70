"""Contracts of hosted operation: what is run for whom."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict, Refused
from backend.kernel.paging import Page
from backend.kernel.scope import Role, Scope
from backend.kernel.units import Carrier
from backend.network import service as network
from backend.tenancy import service as tenancy
from backend.workorders.models import HostingContract
from backend.workorders.queries import hosting as queries
from backend.workorders.queries import policies

MAKERS = (Role.MANAGER, Role.ADMINISTRATOR)


@dataclass(frozen=True)
class NewContract:
    """What is agreed. position_ids: places that are run (none: all that are supplied); patrols, rounds: a month."""

    customer_id: UUID
    number: str
    title: str
    starts_on: date
    ends_on: date | None = None
    position_ids: Sequence[UUID] = ()
    carriers: Sequence[str] = ()
    patrols: int = 0
    rounds: int = 0
    fee: str | None = None


def add_contract(
    session: Session, scope: Scope, *, organisation_id: UUID, new: NewContract
) -> HostingContract:
    """Write down a contract with a customer; the service level is the one that holds for who runs it."""
    scope.demand(organisation_id, *MAKERS)
    customer = tenancy.organisation(session, scope, new.customer_id)
    number, title = new.number.strip()[:60], new.title.strip()[:200]
    if not number or not title:
        raise Refused("a contract has a number and a title", field="title" if number else "number")
    if new.ends_on is not None and new.ends_on < new.starts_on:
        raise Refused("a contract ends after it starts", field="ends_on", value=new.ends_on.isoformat())
    if not (0 <= new.patrols <= 310 and 0 <= new.rounds <= 31):
        raise Refused("so many in a month cannot be done", field="patrols", value=new.patrols)
    known = {one.value for one in Carrier}
    if strange := [one for one in new.carriers if one not in known]:
        raise Refused("this carrier is not known", field="carriers", value=strange[0])
    if queries.has_contract(session, scope, organisation_id, number):
        raise Conflict("this number is taken", field="number", value=number)
    places = network.positions_by_id(session, scope, set(new.position_ids))
    if lost := [one for one in new.position_ids if one not in places]:
        raise Refused("there is no such place", field="position_ids", value=ids.show(lost[0]))
    policy = policies.sla_policy(session, scope, organisation_id)
    made = HostingContract(
        id=ids.new_id(), organisation_id=organisation_id, customer_id=customer.id, number=number, title=title,
        position_ids=[str(one) for one in new.position_ids], carriers=list(new.carriers),
        sla_policy_id=policy.id if policy else None, patrols=new.patrols, rounds=new.rounds,
        fee=(new.fee or "").strip()[:500] or None, starts_on=new.starts_on, ends_on=new.ends_on,
        created_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(session, scope, action="hosting.contract_added", entity="hosting_contract", entity_id=made.id,
                 organisation_id=organisation_id,
                 after={"number": number, "customer": ids.show(customer.id)})  # fmt: skip
    return made


def end_contract(session: Session, scope: Scope, *, contract_id: UUID, on: date) -> HostingContract:
    """Say on which day a contract ends."""
    found = queries.contract(session, scope, contract_id)
    scope.demand(found.organisation_id, *MAKERS)
    if on < found.starts_on:
        raise Refused("a contract ends after it starts", field="ends_on", value=on.isoformat())
    before, found.ends_on = found.ends_on, on
    session.flush()
    audit.record(session, scope, action="hosting.contract_ended", entity="hosting_contract", entity_id=found.id,
                 organisation_id=found.organisation_id,
                 before={"ends_on": before.isoformat() if before else None},
                 after={"ends_on": on.isoformat()})  # fmt: skip
    return found


def contract(session: Session, scope: Scope, *, contract_id: UUID) -> HostingContract:
    """Return one contract; raises NotFound."""
    return queries.contract(session, scope, contract_id)


def contracts(
    session: Session, scope: Scope, *, on: date | None = None, organisations: Collection[UUID] | None = None,
    cursor: str | None = None, limit: int = 50,
) -> Page[HostingContract]:  # fmt: skip
    """Return contracts by number; on: those that run on a day."""
    return queries.contracts(session, scope, on=on, organisations=organisations, cursor=cursor, limit=limit)
