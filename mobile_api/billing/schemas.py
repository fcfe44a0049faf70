"""Shapes of billing as partners see them. Amounts are exact, as text; dates are local and half-open."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from backend.billing.rules import numbering
from backend.billing.service import BillKind, BillStatus, GivingStatus, RunStatus, Way
from mobile_api.fields import MONEY, Id, PageQuery, Schema, few, instant, within

MOST_LINES = 1_000
SIGNED = {"type": "string", "example": "-12.50", "pattern": r"^-?\d{1,11}(\.\d{1,2})?$"}


def money(**said: Any) -> ma.fields.Decimal:
    """Return the field of an amount that comes in: above nothing."""
    return ma.fields.Decimal(
        places=2, required=True, validate=within(0, 10**11), as_string=True, metadata=MONEY, **said
    )


def exact(**said: Any) -> ma.fields.Decimal:
    """Return the field of an amount that is told."""
    example = {"example": "2126.6600"}
    return ma.fields.Decimal(as_string=True, metadata=example | said.pop("metadata", {}), **said)


def currency(**said: Any) -> ma.fields.String:
    """Return the field of a currency."""
    return ma.fields.String(validate=ma.validate.Regexp(r"[A-Z]{3}\Z"), metadata={"example": "CNY"}, **said)


def local_day(example: str = "2026-10-01", **said: Any) -> ma.fields.Date:
    """Return the field of a local day."""
    return ma.fields.Date(metadata={"example": example}, **said)


def words(most: int, example: str, **said: Any) -> ma.fields.String:
    """Return the field of a short text."""
    return ma.fields.String(validate=ma.validate.Length(1, most), metadata={"example": example}, **said)


class BillSchema(ma.Schema):
    """A bill, or a note that corrects one (total below nothing: owed back). number: None while it is a draft."""

    id = Id()
    organisation_id = Id(metadata={"description": "Who supplies."})
    customer_id = Id()
    contract_id = Id()
    run_id = Id(allow_none=True)
    corrects_id = Id(allow_none=True, metadata={"description": "The bill a note corrects."})
    kind = ma.fields.String(attribute="kind.value", metadata={"enum": [one.value for one in BillKind]})
    status = ma.fields.String(attribute="status.value", metadata={"enum": [one.value for one in BillStatus]})
    number = ma.fields.Function(
        lambda one: None if one.serial is None else numbering.shown(one.year, one.serial),
        metadata={"type": ["string", "null"], "example": "2026-000042"},
    )
    starts_on = local_day("2026-09-01")
    ends_on = local_day()
    currency = currency()
    total = exact()
    reason = ma.fields.String(allow_none=True)
    issued_on = local_day(allow_none=True)
    due_on = local_day("2026-10-15", allow_none=True)


class BillLineSchema(ma.Schema):
    """One line: quantity [unit] × price = amount; what it rests on lies in [starts_at, ends_at)."""

    component = ma.fields.String(metadata={"example": "energy"})
    kind = ma.fields.String(metadata={"example": "energy"})
    name = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.String(), metadata={"example": {"en": "Energy"}}
    )
    period = ma.fields.String(allow_none=True, metadata={"example": "peak"})
    block = ma.fields.Integer(allow_none=True)
    register = ma.fields.String(allow_none=True)
    quantity = exact(metadata={"example": "1680"})
    unit = ma.fields.String(metadata={"example": "kWh"})
    price = exact(allow_none=True, metadata={"example": "0.9"})
    amount = exact(metadata={"example": "1512"})
    is_included = ma.fields.Boolean()
    starts_on = local_day("2026-09-01")
    ends_on = local_day()
    starts_at = instant(allow_none=True)
    ends_at = instant(allow_none=True)
    version = local_day("2026-01-01")


class BillDetailSchema(BillSchema):
    """A bill with its lines. open: what is left to pay."""

    open = exact()
    lines = few(ma.fields.Nested(BillLineSchema), MOST_LINES)


class BillQuery(PageQuery):
    """Which bills."""

    customer = Id(load_default=None)
    contract = Id(load_default=None)
    run = Id(load_default=None)
    revised = ma.fields.Boolean(
        load_default=False, metadata={"description": "Those whose intervals were revised since."}
    )


class BillRunSchema(ma.Schema):
    """A bill run. day: it bills the periods this local day lies in."""

    id = Id()
    organisation_id = Id()
    day = local_day("2026-09-01")
    status = ma.fields.String(attribute="status.value", metadata={"enum": [one.value for one in RunStatus]})
    started_at = instant()
    approved_at = instant(allow_none=True)
    issue_on = local_day(allow_none=True)
    ended_at = instant(allow_none=True)


class BillRunLineSchema(ma.Schema):
    """So many bills in a status, and what they come to."""

    status = ma.fields.String()
    currency = currency()
    bills = ma.fields.Integer()
    total = exact()


class BillRunDetailSchema(BillRunSchema):
    """A run and how far it is."""

    summary = few(ma.fields.Nested(BillRunLineSchema), 100)


class NewBillRunSchema(Schema):
    """Whose contracts, and a day of the period."""

    organisation_id = Id(required=True)
    day = local_day("2026-09-01", required=True)


class RunApprovalSchema(Schema):
    """As of which local day the bills are issued."""

    issue_on = local_day(required=True)


class BillRunExceptionSchema(ma.Schema):
    """A contract that could not be billed."""

    contract_id = Id()
    reason = ma.fields.String()


class BillRerateSchema(Schema):
    """As of which local day a note is issued, and why."""

    on = local_day(required=True)
    reason = words(500, "A late reading", required=True)


class BillAdjustSchema(BillRerateSchema):
    """A note over an amount: below nothing it is given back."""

    amount = ma.fields.Decimal(
        places=2, required=True, validate=within(-(10**11), 10**11), as_string=True, metadata=SIGNED
    )


class PaymentSchema(ma.Schema):
    """Money that came in. customer_id: null until it is known whose it is."""

    id = Id()
    organisation_id = Id()
    customer_id = Id(allow_none=True)
    way = ma.fields.String(attribute="way.value", metadata={"enum": [one.value for one in Way]})
    amount = exact()
    currency = currency()
    received_on = local_day()
    payer = ma.fields.String()
    account = ma.fields.String()
    reference = ma.fields.String()
    matched_by = ma.fields.String(allow_none=True, metadata={"example": "bill"})


class PaymentQuery(PageQuery):
    """Which payments; unassigned: those nobody was found for."""

    unassigned = ma.fields.Boolean(load_default=False)
    customer = Id(load_default=None)


class CashPaymentSchema(Schema):
    """Cash over the counter; the same receipt is taken once."""

    organisation_id = Id(required=True)
    customer_id = Id(required=True)
    amount = money()
    currency = currency(required=True)
    received_on = local_day(required=True)
    receipt = words(60, "R-0042", required=True)
    reference = ma.fields.String(load_default="", validate=ma.validate.Length(max=500))


class PaymentAssignSchema(Schema):
    """Whose a payment is."""

    customer_id = Id(required=True)


class NewBankFileSchema(Schema):
    """A bank's statement, as a multipart body: CSV or camt.053; currency: of a CSV that does not say."""

    file = ma.fields.Raw(required=True, metadata={"type": "string", "format": "binary"})
    organisation_id = Id(required=True)
    currency = currency(required=True)


