"""Bills, the runs that make them, and the notes that correct them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.billing.service import bills, corrections, payments, runs
from mobile_api.billing import schemas as shape
from mobile_api.billing.blueprint import blp
from mobile_api.fields import PageQuery, page_of


@blp.route("/bills")
class Bills(MethodView):
    """Bills and notes."""

    @blp.arguments(shape.BillQuery, location="query")
    @blp.response(200, page_of(shape.BillSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List bills and notes, the latest period first; customers see what was issued to them."""
        wanted = {f"{name}_id": query.pop(name) for name in ("customer", "contract", "run")}
        return bills.bills(g.session, g.scope, **query, **wanted)


@blp.route("/bills/<id:bill_id>")
class OneBill(MethodView):
    """One bill."""

    @blp.response(200, shape.BillDetailSchema)
    def get(self, bill_id: UUID) -> Any:
        """Show a bill with its lines."""
        found = bills.bill(g.session, g.scope, bill_id=bill_id)
        lines = bills.lines(g.session, g.scope, bill_id=bill_id)[: shape.MOST_LINES]
        left = payments.open_of(g.session, g.scope, bill_ids=[bill_id])[bill_id]
        return SimpleNamespace(**_plain(found), lines=lines, open=left)


def _plain(one: Any) -> dict[str, Any]:
    return {column.key: getattr(one, column.key) for column in one.__table__.columns}


@blp.route("/bills/<id:bill_id>/rerating")
class Rerating(MethodView):
    """A bill's period, rated again."""

    @blp.arguments(shape.BillRerateSchema)
    @blp.response(200, shape.BillNotesSchema)
    def post(self, said: dict[str, Any], bill_id: UUID) -> Any:
        """Rate the period again with the intervals of now at the prices of then; a difference becomes a note (managers,
        administrators)."""
        return {"notes": corrections.rerate(g.session, g.scope, bill_id=bill_id, **said)}


@blp.route("/bills/<id:bill_id>/adjustments")
class Adjustments(MethodView):
    """BillNotesSchema somebody decided on."""

    @blp.arguments(shape.BillAdjustSchema)
    @blp.response(201, shape.BillSchema)
    def post(self, said: dict[str, Any], bill_id: UUID) -> Any:
        """Issue a credit or debit note over an amount (managers, administrators)."""
        return corrections.adjust(g.session, g.scope, bill_id=bill_id, **said)


@blp.route("/runs")
class Runs(MethodView):
    """Bill runs."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.BillRunSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List bill runs, the newest first (managers, administrators)."""
        return runs.runs(g.session, g.scope, **page)

    @blp.arguments(shape.NewBillRunSchema)
    @blp.response(202, shape.BillRunSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Begin a run: drafts are made in the background, a lot of contracts at a time (managers, administrators)."""
        return runs.start_run(g.session, g.scope, organisation_id=new["organisation_id"], on=new["day"])


@blp.route("/runs/<id:run_id>")
class OneRun(MethodView):
    """One run."""

    @blp.response(200, shape.BillRunDetailSchema)
    def get(self, run_id: UUID) -> Any:
        """Show how far a run is, and what its bills come to."""
        found = runs.run(g.session, g.scope, run_id=run_id)
        return SimpleNamespace(**_plain(found), summary=runs.summary(g.session, g.scope, run_id=run_id))


@blp.route("/runs/<id:run_id>/exceptions")
class RunExceptions(MethodView):
    """What a run could not bill."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.BillRunExceptionSchema))
    def get(self, page: dict[str, Any], run_id: UUID) -> Any:
        """List the contracts that could not be billed, each with the reason."""
        return runs.exceptions(g.session, g.scope, run_id=run_id, **page)


@blp.route("/runs/<id:run_id>/issue")
class Issue(MethodView):
    """A run that is right."""

    @blp.arguments(shape.RunApprovalSchema)
    @blp.response(202, shape.BillRunSchema)
    def post(self, said: dict[str, Any], run_id: UUID) -> Any:
        """Approve a previewed run: its bills are numbered, posted and issued in the background."""
        return runs.approve(g.session, g.scope, run_id=run_id, **said)


@blp.route("/runs/<id:run_id>/abandonment")
class Abandonment(MethodView):
    """A run that is not right."""

    @blp.response(200, shape.BillRunSchema)
    def post(self, run_id: UUID) -> Any:
        """Throw the drafts of a run away that was not approved."""
        return runs.abandon(g.session, g.scope, run_id=run_id)
