"""Coordination: members, lines, rounds and their shares, targets and the answers to them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.kernel.errors import NotFound, Refused
from backend.optimisation.service import joining, rounds, targets
from backend.optimisation.service.joining import Agreed, NewLine
from backend.optimisation.service.targets import NewTarget
from mobile_api.coordination.schemas import (
    CoordinationAnswerSchema,
    CoordinationMembershipSchema,
    CoordinationNewRoundSchema,
    CoordinationRoundSchema,
    CoordinationRoundWholeSchema,
    CoordinationSettlementSchema,
    CoordinationShareSchema,
    CoordinationTargetQuery,
    CoordinationTargetSchema,
    ExchangeLineSchema,
)
from mobile_api.fields import Area, PageQuery, page_of

blp = Area(
    "coordination", __name__, url_prefix="/coordination", description="Plants that are planned together."
)


@blp.route("/plants/<id:plant>/membership")
class Membership(MethodView):
    """Whether a plant is planned together with others."""

    @blp.response(200, CoordinationMembershipSchema)
    def get(self, plant: UUID) -> Any:
        """Tell what a plant has agreed to; 404 where it is planned alone."""
        found = joining.member(g.session, g.scope, plant_id=plant)
        if found is None:
            raise NotFound("this plant is planned alone", field="plant", remedy="let it join")
        return found

    @blp.arguments(CoordinationMembershipSchema)
    @blp.response(200, CoordinationMembershipSchema)
    def put(self, agreed: dict[str, Any], plant: UUID) -> Any:
        """Let it join, or change what it has agreed to (managers)."""
        return joining.join(g.session, g.scope, plant_id=plant, agreed=Agreed(**agreed))

    @blp.response(204)
    def delete(self, plant: UUID) -> None:
        """Let it leave (managers); what it accepted before stands."""
        joining.leave(g.session, g.scope, plant_id=plant)


@blp.route("/organisations/<id:organisation>/lines")
class Lines(MethodView):
    """Cables and pipes between plants."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(ExchangeLineSchema))
    def get(self, page: dict[str, Any], organisation: UUID) -> Any:
        """List the lines an organisation keeps, by name."""
        return joining.lines(g.session, g.scope, organisation_id=organisation, **page)

    @blp.arguments(ExchangeLineSchema)
    @blp.response(201, ExchangeLineSchema)
    def post(self, new: dict[str, Any], organisation: UUID) -> Any:
        """Tell of a line between two plants below (managers)."""
        return joining.add_line(g.session, g.scope, organisation_id=organisation, new=NewLine(**new))


@blp.route("/lines/<id:line>")
class OneLine(MethodView):
    """One line."""

    @blp.response(204)
    def delete(self, line: UUID) -> None:
        """Say that it is gone (managers); rounds that were made keep it."""
        joining.end_line(g.session, g.scope, line_id=line)


@blp.route("/organisations/<id:organisation>/rounds")
class Rounds(MethodView):
    """Rounds of an organisation."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(CoordinationRoundSchema))
    def get(self, page: dict[str, Any], organisation: UUID) -> Any:
        """List rounds, the newest first."""
        return rounds.rounds(g.session, g.scope, organisation_id=organisation, **page)

    @blp.arguments(CoordinationNewRoundSchema)
    @blp.response(202, CoordinationRoundSchema)
    def post(self, new: dict[str, Any], organisation: UUID) -> Any:
        """Ask for the plants below to be planned together (managers); a worker makes the round within minutes."""
        return rounds.ask_round(g.session, g.scope, organisation_id=organisation, **new)


@blp.route("/rounds/<id:coordination_round>")
class OneRound(MethodView):
    """One round."""

    @blp.response(200, CoordinationRoundWholeSchema)
    def get(self, coordination_round: UUID) -> Any:
        """Tell what a round found, why, who gives what when, and what each plant gets."""
        found = rounds.round_(g.session, g.scope, round_id=coordination_round)
        shown = {
            name: getattr(found, name) for name in CoordinationRoundWholeSchema().fields if name != "shares"
        }
        return shown | {"shares": rounds.shares(g.session, g.scope, round_id=coordination_round)}


@blp.route("/plants/<id:plant>/shares")
class Shares(MethodView):
    """What rounds meant to a plant."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(CoordinationShareSchema))
    def get(self, page: dict[str, Any], plant: UUID) -> Any:
        """List a plant's shares, the newest first, each with all that is needed to work it out again."""
        return rounds.shares_of_plant(g.session, g.scope, plant_id=plant, **page)


@blp.route("/targets")
class Targets(MethodView):
    """Targets of plants."""

    @blp.arguments(CoordinationTargetQuery, location="query")
    @blp.response(200, page_of(CoordinationTargetSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List targets, the newest first."""
        plant, region = query.pop("plant"), query.pop("region")
        found = targets.targets(g.session, g.scope, plant_id=plant, region_id=region, **query)
        return found.each(_target)


@blp.route("/organisations/<id:organisation>/targets")
class NewTargets(MethodView):
    """Targets an organisation asks for."""

    @blp.arguments(CoordinationTargetSchema)
    @blp.response(201, CoordinationTargetSchema)
    def post(self, new: dict[str, Any], organisation: UUID) -> Any:
        """Ask a plant below for something (managers); what it means to the plant is worked out."""
        plant = new.pop("plant_id")
        return _target(
            targets.propose(
                g.session, g.scope, organisation_id=organisation, plant_id=plant, new=NewTarget(**new)
            )
        )


@blp.route("/targets/<id:coordination_target>/answer")
class Answers(MethodView):
    """What a plant answers."""

    @blp.arguments(CoordinationAnswerSchema)
    @blp.response(200, CoordinationTargetSchema)
    def post(self, given: dict[str, Any], coordination_target: UUID) -> Any:
        """Accept, counter or refuse (operators and managers of the plant), within what it agreed to."""
        here = {"target_id": coordination_target}
        if given["answer"] == "accept":
            return _target(targets.accept(g.session, g.scope, **here))
        if given["answer"] == "counter":
            amount = _needed(given, "amount", "say what the plant would keep to")
            return _target(targets.counter(g.session, g.scope, **here, amount=amount, wants=given["wants"]))
        reason = _needed(given, "reason", "say why")
        return _target(targets.refuse(g.session, g.scope, **here, reason=reason, remark=given["remark"]))


@blp.route("/targets/<id:coordination_target>/settlement")
class Settlements(MethodView):
    """What the region does next."""

    @blp.arguments(CoordinationSettlementSchema)
    @blp.response(200, CoordinationTargetSchema)
    def post(self, given: dict[str, Any], coordination_target: UUID) -> Any:
        """Take a counter, ask anew, or take the target back (managers of the region)."""
        here = {"target_id": coordination_target}
        if given["step"] == "agree":
            return _target(targets.agree(g.session, g.scope, **here))
        if given["step"] == "withdraw":
            return _target(targets.withdraw(g.session, g.scope, **here))
        most = _needed(given, "most", "say what is asked for now")
        answer_by = _needed(given, "answer_by", "say until when an answer is due")
        return _target(
            targets.revise(g.session, g.scope, **here, most=most, pays=given["pays"], answer_by=answer_by)
        )


def _needed(given: dict[str, Any], field: str, remedy: str) -> Any:
    if given[field] is None:
        raise Refused(f"this needs {field}", field=field, remedy=remedy)
    return given[field]


def _target(found: Any) -> dict[str, Any]:
    """Return a target as it stands now: what nobody answered in time has lapsed."""
    return {name: getattr(found, name) for name in CoordinationTargetSchema().fields} | {
        "state": targets.state_now(found)
    }