class BankFileTakenSchema(ma.Schema):
    """What a bank file brought."""

    id = Id(attribute="file.id")
    name = ma.fields.String(attribute="file.name")
    lines = ma.fields.Integer(attribute="file.lines")
    skipped = ma.fields.Integer(attribute="file.skipped")
    assigned = ma.fields.Function(lambda one: len(one.assigned), metadata={"type": "integer"})
    unassigned = ma.fields.Function(lambda one: len(one.unassigned), metadata={"type": "integer"})


class RefundSchema(Schema):
    """Credit given back."""

    id = Id(dump_only=True)
    organisation_id = Id(required=True)
    customer_id = Id(required=True)
    way = ma.fields.Enum(
        Way, by_value=True, required=True,
        validate=ma.validate.NoneOf([Way.PROVIDER], error="By a provider a payment is refunded, at its own address."),
    )  # fmt: skip
    amount = money()
    currency = currency(required=True)
    paid_on = local_day(required=True)
    reason = words(500, "Moved out", required=True)
    payment_id = Id(dump_only=True, allow_none=True, metadata={"description": "What a provider gives back."})
    status = ma.fields.String(dump_only=True, metadata={"enum": [one.value for one in GivingStatus]})
    failure = ma.fields.String(dump_only=True, allow_none=True)


class ProviderRefundSchema(Schema):
    """What of a payment a provider gives back."""

    amount = money()
    paid_on = local_day(required=True)
    reason = words(500, "Paid twice", required=True)


