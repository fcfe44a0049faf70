"""Shapes of debts: reminders, what holds them up, plans. Amounts are exact, as text; dates are local."""

from __future__ import annotations

import marshmallow as ma

from backend.billing.rules import numbering
from backend.billing.service import HoldReason, PlanStatus
from mobile_api.billing.schemas import currency, exact, local_day, words
from mobile_api.fields import MONEY, Id, PageQuery, Schema, few, instant, within

MOST_BILLS, MOST_PARTS, MOST_STEPS = 100, 36, 6


class DunningStepSchema(Schema):
    """One reminder: so many days after the bill was due, at a fee."""

    after_days = ma.fields.Integer(required=True, validate=ma.validate.Range(1, 365), metadata={"example": 7})
    fee = ma.fields.Decimal(
        places=2,
        required=True,
        validate=within(0, 1000),
        as_string=True,
        metadata=MONEY | {"example": "5.00"},
    )


class DunningPolicySchema(Schema):
    """How an operator reminds, the mildest step first. least: smaller debts are not worth a reminder."""

    steps = few(ma.fields.Nested(DunningStepSchema), MOST_STEPS, required=True)
    least = ma.fields.Decimal(
        places=2,
        required=True,
        validate=within(0, 10**6),
        as_string=True,
        metadata=MONEY | {"example": "1.00"},
    )


class CustomerQuery(PageQuery):
    """Whose."""

    customer = Id(load_default=None)


class OverdueBillSchema(ma.Schema):
    """A bill that is overdue. level: of the last reminder, 0 none; next_on: of the next one, null none or held."""

    bill_id = Id(attribute="row.id")
    organisation_id = Id(attribute="row.organisation_id")
    customer_id = Id(attribute="row.customer_id")
    contract_id = Id(attribute="row.contract_id")
    number = ma.fields.Function(
        lambda one: numbering.shown(one.row.year, one.row.serial),
        metadata={"type": "string", "example": "2026-000042"},
    )
    due_on = local_day("2026-10-15", attribute="row.due_on")
    currency = currency(attribute="row.currency")
    open = exact(attribute="row.open")
    level = ma.fields.Integer(attribute="row.level")
    told_on = local_day(attribute="row.told_on", allow_none=True)
    is_held = ma.fields.Boolean(attribute="row.is_held")
    next_on = local_day(allow_none=True)


class ReminderQuery(CustomerQuery):
    """Which reminders."""

    bill = Id(load_default=None)


class ReminderSchema(ma.Schema):
    """A reminder. open: what was left then; note_id: the debit note over its fee."""

    id = Id()
    bill_id = Id()
    customer_id = Id()
    level = ma.fields.Integer()
    open = exact()
    fee = exact()
    currency = currency()
    note_id = Id(allow_none=True)
    told_on = local_day()
    told_at = instant()


class NewHoldSchema(Schema):
    """Why nobody is to be reminded of a bill."""

    reason = ma.fields.Enum(HoldReason, by_value=True, required=True)
    note = words(500, "The reading is disputed", required=True)


class HoldSchema(ma.Schema):
    """What holds a bill up; released_at null: still."""

    id = Id()
    bill_id = Id()
    reason = ma.fields.String(attribute="reason.value", metadata={"enum": [one.value for one in HoldReason]})
    note = ma.fields.String()
    held_at = instant()
    released_at = instant(allow_none=True)


class HoldQuery(PageQuery):
    """Which holds; open: only those that last."""

    open = ma.fields.Boolean(load_default=True)
    bill = Id(load_default=None)


class NewPlanSchema(Schema):
    """Bills to be paid in equal monthly parts from a day on; grace_days: a part may come so late."""

    organisation_id = Id(required=True)
    customer_id = Id(required=True)
    bill_ids = ma.fields.List(Id(), required=True, validate=ma.validate.Length(1, MOST_BILLS))
    parts = ma.fields.Integer(required=True, validate=ma.validate.Range(2, MOST_PARTS))
    first_on = local_day("2026-12-01", required=True)
    grace_days = ma.fields.Integer(load_default=3, validate=ma.validate.Range(0, 31))


class PlanPartSchema(ma.Schema):
    """A part: when it is due, its amount, what of it is paid."""

    due_on = local_day("2026-12-01")
    amount = exact()
    paid = exact()


class PlanSchema(ma.Schema):
    """A debt paid in parts. paid: of its bills since it was agreed."""

    id = Id(attribute="plan.id")
    organisation_id = Id(attribute="plan.organisation_id")
    customer_id = Id(attribute="plan.customer_id")
    status = ma.fields.String(
        attribute="plan.status.value", metadata={"enum": [one.value for one in PlanStatus]}
    )
    currency = currency(attribute="plan.currency")
    total = exact(attribute="plan.total")
    grace_days = ma.fields.Integer(attribute="plan.grace_days")
    agreed_at = instant(attribute="plan.agreed_at")
    ended_at = instant(attribute="plan.ended_at", allow_none=True)
    paid = exact()
    parts = few(ma.fields.Nested(PlanPartSchema), MOST_PARTS)
    bill_ids = few(Id(), MOST_BILLS)
