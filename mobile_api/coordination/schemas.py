"""Shapes of coordination as partners see them. Money as text, exact."""

from __future__ import annotations

from decimal import Decimal

import marshmallow as ma

from backend.optimisation.rules.coordination.asking import Reason, State
from backend.optimisation.rules.coordination.sharing import Rule
from backend.optimisation.rules.model.document import UNITS
from backend.optimisation.rules.targets import Kind
from backend.optimisation.service.rounds import RoundStatus
from mobile_api.fields import MONEY, Id, PageQuery, Schema, few, instant, within

MOST_SITES, MOST_GAINS, MOST_LINES, MOST_STEPS, MOST_SAID = 10, 1023, 200, 1000, 3000
_SIGNED = {"type": "string", "example": "-92.00", "pattern": r"^-?\d{1,11}(\.\d{1,2})?$"}
_FIGURE = ma.validate.Range(0, 1e9)


def _paid(**said: object) -> ma.fields.Decimal:
    return ma.fields.Decimal(
        as_string=True,
        allow_nan=False,
        validate=within(0, 10**9),
        metadata=MONEY,
        **said,  # type: ignore[arg-type]  # fields' words
    )


def _signed(**said: object) -> ma.fields.Decimal:
    return ma.fields.Decimal(as_string=True, allow_nan=False, metadata=_SIGNED, **said)  # type: ignore[arg-type]  # likewise


class CoordinationMembershipSchema(Schema):
    """What a plant agrees to as one that is planned together with others."""

    bears = _paid(load_default=Decimal(0))
    refusals_a_month = ma.fields.Integer(
        load_default=3, validate=ma.validate.Range(0, 100),
        metadata={"description": "How often a target may be refused for a reason of its own.", "example": 3},
    )  # fmt: skip
    counters_most = ma.fields.Integer(
        load_default=2, validate=ma.validate.Range(0, 20),
        metadata={"description": "Counters to one target.", "example": 2},
    )  # fmt: skip
    joined_at = instant(dump_only=True)


class ExchangeLineSchema(Schema):
    """A cable or pipe between two plants. share: what arrives of what is sent; fee: per unit sent."""

    id = Id(dump_only=True)
    name = ma.fields.String(
        required=True, validate=ma.validate.Length(1, 200), metadata={"example": "Heat main to the mill"}
    )
    carrier = ma.fields.String(
        required=True, validate=ma.validate.OneOf(list(UNITS)), metadata={"example": "heat"}
    )
    one_id = Id(required=True, metadata={"description": "A plant."})
    other_id = Id(required=True, metadata={"description": "The plant at the other end."})
    most = ma.fields.Float(
        required=True, validate=_FIGURE, metadata={"description": "One to other, per hour.", "example": 400.0}
    )
    most_back = ma.fields.Float(
        required=True, validate=_FIGURE, metadata={"description": "Back, per hour.", "example": 0.0}
    )
    share = ma.fields.Float(load_default=1.0, validate=ma.validate.Range(0, 1), metadata={"example": 0.97})
    fee = ma.fields.Float(load_default=0.0, validate=ma.validate.Range(0, 1e6), metadata={"example": 0.02})


class CoordinationSentenceSchema(ma.Schema):
    """A sentence in English, as it was said, and the same with its places for a translation."""

    words = ma.fields.Function(lambda said: said["template"] % said["values"], metadata={"type": "string"})
    template = ma.fields.String()
    values = ma.fields.Dict(keys=ma.fields.String())


class CoordinationGainSchema(ma.Schema):
    """What a group of sites gains by being planned together [currency]."""

    sites = few(ma.fields.String(), MOST_SITES)
    gain = ma.fields.Float()


class CoordinationGameSchema(ma.Schema):
    """All that is needed to work a split out again. tolerance: what counts as the solver's own error [currency]."""

    sites = few(ma.fields.String(), MOST_SITES)
    gains = few(ma.fields.Nested(CoordinationGainSchema), MOST_GAINS)
    tolerance = ma.fields.Float()
    asked = ma.fields.String()
    pairs = ma.fields.Integer()
    seed = ma.fields.Integer()


class CoordinationSentSchema(ma.Schema):
    """What goes through a line at each step: from one to other, below zero back [unit an hour]."""

    name = ma.fields.String()
    carrier = ma.fields.String()
    one = ma.fields.String()
    other = ma.fields.String()
    unit = ma.fields.String()
    sent = few(ma.fields.Float(), MOST_STEPS)


class CoordinationProblemSchema(ma.Schema):
    """Why there is no round, and what to do."""

    message = ma.fields.String()
    field = ma.fields.String(allow_none=True)
    remedy = ma.fields.String(allow_none=True)