class ProviderRefundCallSchema(Schema):
    """What became of a refund; signed in X-Enerfield-Signature as all calls of the provider."""

    operator = Id(required=True)
    refund = Id(required=True)
    provider_refund = words(200, "ref_0042", required=True)
    status = ma.fields.String(required=True, validate=ma.validate.OneOf(["paid", "failed"]))
    amount = money()
    currency = currency(required=True)
    settled_on = local_day(required=True)
    reason = ma.fields.String(load_default="", validate=ma.validate.Length(max=500))


class RefundToldSchema(ma.Schema):
    """How far a refund is."""

    refund = Id(attribute="refund_id")
    status = ma.fields.String(
        attribute="status.value", metadata={"enum": [one.value for one in GivingStatus]}
    )


class NewPaymentIntentSchema(Schema):
    """What is to be paid for a contract by the provider."""

    contract_id = Id(required=True)
    amount = money()


class PaymentIntentSchema(ma.Schema):
    """A payment asked of the provider, and where it is made."""

    id = Id()
    amount = exact()
    currency = currency()
    status = ma.fields.String(attribute="status.value", metadata={"enum": ["open", "paid", "failed"]})
    pay_url = ma.fields.String(allow_none=True)


class ProviderCallSchema(Schema):
    """What became of a payment; signed in X-Enerfield-Signature (HMAC-SHA256 over instant and body)."""

    operator = Id(required=True)
    intent = Id(required=True)
    payment = words(200, "pay_0042", required=True)
    status = ma.fields.String(required=True, validate=ma.validate.OneOf(["paid", "failed"]))
    amount = money()
    currency = currency(required=True)
    paid_on = local_day(required=True)


class TariffSchema(ma.Schema):
    """A tariff and the revision of its document."""

    id = Id()
    organisation_id = Id()
    code = ma.fields.String()
    revision = ma.fields.Integer()


class NewTariffSchema(Schema):
    """A tariff's document (see backend/billing/README.md)."""

    organisation_id = Id(required=True)
    document = ma.fields.Dict(required=True, metadata={"example": {"code": "park-tou"}})


class ContractPointSchema(Schema):
    """A point a contract pays for; share: in millionths."""

    point_id = Id(required=True)
    register = words(40, "import", load_default="import")
    share = ma.fields.Integer(load_default=1_000_000, validate=ma.validate.Range(1, 1_000_000))


class SupplyContractSchema(Schema):
    """What a customer is supplied with and at which tariff. months, day: a bill goes so many months from that day."""

    id = Id(dump_only=True)
    organisation_id = Id(required=True)
    customer_id = Id(required=True)
    number = words(60, "EL-0042", required=True)
    tariff_id = Id(required=True)
    zone = ma.fields.String(dump_only=True)
    currency = currency(dump_only=True)
    starts_on = local_day("2026-09-01", required=True)
    ends_on = local_day(load_default=None, allow_none=True)
    months = ma.fields.Integer(load_default=1, validate=ma.validate.OneOf([1, 2, 3, 6, 12]))
    day = ma.fields.Integer(load_default=1, validate=ma.validate.Range(1, 28))
    first = ma.fields.Integer(load_default=1, validate=ma.validate.Range(1, 12))
    due_days = ma.fields.Integer(load_default=14, validate=ma.validate.Range(0, 365))
    facts = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.Length(1, 60)),
        values=ma.fields.Decimal(validate=within(-(10**11), 10**11), as_string=True), load_default=dict,
        validate=ma.validate.Length(max=100), metadata={"example": {"contracted_kw": "315"}},
    )  # fmt: skip
    payer = words(200, "Li Hua Trading", load_default=None, allow_none=True)
    low_balance = ma.fields.Decimal(
        places=2,
        load_default=None,
        allow_none=True,
        validate=within(0, 10**11),
        as_string=True,
        metadata=MONEY,
    )
    emergency_credit = ma.fields.Decimal(
        places=2,
        load_default=None,
        allow_none=True,
        validate=within(0, 500),
        as_string=True,
        metadata=MONEY,
    )
    is_prepaid = ma.fields.Boolean(load_default=False)
    is_protected = ma.fields.Boolean(load_default=False)
    points = ma.fields.List(
        ma.fields.Nested(ContractPointSchema),
        load_only=True,
        load_default=list,
        validate=ma.validate.Length(max=100),
    )


class SupplyEndSchema(Schema):
    """The first local day on which it holds no more."""

    ends_on = local_day(required=True)


class BillNotesSchema(ma.Schema):
    """The notes a re-rating made; none where there was no difference."""

    notes = few(ma.fields.Nested(BillSchema), 1_000)
