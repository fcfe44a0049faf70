"""Something of everything in billing, for worlds that are walked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from backend.billing.ports import Asked, Order
from backend.billing.rules.documents.schedule import Every, Form, Paper
from backend.billing.service import (
    HoldReason,
    Road,
    archives,
    bills,
    complaints,
    contracts,
    cuts,
    dunning,
    ledger,
    payments,
    plans,
    providers,
    requests,
    runs,
    schedules,
    so_far,
    tariffs,
)
from backend.billing.service.contracts import NewSupplyContract
from backend.billing.service.schedules import NewSchedule
from backend.kernel import clock
from backend.kernel.periods import local_date
from tests.world import Region, World

DAY, NEXT = date(2026, 9, 1), date(2026, 10, 1)
LATER = date(2027, 6, 1)
"""No run of these tests reaches it."""

FLAT: dict[str, Any] = {
    "code": "flat", "name": {"en": "Flat"}, "carrier": "electricity", "currency": "CNY", "zone": "Asia/Shanghai",
    "versions": [{"from": "2026-01-01", "components": [
        {"kind": "standing", "code": "standing", "name": {"en": "Standing"}, "per": "month", "price": 100},
    ]}],
}  # fmt: skip
STATEMENT = b"date,amount,payer,reference\n2026-10-05,5.00,Nobody,thanks\n"


class Window:
    """A provider that takes any order: whether it is paid is no matter here."""

    def ask(self, order: Order) -> Asked:
        """Take it."""
        return Asked(f"pay_{order.intent_id}", "https://pay.example/1")


def charge(world: World, region: Region) -> None:
    """Bill the customer a month, take money, leave a draft and a document that is due; ids go to `region.ids`."""
    ids, where, database, scope = region.ids, region.enterprise.id, world.database, region.scope
    with database.transaction(scope) as session:
        ids["book"] = ledger.open_book(session, scope, organisation_id=where, name=f"{region.name} energy").id
        tariff = tariffs.store_tariff(session, scope, organisation_id=where, document=FLAT)
        ids["tariff"] = tariff.tariff_id
        new = NewSupplyContract(region.customer.id, f"{region.name}-1", tariff.tariff_id, DAY, [])
        ids["contract"] = contracts.create_contract(session, scope, organisation_id=where, new=new).id
    for name, on in (("bill", DAY), ("draft", NEXT)):
        with database.transaction(scope) as session:
            run_id = runs.start_run(session, scope, organisation_id=where, on=on).id
        finish(world, region, run_id)
        if name == "bill":
            with database.transaction(scope) as session:
                runs.approve(session, scope, run_id=run_id, issue_on=NEXT)
            finish(world, region, run_id)
        with database.transaction(scope) as session:
            ids[name] = bills.bills(session, scope, run_id=run_id).items[0].id
        ids["run"] = run_id
    with database.transaction(scope) as session:
        payments.take_cash(
            session, scope, organisation_id=where, customer_id=region.customer.id, amount=Decimal(10), currency="CNY",
            received_on=NEXT, receipt="R1",
        )  # fmt: skip
        taken = payments.import_bank_file(
            session, scope, organisation_id=where, name="statement.csv", content=STATEMENT, currency="CNY"
        )
        ids["payment"] = taken.unassigned[0].id
        ids["complaint"] = complaints.complain(
            session, scope, bill_id=ids["bill"], place=0, text=f"{region.name} mill finds it dear"
        ).id
        asked = {"contract_id": ids["contract"], "amount": Decimal(1)}
        ids["intent"] = providers.ask(session, scope, Window(), **asked).id
        so_far.refresh(session, scope)
    with database.transaction(scope) as session:
        ids["hold"] = dunning.hold(
            session, scope, bill_id=ids["bill"], reason=HoldReason.COMPLAINT, note="disputed"
        ).id
        plan = plans.agree(
            session, scope, organisation_id=where, customer_id=region.customer.id, bill_ids=[ids["bill"]], parts=3,
            first_on=local_date(clock.now(), "UTC"),
        )  # fmt: skip
        ids["instalment_plan"] = plan.plan.id
        ahead = NewSupplyContract(
            region.customer.id, f"{region.name}-2", tariff.tariff_id, LATER, [], is_prepaid=True
        )
        prepaid = contracts.create_contract(session, scope, organisation_id=where, new=ahead)
        ids["cut"] = cuts.announce(session, scope, contract_id=prepaid.id).id
        new_schedule = NewSchedule(Paper.AGEING, Every.MONTH, DAY, [Form.CSV], Road.FOLDER)
        agreed = schedules.create_schedule(session, scope, organisation_id=where, new=new_schedule)
        schedules.DOCUMENTS.open_due(session, scope, schedule_id=agreed.id)
        due = schedules.deliveries(session, scope, schedule_id=agreed.id).items
        ids["schedule"], ids["delivery"] = agreed.id, due[0].id
        ids["request"] = requests.ask_instalments(session, scope, bill_id=ids["bill"], parts=3).id
        issued = bills.bill(session, scope, bill_id=ids["bill"]).run_id
        archives.ask(session, scope, run_id=issued, locale="en")


def finish(world: World, region: Region, run_id: Any) -> None:
    """Take a run as far as it goes by itself."""
    more = True
    while more:
        with world.database.transaction(region.scope) as session:
            more = runs.advance(session, region.scope, run_id=run_id)
