"""What bills are made of: a tariff, points with a month of intervals, contracts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.billing.models import SupplyContract
from backend.billing.service import contracts, runs, tariffs
from backend.billing.service.contracts import NewContractPoint, NewSupplyContract
from backend.kernel.db import Database
from backend.kernel.periods import day
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from tests.world import Region

ZONE = "Asia/Shanghai"
FIRST, NEXT = date(2026, 9, 1), date(2026, 10, 1)
"""The month that is billed: 30 days of 96 intervals."""

TOU: dict[str, Any] = {
    "code": "park-tou", "name": {"en": "Park, time of use", "zh": "园区分时电价"}, "carrier": "electricity",
    "currency": "CNY", "zone": ZONE,
    "versions": [{
        "from": "2026-01-01", "calendar": "CN",
        "schedules": {"tou": {
            "periods": {"peak": {"en": "Peak", "zh": "峰"}, "valley": {"en": "Valley", "zh": "谷"}},
            "rules": [{"period": "valley", "hours": "22:00-08:00"}, {"period": "peak"}],
        }},
        "components": [
            {"kind": "energy", "code": "energy", "name": {"en": "Energy", "zh": "电度电费"}, "unit": "kWh", "by": "tou",
             "price": {"peak": 0.9, "valley": 0.3}},
            {"kind": "standing", "code": "standing", "name": {"en": "Standing charge", "zh": "固定费"}, "per": "month",
             "price": 10},
            {"kind": "share", "code": "vat", "name": {"en": "VAT", "zh": "增值税"}, "of": ["energy", "standing"],
             "rate": 0.13},
        ],
    }],
}  # fmt: skip
"""14 hours of peak a day and 10 of valley: a kWh in each interval of 15 minutes is 56 and 40 kWh a day."""


def store(session: Session, scope: Scope, region: Region, document: dict[str, Any] = TOU) -> UUID:
    """Keep a tariff of the region's enterprise; return its id."""
    return tariffs.store_tariff(
        session, scope, organisation_id=region.enterprise.id, document=document
    ).tariff_id


def meter(session: Session, region: Region, name: str, position: str = "supply") -> tuple[UUID, int]:
    """Make an electricity register at a place; return its id and key."""
    new = metering.NewPoint(name, Carrier.ELECTRICITY, "active energy", "kWh", PointKind.REGISTER)
    made = metering.create_point(session, region.scope, position_id=region.ids[position], new=new)
    return made.id, made.key


def fill(
    owner: Database, key: int, *, wh: int = 1000, start: date = FIRST, end: date = NEXT, minutes: int = 15
) -> None:
    """Store intervals of `wh` each for local days [start, end)."""
    starts, ends = day(start, ZONE).start, day(end, ZONE).start
    with owner.transaction(Scope.public()) as session:
        months = (
            "SELECT ensure_month('interval', m) FROM generate_series(CAST(:a AS timestamptz), :b, '1 week') m"
        )
        session.execute(text(months), {"a": starts, "b": ends})
        session.execute(
            text(
                'INSERT INTO "interval" (point_key, start, minutes, version, method, rule, amount)'
                " SELECT :key, s, :minutes, 0, 0, 1, :wh FROM generate_series(CAST(:a AS timestamptz),"
                " CAST(:b AS timestamptz) - interval '1 minute', :minutes * interval '1 minute') s"
            ),
            {"key": key, "minutes": minutes, "wh": wh, "a": starts, "b": ends},
        )


def sign(
    session: Session,
    scope: Scope,
    region: Region,
    number: str,
    tariff_id: UUID,
    points: Sequence[UUID],
    **more: Any,
) -> SupplyContract:
    """Write down a contract of the region's customer from the first of the month on."""
    said: dict[str, Any] = {"customer_id": region.customer.id, "starts_on": FIRST} | more
    new = NewSupplyContract(
        number=number, tariff_id=tariff_id, points=[NewContractPoint(one) for one in points], **said
    )
    return contracts.create_contract(session, scope, organisation_id=region.enterprise.id, new=new)


@dataclass(frozen=True)
class Desk:
    """Whoever runs bills: steps in transactions of their own."""

    acting: Callable[..., Any]
    region: Region

    def preview(self, on: date = FIRST) -> UUID:
        """Run a preview to its end; return the run."""
        with self.acting("manager") as (session, scope):
            run_id = runs.start_run(session, scope, organisation_id=self.region.enterprise.id, on=on).id
        self.finish(run_id)
        return run_id

    def finish(self, run_id: UUID) -> None:
        """Take a run as far as it goes by itself."""
        while True:
            with self.acting() as (session, scope):
                if not runs.advance(session, scope, run_id=run_id):
                    return

    def issue(self, run_id: UUID, on: date = NEXT) -> None:
        """Approve a run and have it issued."""
        with self.acting("manager") as (session, scope):
            runs.approve(session, scope, run_id=run_id, issue_on=on)
        self.finish(run_id)

    def bill(self, on: date = FIRST) -> UUID:
        """Preview and issue."""
        run_id = self.preview(on)
        self.issue(run_id)
        return run_id


def wipe(owner: Database) -> None:
    """Take everything billed and paid out of a test's database, past the triggers: only its owner can."""
    tables = (
        "supply_cut", "prepaid_balance", "electronic_invoice", "opening_balance", "bill_reminder", "bill_hold",
        "planned_bill", "plan_instalment", "instalment_plan", "dunning_policy", "provider_refund", "allocation",
        "payment", "payment_intent", "bank_file", "refund", "revised_bill", "bill_line", "bill",
        "bill_run_exception", "bill_run", "bill_counter", "ledger_posting", "journal_entry", "ledger_closing",
        "contract_point", "supply_contract",
    )  # fmt: skip
    with owner.transaction(Scope.public()) as session:
        session.execute(text("SET session_replication_role = replica"))
        for table in tables:
            session.execute(text(f"DELETE FROM {table}"))
        session.execute(
            text(
                "UPDATE ledger_book SET length = 0, head = decode(repeat('00', 32), 'hex'), closed_until = NULL"
            )
        )
        session.execute(text("SET session_replication_role = origin"))
