"""Shapes of the ledger as partners see it."""

from __future__ import annotations

import marshmallow as ma

from mobile_api.billing.schemas import currency, exact, local_day, words
from mobile_api.fields import Id, Schema, few

MOST_ACCOUNTS = 1_000


class BookSchema(ma.Schema):
    """An operator's books. length, head: sequence and hash of the last entry."""

    id = Id()
    organisation_id = Id()
    name = ma.fields.String()
    length = ma.fields.Integer()
    head = ma.fields.Function(lambda one: one.head.hex(), metadata={"type": "string", "example": "00" * 32})
    closed_until = local_day(allow_none=True)


class NewBookSchema(Schema):
    """Whose, and what it is called."""

    organisation_id = Id(required=True)
    name = words(200, "Harbour energy", required=True)


class AccountBalanceSchema(ma.Schema):
    """One account."""

    account = ma.fields.String(attribute="code", metadata={"example": "1200"})
    kind = ma.fields.String(attribute="kind.value")
    name = ma.fields.String()
    name_zh = ma.fields.String(allow_none=True)
    currency = currency()
    debit = exact()
    credit = exact()


class TrialBalanceSchema(ma.Schema):
    """All accounts that were posted to; debit and credit agree in each currency."""

    until = local_day(allow_none=True)
    accounts = few(ma.fields.Nested(AccountBalanceSchema), MOST_ACCOUNTS)


class UntilQuery(Schema):
    """Entries booked before this local day; without it, all."""

    until = local_day(load_default=None)


class BookClosingSchema(Schema):
    """Nothing is booked before this local day any more."""

    until = local_day(required=True)


class ChainVerificationSchema(ma.Schema):
    """Whether the chain holds; else its first entry that does not, and why."""

    is_sound = ma.fields.Boolean()
    sequence = ma.fields.Integer(allow_none=True)
    reason = ma.fields.String(allow_none=True)
