"""A furnished world whose east region has policies and technicians."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.alarms.models import AlarmRule
from backend.infra import mail, outbox
from backend.infra.mail import Letter
from backend.kernel import clock, events
from backend.kernel.db import Database
from backend.kernel.errors import Conflict, Unavailable
from backend.kernel.scope import Role, Scope
from backend.wiring import notices
from backend.workorders import events as workorders
from backend.workorders import service
from backend.workorders.models import AlarmHold, Source, Visit, WorkOrder
from backend.workorders.rules.machine import ENDED, OVER, OrderStatus, VisitStatus
from tests.world import Region, World, furnish, make_person, make_world

ALWAYS = {str(day): [["00:00", "24:00"]] for day in range(7)}


@pytest.fixture(scope="module")
def world(database: Database) -> World:
    """Two regions with people, places, policies, and two technicians each."""
    made = furnish(make_world(database))
    for region in (made.east, made.west):
        with database.transaction(region.scope) as session:
            service.found_policies(
                session, region.scope, organisation_id=region.region.id, timezone="Asia/Shanghai"
            )
            second = make_person(
                session, region.scope, f"second@{region.name}.example", region.region.id, Role.TECHNICIAN
            )
            region.people["second"] = second
            for person in (region.people["technician"], second):
                service.set_technician(
                    session, region.scope, organisation_id=region.region.id, person_id=person.id,
                    timezone="Asia/Shanghai", base=(121.5, 31.2), skills=["electricity", "metering"], shift=ALWAYS,
                )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def east(world: World) -> Region:
    """The region most tests happen in."""
    return world.east


@pytest.fixture
def acting(world: World) -> Callable[..., Iterator[tuple[Session, Scope]]]:
    """`with acting("dispatcher") as (session, scope):` one transaction of a person of the east."""

    @contextmanager
    def one(role: str, region: Region | None = None) -> Iterator[tuple[Session, Scope]]:
        scope = (region or world.east).scope if role == "system" else world.scope(region or world.east, role)
        with world.database.transaction(scope) as session:
            yield session, scope

    return one


@pytest.fixture
def reported(acting: Callable, east: Region) -> Callable[..., WorkOrder]:
    """Report a fault at a place of the east as a dispatcher."""

    def one(place: str = "plant", **more: object) -> WorkOrder:
        with acting("dispatcher") as (session, scope):
            new = service.Report(position_id=east.ids[place], title="Pump stands still", **more)  # type: ignore[arg-type]  # test data
            return service.report(session, scope, new=new, source=Source.DISPATCHER).order

    return one


@pytest.fixture
def dispatched(acting: Callable, east: Region, reported: Callable) -> Callable[..., WorkOrder]:
    """An order that lies with the technician."""

    def one(place: str = "plant", fault_class: str = "power_quality", **more: object) -> WorkOrder:
        order = reported(place, **more)
        with acting("dispatcher") as (session, scope):
            service.triage(session, scope, order_id=order.id, fault_class=fault_class)
            plan(session, scope, order.id, east.people["technician"].id)
            return service.dispatch(session, scope, order_id=order.id)

    return one


@pytest.fixture
def all_over(world: World) -> Iterator[None]:
    """After the test nothing of the east is open and nobody is booked."""
    yield
    with world.database.transaction(world.east.scope) as session:
        for order in session.query(WorkOrder).filter(WorkOrder.status.not_in(OVER)):
            order.status = OrderStatus.CANCELLED
        for visit in session.query(Visit).filter(Visit.status.not_in(ENDED)):
            visit.status = VisitStatus.CANCELLED
        session.query(AlarmHold).delete()
        for rule in session.query(AlarmRule):
            rule.out_of_service_until = rule.out_of_service_by = rule.out_of_service_reason = None


@dataclass
class Slow:
    """A mail server that takes what it takes and refuses some readers for a while."""

    refuses: set[str] = field(default_factory=set)
    taken: list[Letter] = field(default_factory=list)

    def send(self, letter: Letter) -> None:
        if letter.to in self.refuses:
            raise Unavailable("mailbox busy")
        self.taken.append(letter)


@pytest.fixture
def server(environment, monkeypatch, owner_database):
    """The product's listeners of field work, and a mail server that may refuse."""
    made = Slow()
    monkeypatch.setattr(events, "_listeners", {})
    monkeypatch.setattr(mail, "post", lambda _settings: made)
    events.listen(workorders.TELL, "notices of field work", notices.tell)
    events.listen(workorders.LETTER, "one reader of field work", notices.hand_over)
    events.listen(workorders.ESCALATED, "rungs of the ladder", notices.escalate)
    with owner_database.transaction(Scope.public()) as session:
        session.execute(text("DELETE FROM outbox"))
    return made


def deliver(world):
    """Deliver until nothing is due any more."""
    while due := outbox.claim_due(world.database):
        for one in due:
            outbox.deliver(world.database, one)


_taken: list[int] = []


def plan(session: Session, scope: Scope, order_id: UUID, person_id: UUID) -> None:
    """Plan a visit at a time nobody has yet."""
    for _ in range(25):
        _taken.append(0)
        start = clock.now() + timedelta(minutes=30 + 95 * (len(_taken) % 25))
        try:
            with session.begin_nested():
                service.schedule(session, scope, order_id=order_id, technician_id=person_id, start=start)
        except Conflict as error:
            if "another visit" not in error.message:
                raise
        else:
            return
    raise AssertionError("everybody is booked for two days")
