"""Something of everything in hosted operation, for worlds that are walked."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.workorders import service as work
from backend.workorders.service import hosting
from backend.workorders.service.hosting import Duty, NewContract, NewPatrol, NewRound, NewTicket, TicketKind
from tests.world import Region

ZONE = "Asia/Shanghai"


def host(session: Session, region: Region) -> None:
    """Run the customer's supply for them, in a region whose policies are founded; ids go to `region.ids`."""
    scope, ids, today = region.scope, region.ids, clock.now().date()
    where, name = region.region.id, region.name.title()
    new = NewContract(
        region.customer.id, "H-1", f"{name} mill", today - timedelta(days=60), patrols=20, rounds=1
    )
    ids["hosting"] = hosting.add_contract(session, scope, organisation_id=region.enterprise.id, new=new).id
    ids["shift"] = hosting.add_shift(
        session, scope, organisation_id=where, person_id=region.people["technician"].id, duty=Duty.FIELD,
        on=today + timedelta(days=2), begins="08:00", ends="16:00", zone=ZONE,
    ).id  # fmt: skip
    ticket = NewTicket(TicketKind.SWITCHING, f"{name} energy off", ("open", "earth"), ZONE)
    ids["ticket"] = hosting.issue_ticket(session, scope, organisation_id=where, new=ticket).id
    lists = work.checklists(session, scope)
    walk = NewPatrol(f"{name} energy walk", lists[0].id, [ids["plant"]], range(7), contract_id=ids["hosting"])
    ids["patrol"] = hosting.plan_patrol(session, scope, new=walk).id
    read = NewRound(f"{name} energy round", [ids["supply_energy"]], 25, ZONE, ids["hosting"])
    ids["round"] = hosting.plan_round(session, scope, new=read).id
    hosting.write_entry(session, scope, organisation_id=where, text=f"{name} energy is fine")
