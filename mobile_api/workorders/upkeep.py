"""Shapes of what an order takes and leaves behind: parts, cards of what helped, health of the place."""

from __future__ import annotations

import marshmallow as ma

from mobile_api.fields import Id, Schema, instant, within


class WorkPartSchema(ma.Schema):
    """A part the job will take; `store_id`: the van or store it is set aside in, null while nobody is planned."""

    part_id = Id(attribute="part.id")
    number = ma.fields.String(attribute="part.number")
    name = ma.fields.String(attribute="part.name")
    unit = ma.fields.String(attribute="part.unit")
    quantity = ma.fields.Decimal(as_string=True)
    store_id = Id(allow_none=True)


class WorkPartNewSchema(Schema):
    """How many of a part the job will take; 0 takes it off."""

    part_id = Id(required=True)
    quantity = ma.fields.Decimal(required=True, places=3, validate=within(0, 100_000), as_string=True,
                                 metadata={"example": "2"})  # fmt: skip


class WorkCardSchema(ma.Schema):
    """What helped once with such a fault; `proposed` until a manager keeps it."""

    id = Id()
    work_order_id = Id()
    problem_code = ma.fields.String()
    cause_code = ma.fields.String()
    remedy_code = ma.fields.String()
    text = ma.fields.String()
    status = ma.fields.String(metadata={"enum": ["proposed", "kept"]})
    proposed_at = instant()


class WorkHealthSchema(ma.Schema):
    """How the place is, 0 (worst) to 100, as of its last closed repair, and what that rests on."""

    score = ma.fields.Float()
    because = ma.fields.Dict()
    computed_at = instant()
