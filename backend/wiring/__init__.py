"""The one page where areas meet upward: which listener hears which event, which gateway fits which port."""

from __future__ import annotations

from functools import cache

from sqlalchemy.orm import Session

from backend.alarms import events as alarms
from backend.assets import events as assets
from backend.assets.ports import FileStore
from backend.billing import events as billing
from backend.forecasting import events as forecasting
from backend.infra.attempts import RedisAttempts
from backend.infra.files import FolderFiles
from backend.infra.passwords import Argon2Passwords
from backend.kernel.events import Event, listen
from backend.kernel.scope import Scope
from backend.kernel.settings import settings
from backend.metering import events as metering
from backend.metering.ports import FieldGuide
from backend.optimisation import events as optimisation
from backend.tenancy import events as tenancy
from backend.tenancy.service import Gate
from backend.wiring import (
    archives,
    bills,
    cuts,
    dues,
    faults,
    foresight,
    letters,
    money,
    notices,
    operation,
    registers,
)
from backend.wiring.money import payments as payments
from backend.wiring.skies import weather_gateways as weather_gateways
from backend.workorders import events as workorders


def connect() -> None:
    """Register every listener. Called once by each process that publishes or delivers events."""
    listen(tenancy.INVITED, "letter of invitation", letters.invitation)
    listen(tenancy.GRANTED, "letter of access", letters.access)
    listen(tenancy.RESET_WANTED, "letter of password reset", letters.password_reset)
    listen(assets.EXCHANGED, "registers of exchanged devices", registers.exchanged)
    listen(alarms.RAISED, "work orders of urgent alarms", faults.report_alarm)
    listen(metering.INTERVALS_REVISED, "bills to rate again", bills.revised)
    listen(billing.RUN_STEP, "steps of bill runs", bills.step)
    listen(billing.ARCHIVE_STEP, "bills to be packed", _pack)
    listen(billing.HIGH_BILL, "notices of high bills", dues.high_bill)
    listen(billing.COMPLAINT_MOVED, "notices of complaints", dues.complaint)
    listen(billing.REQUEST_MOVED, "notices of requests", dues.request_moved)
    listen(billing.REFUND_WANTED, "refunds by the payment provider", money.give_back)
    listen(billing.REMINDED, "notices of reminders", dues.reminded)
    listen(billing.PLAN_MOVED, "notices of plans", dues.plan_moved)
    listen(billing.BALANCE_LOW, "notices of low balances", dues.balance_low)
    listen(billing.PAYMENT_RECEIVED, "plans that are paid", dues.paid)
    listen(billing.PAYMENT_RECEIVED, "supply that is given back", cuts.paid)
    listen(billing.CUT_MOVED, "work orders of disconnections", cuts.moved)
    listen(billing.CUT_MOVED, "notices of disconnections", dues.cut_moved)
    listen(billing.BILL_ISSUED, "statutory invoices to ask for", money.want_invoice)
    listen(billing.INVOICE_WANTED, "statutory invoices", money.invoice)
    listen(billing.LETTER, "one reader of billing", dues.hand_over)
    listen(optimisation.PLAN_FAILED, "notices of plans that failed", operation.plan_failed)
    listen(optimisation.LETTER, "one reader of optimisation", operation.hand_over)
    listen(optimisation.ROUND_ASKED, "plants planned together", operation.make_round)
    listen(forecasting.MODEL_UNTRAINED, "notices of models that were not trained", foresight.tell)
    listen(forecasting.WEATHER_REFUSED, "notices of weather that was not taken", foresight.tell)
    listen(forecasting.LETTER, "one reader of forecasting", foresight.hand_over)
    listen(workorders.TELL, "notices of field work", notices.tell)
    listen(workorders.LETTER, "one reader of field work", notices.hand_over)
    listen(workorders.ESCALATED, "rungs of the ladder", notices.escalate)


def _pack(session: Session, scope: Scope, event: Event) -> None:
    """Pack bills, as the documents set them."""
    from reports import bill  # documents stand above this page

    archives.step(session, scope, event, printed=bill.pdfs)


@cache
def gate() -> Gate:
    """Return what stands at the door of this process: password hashing and the count of attempts."""
    return Gate(Argon2Passwords(), RedisAttempts(settings().redis_url))


@cache
def guide() -> FieldGuide:
    """Return who knows what field workers can use: the workers' own rules."""
    from ingest.guide import Guide  # ingest stands above this page

    return Guide()


def files() -> FileStore:
    """Return where this installation keeps files: documents, photos."""
    return FolderFiles(settings().home / "files")
