"""The words of debts: reminders, plans, disconnections, requests, refunds, statutory invoices."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from backend.billing.rules.disconnection import Against
from backend.billing.service import (
    CutStatus,
    GivingStatus,
    HoldReason,
    InvoiceStatus,
    PlanStatus,
    RequestKind,
    RequestStatus,
)

HOLD_REASONS = {
    HoldReason.COMPLAINT: _l("a complaint"), HoldReason.ENQUIRY: _l("an enquiry"),
    HoldReason.HARDSHIP: _l("hardship"), HoldReason.OTHER: _l("another reason"),
}  # fmt: skip
PLAN_STATES = {
    PlanStatus.ACTIVE: ("idle", _l("being kept")), PlanStatus.PAID: ("good", _l("all paid")),
    PlanStatus.BROKEN: ("act", _l("not kept")), PlanStatus.CANCELLED: ("unknown", _l("cancelled")),
}  # fmt: skip
CUT_STATES = {
    CutStatus.ANNOUNCED: ("attention", _l("announced")), CutStatus.REQUESTED: ("attention", _l("work order out")),
    CutStatus.CUT: ("act", _l("cut off")), CutStatus.RECONNECTING: ("attention", _l("being reconnected")),
    CutStatus.RECONNECTED: ("good", _l("reconnected")), CutStatus.WITHDRAWN: ("good", _l("notice withdrawn")),
}  # fmt: skip
AGAINST = {
    Against.PROTECTED: _l("This customer is never disconnected for debt"),
    Against.NOT_OWING: _l("Too little is overdue"), Against.PLAN_KEPT: _l("It is disputed, or instalments are kept"),
    Against.NO_NOTICE: _l("The notice is less than seven days old"),
    Against.NIGHT: _l("It is not between 8:00 and 15:00"), Against.REST_DAY: _l("Today is a weekend or holiday"),
    Against.BEFORE_REST_DAY: _l("Tomorrow is a weekend or holiday"),
    Against.COLD: _l("It gets colder than 5 °C, or nobody knows"),
    Against.HOT: _l("It gets hotter than 35 °C, or nobody knows"),
}  # fmt: skip
REQUEST_KINDS = {RequestKind.INSTALMENTS: _l("Instalments"), RequestKind.REFUND: _l("Refund of credit")}
REQUEST_STATES = {
    RequestStatus.OPEN: ("attention", _l("waits for the office")), RequestStatus.GRANTED: ("good", _l("granted")),
    RequestStatus.DECLINED: ("unknown", _l("declined")),
}  # fmt: skip
INVOICE_STATES = {
    InvoiceStatus.WAITING: ("idle", _l("asked for")), InvoiceStatus.ISSUED: ("good", _l("issued")),
    InvoiceStatus.REFUSED: ("act", _l("refused")),
}  # fmt: skip
GIVING_STATES = {
    GivingStatus.WANTED: ("idle", _l("about to be sent")), GivingStatus.SENT: ("idle", _l("at the provider")),
    GivingStatus.PAID: ("good", _l("given back")), GivingStatus.FAILED: ("act", _l("taken back: it failed")),
}  # fmt: skip
