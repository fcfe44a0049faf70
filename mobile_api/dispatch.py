"""Dispatch: a day of technicians, proposals with their reasons, and carrying changes out."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.kernel import clock
from backend.network import service as network
from backend.wiring.planning import planner, roads
from backend.workorders.rules.dispatch.values import Assignment, Cost
from backend.workorders.service import propose as service
from backend.workorders.service.board import Board
from backend.workorders.service.propose import Placement, Proposed
from mobile_api.fields import Area, Id, Schema, instant

blp = Area("dispatch", __name__, description="Dispatch: proposals for a day, explained, accepted or not.")

KINDS = ("new", "given", "shifted", "postponed")
LATE = ("over", "duty", "way", "room")
RULES = (
    "frozen",
    "declined",
    "skill",
    "certificate",
    "certificate_expired",
    "parts",
    "window",
    "full",
    "unplanned",
    "off_duty",
)


class DispatchDaySchema(Schema):
    """Which day of which organisation, with all below it."""

    organisation = Id(required=True)
    on = ma.fields.Date(
        load_default=None, allow_none=True, metadata={"description": "Local day; without it, today."}
    )
    urgent = Id(
        load_default=None, allow_none=True,
        metadata={"description": "A waiting order to fit in, moving the least; without it, the whole day is proposed."},
    )  # fmt: skip


class PlaceInPlanSchema(Schema):
    """Who does it and when."""

    technician_id = Id()
    start = instant()


class ExclusionRuleSchema(Schema):
    """A rule that keeps somebody from a job."""

    rule = ma.fields.String(metadata={"enum": list(RULES)})
    about = ma.fields.String(metadata={"description": "Skill, certificate with its last day, or part."})


class ExclusionCountSchema(ExclusionRuleSchema):
    """A rule, and how many it keeps away."""

    technicians = ma.fields.Integer()


class AlternativeSchema(Schema):
    """Another technician: what excludes them, or what they would cost more."""

    technician_id = Id()
    excluded_by = ma.fields.List(ma.fields.Nested(ExclusionRuleSchema))
    more_s = ma.fields.Integer(
        allow_none=True, metadata={"description": "More driving [s]; negative when less."}
    )


class PlanChangeSchema(Schema):
    """One change; send `subject_id`, `rev` and `after` back to carry it out."""

    subject_id = Id(metadata={"description": "The visit, or the order that has none yet."})
    work_order_id = Id()
    number = ma.fields.String()
    rev = ma.fields.Integer()
    kind = ma.fields.String(metadata={"enum": list(KINDS)})
    before = ma.fields.Nested(PlaceInPlanSchema, allow_none=True)
    after = ma.fields.Nested(PlaceInPlanSchema, allow_none=True)
    reason = ma.fields.String(
        allow_none=True, metadata={"enum": ["frozen", "only", "least", "kept", "whole", None]}
    )
    others = ma.fields.List(ma.fields.Nested(AlternativeSchema))
    late_s = ma.fields.Integer(
        allow_none=True,
        metadata={"description": "How much after its promise it would end [s]; null when in time."},
    )
    late_because = ma.fields.String(
        allow_none=True,
        metadata={
            "enum": [*LATE, None],
            "description": "`over`: too late before this was planned; `duty`: nobody who may do it is on duty; `way`: "
            "nobody can be there; `room`: other work comes first.",
        },
    )


class UnservedJobSchema(Schema):
    """A job nobody does on the day, and what kept how many technicians from it."""

    subject_id = Id()
    number = ma.fields.String()
    because = ma.fields.List(ma.fields.Nested(ExclusionCountSchema))


class PlanCostSchema(Schema):
    """What a plan comes to."""

    served = ma.fields.Integer()
    worth = ma.fields.Integer(metadata={"description": "100, 30, 12, 8 a job of P1 to P4."})
    travel_s = ma.fields.Integer()


class DispatchProposalSchema(Schema):
    """What would change on a day."""

    on = ma.fields.Date()
    zone = ma.fields.String()
    planner = ma.fields.String()
    note = ma.fields.String(
        metadata={"description": "`missing` or `failed`: why it is not the usual planner's."}
    )
    before = ma.fields.Nested(PlanCostSchema)
    after = ma.fields.Nested(PlanCostSchema)
    points = ma.fields.Integer(allow_none=True, metadata={"description": "Disturbance an emergency causes."})
    changes = ma.fields.List(ma.fields.Nested(PlanChangeSchema))
    unserved = ma.fields.List(ma.fields.Nested(UnservedJobSchema))


class PlacementSchema(Schema):
    """A change to carry out; without technician and start the visit leaves the plan."""

    subject_id = Id(required=True)
    rev = ma.fields.Integer(required=True, validate=ma.validate.Range(0, 2**62))
    technician_id = Id(load_default=None, allow_none=True)
    start = instant(load_default=None, allow_none=True)


class AcceptanceSchema(Schema):
    """Changes to carry out, all or none."""

    placements = ma.fields.List(
        ma.fields.Nested(PlacementSchema), required=True, validate=ma.validate.Length(1, 400)
    )


class PlannedVisitSchema(Schema):
    """A visit as it is planned now."""

    id = Id()
    work_order_id = Id()
    technician_id = Id()
    planned_start = instant()
    planned_end = instant()
    rev = ma.fields.Integer()


@blp.route("/dispatch/proposals")
class Proposals(MethodView):
    """Proposals; nothing is kept of them until they are accepted."""

    @blp.arguments(DispatchDaySchema)
    @blp.response(200, DispatchProposalSchema)
    def post(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Propose a day, or where one order fits in; takes some seconds."""
        day = {"organisation_id": asked["organisation"], "zone": _zone()}
        day["on"] = asked["on"] or _today(day["zone"])
        if asked["urgent"] is None:
            return _shown(service.propose(g.session, g.scope, **day, planner=planner(), roads=roads()))
        return _shown(
            service.place_emergency(g.session, g.scope, **day, order_id=asked["urgent"], roads=roads())
        )


