"""Documents as files: bills, statements, ageing, runs, taxes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, g
from flask.views import MethodView

from backend.billing.rules.documents.schedule import Form
from backend.billing.service import documents
from mobile_api.billing import paper_schemas as shape
from mobile_api.billing.blueprint import blp
from reports import accounts, tabular
from reports import bill as bills
from reports.tabular import MEDIA, Document

FILE = {"type": "string", "format": "binary"}
PDF = MEDIA[Form.PDF]
OTHERS = {"200": {"content": {MEDIA[form]: {"schema": FILE} for form in Form}}}
"""As what a document may be answered: said whole, since it takes the place of what the response says."""

SHEETS = {"200": {"content": {MEDIA[form]: {"schema": FILE} for form in (Form.XLSX, Form.CSV)}}}


@blp.route("/bills/<id:bill_id>/pdf")
class BillPaper(MethodView):
    """A bill on paper."""

    @blp.arguments(shape.LocaleQuery, location="query")
    @blp.response(200, FILE, content_type=PDF)
    def get(self, query: dict[str, Any], bill_id: UUID) -> Response:
        """Return a bill or note as PDF, with a code to pay it; customers have theirs once they are issued."""
        told = documents.bill_document(
            g.session, g.scope, bill_id=bill_id, base_url=current_app.settings.base_url
        )
        return _answer(bills.pdf(told, _locale(query)), PDF, f"bill-{told.number or 'draft'}.pdf")


@blp.route("/customers/<id:customer_id>/statement")
class StatementPaper(MethodView):
    """A customer's account over a period."""

    @blp.arguments(shape.StatementQuery, location="query")
    @blp.response(200, FILE, content_type=PDF)
    @blp.doc(responses=OTHERS)
    def get(self, query: dict[str, Any], customer_id: UUID) -> Response:
        """Return a statement of account; for its customer, and for who keeps the seller's accounts."""
        asked = {"first": query["first"], "until": query["until"], "currency": query["currency"]}
        told = documents.statement(
            g.session, g.scope, customer_id=customer_id, organisation_id=query["organisation"], **asked
        )
        name = f"statement-{told.first}-{told.until}"
        return _file(accounts.statement(told, _locale(query)), query["format"], name)


@blp.route("/runs/<id:run_id>/summary")
class RunPaper(MethodView):
    """What a run came to."""

    @blp.arguments(shape.PaperQuery, location="query")
    @blp.response(200, FILE, content_type=PDF)
    @blp.doc(responses=OTHERS)
    def get(self, query: dict[str, Any], run_id: UUID) -> Response:
        """Return a run by tariff and component, tied out against the ledger (managers, administrators)."""
        told = documents.run_summary(g.session, g.scope, run_id=run_id)
        return _file(accounts.run_summary(told, _locale(query)), query["format"], f"bill-run-{told.day}")


@blp.route("/ageing")
class AgeingPaper(MethodView):
    """How old what is owed is."""

    @blp.arguments(shape.AgeingQuery, location="query")
    @blp.response(200, FILE, content_type=PDF)
    @blp.doc(responses=OTHERS)
    def get(self, query: dict[str, Any]) -> Response:
        """Return receivables by age at the end of a local day, from the ledger (managers, administrators)."""
        told = documents.ageing(
            g.session, g.scope, organisation_id=query["organisation"], as_of=query["as_of"]
        )
        return _file(accounts.ageing(told, _locale(query)), query["format"], f"ageing-{told.as_of}")


@blp.route("/taxes")
class TaxPaper(MethodView):
    """Output tax."""

    @blp.arguments(shape.TaxQuery, location="query")
    @blp.response(200, FILE, content_type=MEDIA[Form.XLSX])
    @blp.doc(responses=SHEETS)
    def get(self, query: dict[str, Any]) -> Response:
        """Return output tax by bill and rate, credit notes below nothing (managers, administrators)."""
        told = documents.tax_export(
            g.session,
            g.scope,
            organisation_id=query["organisation"],
            first=query["first"],
            until=query["until"],
        )
        return _file(
            accounts.tax_export(told, _locale(query)), query["format"], f"tax-{told.first}-{told.until}"
        )


def _locale(query: dict[str, Any]) -> str:
    return query["locale"] or g.scope.locale


def _file(document: Document, form: Form, name: str) -> Response:
    return _answer(tabular.made(document, form), MEDIA[form], f"{name}.{form.value}")


def _answer(data: bytes, media_type: str, name: str) -> Response:
    answer = Response(data, mimetype=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
