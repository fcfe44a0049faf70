"""What questions about some days have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from backend.analysis.rules import factors
from backend.analysis.rules.asking import Ask
from backend.kernel.units import Carrier
from mobile_api.billing.schemas import local_day
from mobile_api.fields import Id, Schema

COUNTED = list(factors.BASE_UNITS)
"""Carriers whose use is counted."""


class DaysQuery(Schema):
    """Of which organisation and all below it, in which local days [first, until)."""

    organisation = Id(required=True)
    first = local_day("2026-10-01", required=True)
    until = local_day("2026-11-01", required=True)


def carrier(**said: Any) -> ma.fields.Enum:
    """Return the field of a carrier that is counted."""
    known = ma.validate.OneOf(COUNTED, error="Not counted here.")
    described = {"example": "electricity", "enum": [one.value for one in COUNTED]}
    return ma.fields.Enum(Carrier, by_value=True, validate=known, metadata=described, **said)


def days(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was asked as a service takes it; raises Refused for days that cannot be."""
    ask = Ask(asked["organisation"], asked["first"], asked["until"])
    return {"organisation_id": ask.organisation_id, "first": ask.first, "until": ask.until}
