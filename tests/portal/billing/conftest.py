"""The portal on a world whose eastern enterprise has billed its customer two months of a metered contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from backend.billing.service import bills, ledger, payments, runs, so_far
from backend.kernel import clock
from backend.kernel.periods import local_date
from tests.apps import Browser, make_app
from tests.backend.billing import scene
from tests.world import World, furnish, make_world

MONTHS = 3


@dataclass
class Billed:
    """What was billed: months (their first days, oldest first), the bill of each, and where things are."""

    world: World
    owner: Any
    months: list[date]
    contract: UUID
    tariff: UUID
    book: UUID
    point: UUID
    key: int
    bills: list[UUID]

    def finish(self, run_id: UUID) -> None:
        """Take a run as far as it goes by itself."""
        more = True
        while more:
            with self.world.database.transaction(self.world.east.scope) as session:
                more = runs.advance(session, self.world.east.scope, run_id=run_id)

    def acting(self, deed: Callable[..., Any], **given: Any) -> Any:
        """Do something as the region's system."""
        scope = self.world.east.scope
        with self.world.database.transaction(scope) as session:
            return deed(session, scope, **given)


@pytest.fixture(scope="module")
def app(environment, database):
    made = make_app(database)
    yield made
    made.extensions["live"].close()


@pytest.fixture(scope="module")
def world(app, database):
    return furnish(make_world(database))


@pytest.fixture
def browser(app, world):
    """Make a logged-in browser: `browser(region, role)`."""
    return lambda region, role: Browser(app, region.people[role])


def month(back: int) -> date:
    """The first day of the month so many before this one."""
    today = local_date(clock.now(), scene.ZONE)
    number = today.year * 12 + today.month - 1 - back
    return date(number // 12, number % 12 + 1, 1)


@pytest.fixture(scope="module")
def billed(world, owner_database):
    """Two months billed at time of use, the older paid; this month until last midnight, at twice the use."""
    east, scope = world.east, world.east.scope
    first, second, current = month(2), month(1), month(0)
    document = scene.TOU | {
        "versions": [scene.TOU["versions"][0] | {"from": "2020-01-01", "calendar": "none"}]
    }
    with world.database.transaction(scope) as session:
        book = ledger.open_book(session, scope, organisation_id=east.enterprise.id, name="East energy").id
        tariff = scene.store(session, scope, east, document)
        point, key = scene.meter(session, east, "billed meter")
        contract = scene.sign(
            session, scope, east, "E-1", tariff, [point], starts_on=first, payer="Mill Ltd"
        ).id
    scene.fill(owner_database, key, wh=1000, start=first, end=second)
    scene.fill(owner_database, key, wh=1500, start=second, end=current)
    today = local_date(clock.now(), scene.ZONE)
    if today > current:
        scene.fill(owner_database, key, wh=3000, start=current, end=today)
    made = Billed(world, owner_database, [first, second, current], contract, tariff, book, point, key, [])
    for on, issued in ((first, second), (second, current)):
        run = made.acting(runs.start_run, organisation_id=east.enterprise.id, on=on)
        made.finish(run.id)
        made.acting(runs.approve, run_id=run.id, issue_on=issued)
        made.finish(run.id)
        made.bills.append(made.acting(bills.bills, run_id=run.id).items[0].id)
    total = made.acting(bills.bill, bill_id=made.bills[0]).total
    made.acting(
        payments.take_cash, organisation_id=east.enterprise.id, customer_id=east.customer.id,
        amount=total.quantize(Decimal("0.01")), currency="CNY", received_on=current, receipt="R-1",
    )  # fmt: skip
    made.acting(so_far.refresh)
    return made
