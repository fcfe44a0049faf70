"""Shapes of documents and of their schedules as partners see them. Days are local; periods are half-open."""

from __future__ import annotations

import marshmallow as ma

from backend.billing.rules.documents.schedule import MOST_RECIPIENTS, Every, Form, Paper
from backend.billing.service import DeliveryStatus, Road
from mobile_api.billing.schemas import currency, local_day, words
from mobile_api.fields import Id, Schema, few, instant

MOST_FILES = 1_000
LOCALES = ("en", "zh")


def form(some: list[Form], default: Form) -> ma.fields.Enum:
    """Return the field of the kind of file."""
    said = {"example": default.value, "enum": [one.value for one in some]}
    known = ma.validate.OneOf(some, error="This document is not made as that.")
    return ma.fields.Enum(Form, by_value=True, load_default=default, validate=known, metadata=said)


class LocaleQuery(Schema):
    """In which language; without it, the asker's."""

    locale = ma.fields.String(
        load_default=None, validate=ma.validate.OneOf(LOCALES), metadata={"example": "zh"}
    )


class PaperQuery(LocaleQuery):
    """In which language, and as which kind of file."""

    format = form(list(Form), Form.PDF)


class StatementQuery(PaperQuery):
    """Local days [first, until); the first seller and currency the customer has a contract of, unless said."""

    first = local_day("2026-10-01", required=True)
    until = local_day("2026-11-01", required=True)
    organisation = Id(load_default=None, metadata={"description": "Who supplies."})
    currency = currency(load_default=None)


class AgeingQuery(PaperQuery):
    """Whose receivables, at the end of which local day."""

    organisation = Id(required=True)
    as_of = local_day("2026-10-31", required=True)


class TaxQuery(LocaleQuery):
    """What was issued in local days [first, until)."""

    organisation = Id(required=True)
    first = local_day("2026-10-01", required=True)
    until = local_day("2026-11-01", required=True)
    format = form([Form.XLSX, Form.CSV], Form.XLSX)


class DocumentScheduleSchema(Schema):
    """A document that is made for each period that is over, and goes out by mail or to a folder of the server."""

    id = Id(dump_only=True)
    organisation_id = Id(required=True)
    paper = ma.fields.Enum(Paper, by_value=True, required=True, metadata={"example": "ageing"})
    customer_id = Id(load_default=None, allow_none=True, metadata={"description": "Of a statement."})
    every = ma.fields.Enum(Every, by_value=True, required=True, metadata={"example": "month"})
    starts_on = local_day("2026-11-01", required=True)
    ends_on = local_day("2027-11-01", load_default=None, allow_none=True)
    forms = ma.fields.List(
        ma.fields.Enum(Form, by_value=True), required=True, validate=ma.validate.Length(1, len(Form)),
        metadata={"example": ["pdf", "xlsx"]},
    )  # fmt: skip
    locale = ma.fields.String(load_default="en", validate=ma.validate.OneOf(LOCALES))
    road = ma.fields.Enum(Road, by_value=True, required=True, metadata={"example": "mail"})
    recipients = ma.fields.List(
        words(254, "books@energy.example"), load_default=list, validate=ma.validate.Length(max=MOST_RECIPIENTS),
        metadata={"example": ["books@energy.example"]},
    )  # fmt: skip


class ScheduleShownSchema(DocumentScheduleSchema):
    """A schedule as it is told."""

    forms = few(ma.fields.String(), len(Form))


class DocumentScheduleEndSchema(Schema):
    """No period that begins on this local day or later is made."""

    ends_on = local_day("2027-01-01", required=True)


class DocumentDeliverySchema(ma.Schema):
    """What became of a period; error: why it did not go out, and it is tried again at next_try_at."""

    id = Id()
    first = local_day("2026-10-01")
    until = local_day("2026-11-01")
    status = ma.fields.String(
        attribute="status.value", metadata={"enum": [one.value for one in DeliveryStatus]}
    )
    files = few(ma.fields.String(), MOST_FILES)
    tries = ma.fields.Integer()
    error = ma.fields.String(allow_none=True)
    next_try_at = instant()
    done_at = instant(allow_none=True)