@blp.route("/dispatch/acceptance")
class Acceptance(MethodView):
    """Carrying out."""

    @blp.arguments(AcceptanceSchema)
    @blp.response(200, PlannedVisitSchema(many=True))
    def post(self, given: dict[str, Any]) -> Any:
        """Carry out changes, all or none; 409 when something changed since, or no longer fits."""
        placements = [Placement(**one) for one in given["placements"]]
        return service.accept(g.session, g.scope, placements=placements)


def _zone() -> str:
    found = network.list_sites(g.session, g.scope, limit=1).items
    return found[0][0].timezone if found else "UTC"


def _today(zone: str) -> date:
    return clock.now().astimezone(ZoneInfo(zone)).date()


def _shown(found: Proposed) -> dict[str, Any]:
    board, away = found.board, found.board.away()
    return {
        "on": board.on, "zone": board.zone, "planner": found.proposal.planner, "note": found.proposal.note,
        "before": _cost(found.before), "after": _cost(found.after), "points": found.points,
        "changes": [_change(found, change) for change in found.changes],
        "unserved": [
            {"subject_id": one.job, "number": board.subject(_uuid(one.job))[0].number,
             "because": [
                 *({"rule": rule.rule, "about": rule.about, "technicians": count} for rule, count in one.because),
                 *([{"rule": "off_duty", "about": "", "technicians": len(away)}] if away else []),
             ]}
            for one in found.unserved
        ],
    }  # fmt: skip


def _change(found: Proposed, change: Any) -> dict[str, Any]:
    order, visit = found.board.subject(change.job)
    why, late = found.why.get(change.job), found.late.get(change.job)
    return {
        "late_s": late and late.late_s, "late_because": late and late.because,
        "subject_id": change.job, "work_order_id": order.id, "number": order.number,
        "rev": visit.rev if visit else order.rev, "kind": change.kind,
        "before": _place(found.board, change.before), "after": _place(found.board, change.after),
        "reason": why.reason if why and why.technician else None,
        "others": [
            {"technician_id": one.technician, "more_s": one.more_s,
             "excluded_by": [{"rule": rule.rule, "about": rule.about} for rule in one.excluded_by]}
            for one in (why.alternatives if why else ())
        ],
    }  # fmt: skip


def _place(board: Board, at: Assignment | None) -> dict[str, Any] | None:
    return at and {"technician_id": at.technician, "start": board.instant(at.start_s)}


def _cost(cost: Cost) -> dict[str, int]:
    return {"served": cost.served, "worth": cost.worth, "travel_s": cost.travel_s}


def _uuid(one: object) -> UUID:
    assert isinstance(one, UUID)
    return one
