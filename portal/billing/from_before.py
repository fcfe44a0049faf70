"""What an operator brings from before: a workbook of contracts, registers and balances, looked through first."""

from __future__ import annotations

from typing import Any

from flask import Response, g, render_template, request, url_for
from flask_babel import gettext as _

from backend.assets.rules.files import XLSX
from backend.billing.rules.migration import SHEETS
from backend.billing.service import migration
from backend.kernel.errors import EnerfieldError, Refused
from portal.billing import desk
from portal.navigation import look
from portal.pages import done, pages
from portal.refusals import in_words, said
from reports import migration as workbook

SHOWN = 200


@pages.route("/billing/from-before", methods=["GET", "POST"])
def from_before() -> Any:
    """Answer: what would this workbook bring, and what is wrong with it?"""
    book = desk.book_here()
    if request.method == "GET":
        return _page(book)
    try:
        if book is None:
            raise Refused("this operator keeps no book yet", remedy="open one")
        file = request.files.get("file")
        if file is None or not file.filename:
            raise Refused("choose a file", field="file", remedy="the workbook, filled in")
        is_written = request.form.get("deed") == "write"
        report = migration.bring(
            g.session, g.scope, organisation_id=book.organisation_id, given=workbook.read(file.read()),
            write=is_written,
        )  # fmt: skip
    except EnerfieldError as error:
        g.undo = True
        return _page(book, error=error), 422
    if report.is_written:
        return done(
            _("Written: contracts, registers and balances are here."), url_for("portal.supply_contracts")
        )
    return _page(book, report=report, name=file.filename), (422 if is_written else 200)


def _page(book: Any, *, report: Any = None, name: str = "", error: EnerfieldError | None = None) -> str:
    problems = report.problems if report is not None else []
    sheets = SHEETS if report is not None else ()
    return render_template(
        "billing/from_before.html", book=book, name=name, is_looked=report is not None,
        wrong=said(error) if error is not None else "", more=max(0, len(problems) - SHOWN),
        problems=[
            {"sheet": one.sheet, "row": one.row, "column": one.column, "message": in_words(one.message),
             "value": one.value, "remedy": in_words(one.remedy)}
            for one in problems[:SHOWN]
        ],
        count=len(problems), sheets=[(one, report.created[one], report.unchanged[one]) for one in sheets],
    )  # fmt: skip


@pages.get("/billing/from-before/template")
def from_before_template() -> Response:
    """Hand out the workbook to begin with."""
    look()
    answer = Response(workbook.template(), mimetype=XLSX)
    answer.headers.set("Content-Disposition", "attachment", filename="from-before.xlsx")
    return answer
