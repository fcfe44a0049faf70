"""Debts: reminders, what holds them up, and plans by which they are paid in parts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.billing.service import dunning, plans
from mobile_api.billing import debt_schemas as shape
from mobile_api.billing.blueprint import blp
from mobile_api.fields import page_of


@blp.route("/organisations/<id:organisation>/dunning")
class DunningPolicies(MethodView):
    """How an operator reminds."""

    @blp.response(200, shape.DunningPolicySchema)
    def get(self, organisation: UUID) -> Any:
        """Show by which steps an operator reminds (managers, administrators)."""
        return dunning.shown_policy(g.session, g.scope, organisation_id=organisation)

    @blp.arguments(shape.DunningPolicySchema)
    @blp.response(200, shape.DunningPolicySchema)
    def put(self, said: dict[str, Any], organisation: UUID) -> Any:
        """Say by which steps an operator reminds, from now on (managers, administrators)."""
        steps = [(one["after_days"], one["fee"]) for one in said["steps"]]
        return dunning.set_policy(
            g.session, g.scope, organisation_id=organisation, steps=steps, least=said["least"]
        )


@blp.route("/overdue")
class Overdue(MethodView):
    """Bills that are overdue."""

    @blp.arguments(shape.CustomerQuery, location="query")
    @blp.response(200, page_of(shape.OverdueBillSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List overdue bills, the longest due first, with their reminders (managers, administrators)."""
        return dunning.overdue(g.session, g.scope, customer_id=query.pop("customer"), **query)


@blp.route("/reminders")
class Reminders(MethodView):
    """Reminders."""

    @blp.arguments(shape.ReminderQuery, location="query")
    @blp.response(200, page_of(shape.ReminderSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List reminders, the newest first; customers see theirs."""
        wanted = {f"{name}_id": query.pop(name) for name in ("customer", "bill")}
        return dunning.reminders(g.session, g.scope, **query, **wanted)


@blp.route("/holds")
class Holds(MethodView):
    """What holds reminders up."""

    @blp.arguments(shape.HoldQuery, location="query")
    @blp.response(200, page_of(shape.HoldSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List what holds reminders up, the newest first (managers, administrators)."""
        is_open, bill_id = query.pop("open"), query.pop("bill")
        return dunning.holds(g.session, g.scope, is_open=is_open, bill_id=bill_id, **query)


@blp.route("/bills/<id:bill_id>/holds")
class BillHolds(MethodView):
    """What holds one bill up."""

    @blp.arguments(shape.NewHoldSchema)
    @blp.response(201, shape.HoldSchema)
    def post(self, new: dict[str, Any], bill_id: UUID) -> Any:
        """Have nobody reminded of a bill until that is released (managers, administrators)."""
        return dunning.hold(g.session, g.scope, bill_id=bill_id, **new)


@blp.route("/holds/<id:hold_id>/release")
class HoldRelease(MethodView):
    """The end of a hold."""

    @blp.response(200, shape.HoldSchema)
    def post(self, hold_id: UUID) -> Any:
        """Go on reminding of a bill (managers, administrators)."""
        return dunning.release(g.session, g.scope, hold_id=hold_id)


@blp.route("/plans")
class Plans(MethodView):
    """Debts paid in parts."""

    @blp.arguments(shape.CustomerQuery, location="query")
    @blp.response(200, page_of(shape.PlanSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List plans, the newest first; customers see theirs."""
        return plans.plans(g.session, g.scope, customer_id=query.pop("customer"), **query)

    @blp.arguments(shape.NewPlanSchema)
    @blp.response(201, shape.PlanSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Agree that a customer pays open bills in equal monthly parts (managers, administrators)."""
        return plans.agree(g.session, g.scope, **new)


@blp.route("/plans/<id:instalment_plan_id>")
class OnePlan(MethodView):
    """One plan."""

    @blp.response(200, shape.PlanSchema)
    def get(self, instalment_plan_id: UUID) -> Any:
        """Show a plan, and what of each part is paid."""
        return plans.plan(g.session, g.scope, plan_id=instalment_plan_id)


@blp.route("/plans/<id:instalment_plan_id>/cancellation")
class PlanCancellation(MethodView):
    """The end of a plan nobody wants any longer."""

    @blp.response(200, shape.PlanSchema)
    def post(self, instalment_plan_id: UUID) -> Any:
        """End a plan; what is left of its bills is due as it was (managers, administrators)."""
        return plans.cancel(g.session, g.scope, plan_id=instalment_plan_id)
