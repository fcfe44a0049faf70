"""Bill runs: begun, looked through, approved or thrown away; and corrections of what was issued."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response as FileResponse
from flask import current_app, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from backend.billing.service import RunStatus, accounts, archives, bills, corrections, runs
from backend.kernel.errors import Conflict, EnerfieldError, Refused
from portal.address import asked, following
from portal.billing import desk
from portal.billing.bills import rows as bill_rows
from portal.billing.pay import amount_of
from portal.billing.words import RUN_STATES
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.refusals import in_words
from reports import bill as papers

LANGUAGES = {"zh": "中文", "en": "English"}


@pages.get("/bill-runs", endpoint="bill_runs")
def list_runs() -> str:
    """Answer: which months are billed, and which run waits for me?"""
    book = desk.book_here()
    page = runs.runs(g.session, g.scope, cursor=asked(), limit=30)
    return render_template(
        "billing/runs.html", rows=[_row(one) for one in page.items], next=following(page), book=book,
        last_month=_last_month(),
    )  # fmt: skip


def _row(one: Any) -> dict[str, Any]:
    sign, state = RUN_STATES[one.status]
    drafts = runs.summary(g.session, g.scope, run_id=one.id)
    return {
        "id": one.id, "day": one.day, "sign": sign, "state": state, "started_at": one.started_at,
        "issue_on": one.issue_on, "link": url_for("portal.bill_run", run_id=one.id), "sums": drafts,
    }  # fmt: skip


def _last_month() -> str:
    """Return a day of the month that is over: what a run is usually about."""
    return (desk.today().replace(day=1) - timedelta(days=1)).replace(day=1).isoformat()


@pages.post("/bill-runs", endpoint="start_bill_run")
def start() -> Response:
    """Begin a run for the periods a day lies in."""
    back = url_for("portal.bill_runs")
    book = desk.book_here()
    try:
        if book is None:
            raise Refused("this operator keeps no book yet", remedy="open one")
        made = runs.start_run(
            g.session, g.scope, organisation_id=book.organisation_id, on=desk.required_day("day")
        )
    except EnerfieldError as error:
        return refused(error, back)
    return done(
        _("The run has begun; its drafts are being worked out."), url_for("portal.bill_run", run_id=made.id)
    )


@pages.get("/bill-runs/<uuid:run_id>", endpoint="bill_run")
def show_run(run_id: UUID) -> str:
    """Answer: are these bills right, what is left out, and why?"""
    look()
    one = runs.run(g.session, g.scope, run_id=run_id)
    desk.in_zone_of(one.organisation_id)
    page = bills.bills(g.session, g.scope, run_id=run_id, cursor=asked("bills"), limit=30)
    left_out = runs.exceptions(g.session, g.scope, run_id=run_id, cursor=asked("left"), limit=30)
    sums = runs.summary(g.session, g.scope, run_id=run_id)
    return render_template(
        "billing/run.html", row=_row(one), run=one, rows=bill_rows(page.items), next=following(page, "bills"),
        left_out=_left_out(left_out.items), more_left_out=following(left_out, "left"), sums=sums,
        is_moving=one.status in (RunStatus.PREVIEWING, RunStatus.ISSUING),
        may_issue=one.status is RunStatus.PREVIEWED and desk.keeps(one.organisation_id),
        may_abandon=one.status in (RunStatus.PREVIEWED, RunStatus.PREVIEWING) and desk.keeps(one.organisation_id),
        issued=sum(line.bills for line in sums if line.status == "issued"),
        whole=sum(line.bills for line in sums), today=desk.today(), **_packed(one),
    )  # fmt: skip


def _packed(run: Any) -> dict[str, Any]:
    """Return the files with all bills of an issued run: what there is, what is being packed, what may be."""
    if run.status is not RunStatus.ISSUED:
        return {"is_issued": False}
    found = archives.archives(g.session, g.scope, run_id=run.id)
    known = {one.locale for one in found}
    return {
        "is_issued": True, "packing": any(one.ended_at is None for one in found),
        "to_pack": [(value, words) for value, words in LANGUAGES.items() if value not in known],
        "archives": [
            {"language": LANGUAGES[one.locale], "is_ready": one.ended_at is not None, "done": one.done,
             "whole": one.whole, "share": one.done / one.whole, "size": f"{max(one.size / 1e6, 0.1):.1f} MB",
             "link": url_for("portal.packed_bills", run_id=run.id, locale=one.locale)}
            for one in found
        ],
    }  # fmt: skip


@pages.post("/bill-runs/<uuid:run_id>/archive")
def pack_bills(run_id: UUID) -> Response:
    """Have all bills of a run packed as PDF."""
    back = url_for("portal.bill_run", run_id=run_id)
    look()
    try:
        archives.ask(g.session, g.scope, run_id=run_id, locale=request.form.get("locale", ""))
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("The bills are being packed; the page says how far it is."), back)


@pages.get("/bill-runs/<uuid:run_id>/archive")
def packed_bills(run_id: UUID) -> FileResponse:
    """Hand out all bills of a run in one file."""
    look()
    found = archives.archive(g.session, g.scope, run_id=run_id, locale=request.args.get("locale", ""))
    if found.ended_at is None:
        raise Conflict("these bills are being packed still", field="run_id", remedy="come back later")
    day = runs.run(g.session, g.scope, run_id=run_id).day
    opened = [partial(current_app.files.open, one) for one in found.parts]  # type: ignore[attr-defined]  # ours
    answer = FileResponse(papers.united(opened), mimetype="application/zip")
    answer.headers.set("Content-Disposition", "attachment", filename=f"bills-{day}-{found.locale}.zip")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _left_out(found: Any) -> list[dict[str, Any]]:
    agreed = accounts.contracts_by_id(g.session, g.scope, contract_ids=[one.contract_id for one in found])
    customers = desk.names_of({one.customer_id for one in agreed.values()})
    return [
        {"number": agreed[one.contract_id].number, "reason": in_words(one.reason),
         "customer": customers.get(agreed[one.contract_id].customer_id, ""),
         "link": url_for("portal.supply_contract", contract_id=one.contract_id)}
        for one in found if one.contract_id in agreed
    ]  # fmt: skip


@pages.post("/bill-runs/<uuid:run_id>/issue", endpoint="issue_bill_run")
def issue(run_id: UUID) -> Response:
    """Say that the drafts are right: they are numbered, booked and issued."""
    back = url_for("portal.bill_run", run_id=run_id)
    look()
    try:
        runs.approve(g.session, g.scope, run_id=run_id, issue_on=desk.required_day("issue_on"))
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Approved; the bills are being issued."), back)


@pages.post("/bill-runs/<uuid:run_id>/abandon", endpoint="abandon_bill_run")
def abandon(run_id: UUID) -> Response:
    """Throw the drafts away."""
    back = url_for("portal.bill_run", run_id=run_id)
    look()
    try:
        runs.abandon(g.session, g.scope, run_id=run_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("The drafts are thrown away; no number was used."), back)


@pages.post("/bills/<uuid:bill_id>/rerate", endpoint="rerate_bill")
def rerate(bill_id: UUID) -> Response:
    """Rate a bill's period again with the intervals of now; a difference becomes a note."""
    back = url_for("portal.bill", bill_id=bill_id)
    look()
    try:
        notes = corrections.rerate(
            g.session,
            g.scope,
            bill_id=bill_id,
            on=desk.required_day("on"),
            reason=request.form.get("reason", ""),
        )
    except EnerfieldError as error:
        return refused(error, back)
    if not notes:
        return done(_("Rated again: nothing differs."), back)
    return done(
        ngettext(
            "Rated again: %(num)d note was issued.", "Rated again: %(num)d notes were issued.", len(notes)
        ),
        back,
    )


@pages.post("/bills/<uuid:bill_id>/adjust", endpoint="adjust_bill")
def adjust(bill_id: UUID) -> Response:
    """Issue a note over an amount somebody decided on."""
    back = url_for("portal.bill", bill_id=bill_id)
    look()
    try:
        corrections.adjust(
            g.session, g.scope, bill_id=bill_id, amount=amount_of("amount"), on=desk.required_day("on"),
            reason=request.form.get("reason", ""),
        )  # fmt: skip
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("The note is issued."), back)