class CoordinationRoundSchema(ma.Schema):
    """Plants planned alone and together, and the gain. gap: how far above the best possible plan it may be."""

    id = Id()
    organisation_id = Id()
    status = ma.fields.Enum(RoundStatus, by_value=True)
    starts_at = instant()
    ends_at = instant()
    asked_at = instant()
    asked = ma.fields.Enum(Rule, by_value=True, metadata={"description": "The rule asked for."})
    rule = ma.fields.Enum(Rule, by_value=True, allow_none=True, metadata={"description": "The rule used."})
    made_at = instant(allow_none=True)
    currency = ma.fields.String(allow_none=True)
    alone = _signed(allow_none=True)
    cost = _signed(allow_none=True)
    gain = _signed(allow_none=True)
    fees = _signed(allow_none=True)
    gap = ma.fields.Float(allow_none=True)
    problem = ma.fields.Nested(CoordinationProblemSchema, allow_none=True)


class CoordinationShareSchema(ma.Schema):
    """What a round means to one plant: alone - share = own + pays, to the coin; pays below zero: it gets."""

    id = Id()
    round_id = Id()
    plant_id = Id()
    site = ma.fields.String()
    currency = ma.fields.String()
    alone = _signed()
    own = _signed()
    share = _signed()
    pays = _signed()
    error = ma.fields.Float(
        allow_none=True, metadata={"description": "Standard error, where orders were drawn."}
    )
    said = few(ma.fields.Nested(CoordinationSentenceSchema), MOST_SAID)
    game = ma.fields.Nested(CoordinationGameSchema)


class CoordinationRoundWholeSchema(CoordinationRoundSchema):
    """A round with why, who gives what when, and what it means to the plants the asker sees."""

    said = few(ma.fields.Nested(CoordinationSentenceSchema), MOST_SAID)
    lines = few(ma.fields.Nested(CoordinationSentSchema), MOST_LINES)
    hours = few(ma.fields.Float(), MOST_STEPS, metadata={"description": "Length of each step [h]."})
    shares = few(ma.fields.Nested(CoordinationShareSchema), MOST_SITES)


class CoordinationNewRoundSchema(Schema):
    """By which rule the gain is to be split."""

    rule = ma.fields.Enum(Rule, by_value=True, load_default=Rule.SHAPLEY, metadata={"example": "shapley"})


class CoordinationTargetSchema(Schema):
    """What a region asks of a plant, and how far it has come. natural, least, cost: what it means to the plant."""

    id = Id(dump_only=True)
    region_id = Id(dump_only=True)
    plant_id = Id(required=True)
    round_id = Id(load_default=None, allow_none=True)
    kind = ma.fields.Enum(Kind, by_value=True, required=True, metadata={"example": "peak"})
    carrier = ma.fields.String(
        load_default="", validate=ma.validate.OneOf(["", *UNITS]),
        metadata={"description": "Empty for CO2.", "example": "electricity"},
    )  # fmt: skip
    most = ma.fields.Float(required=True, validate=_FIGURE, metadata={"example": 800.0})
    unit = ma.fields.String(dump_only=True)
    begins_at = instant(required=True, metadata={"example": "2026-12-01T08:00:00+08:00"})
    ends_at = instant(required=True, metadata={"example": "2026-12-01T20:00:00+08:00"})
    answer_by = instant(required=True, metadata={"example": "2026-12-01T06:00:00+08:00"})
    pays = _paid(load_default=Decimal(0))
    currency = ma.fields.String(dump_only=True)
    state = ma.fields.Enum(State, by_value=True, dump_only=True)
    counters = ma.fields.Integer(dump_only=True)
    counter = ma.fields.Float(dump_only=True, allow_none=True)
    wants = _signed(dump_only=True, allow_none=True)
    reason = ma.fields.Enum(Reason, by_value=True, dump_only=True, allow_none=True)
    remark = ma.fields.String(dump_only=True)
    natural = ma.fields.Float(dump_only=True)
    least = ma.fields.Float(dump_only=True, allow_none=True)
    cost = ma.fields.Float(dump_only=True, allow_none=True)
    asked_at = instant(dump_only=True)
    answered_at = instant(dump_only=True, allow_none=True)


class CoordinationTargetQuery(PageQuery):
    """Of which plant, or asked by which region; all the asker sees where neither is said."""

    plant = Id(load_default=None)
    region = Id(load_default=None)


class CoordinationAnswerSchema(Schema):
    """What a plant answers: accept, counter (amount, wants), refuse (reason, remark)."""

    answer = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(["accept", "counter", "refuse"]),
        metadata={"example": "counter"},
    )
    amount = ma.fields.Float(
        load_default=None, allow_none=True, validate=_FIGURE, metadata={"example": 850.0}
    )
    wants = _paid(load_default=Decimal(0))
    reason = ma.fields.Enum(Reason, by_value=True, load_default=None, allow_none=True)
    remark = ma.fields.String(load_default="", validate=ma.validate.Length(max=2000))


class CoordinationSettlementSchema(Schema):
    """What the region does about a counter: agree, revise (most, pays, answer_by), withdraw."""

    step = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(["agree", "revise", "withdraw"]),
        metadata={"example": "agree"},
    )
    most = ma.fields.Float(load_default=None, allow_none=True, validate=_FIGURE, metadata={"example": 820.0})
    pays = _paid(load_default=Decimal(0))
    answer_by = instant(load_default=None, allow_none=True)
