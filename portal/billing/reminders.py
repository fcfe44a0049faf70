"""Reminders: which bills are overdue, what comes next, what holds it up; and by which steps an operator reminds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.billing.rules import numbering
from backend.billing.rules.dunning import MOST_LEVELS
from backend.billing.service import HoldReason, dunning
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import show
from portal import forms
from portal.address import asked, following
from portal.billing import desk
from portal.billing.debt_words import HOLD_REASONS
from portal.billing.pay import amount_of
from portal.forms import Field, Page
from portal.navigation import look
from portal.pages import done, pages, refused


@pages.get("/overdue", endpoint="overdue")
def list_overdue() -> str:
    """Answer: who is late with which bill, and what happens next?"""
    look()
    page = dunning.overdue(g.session, g.scope, customer_id=desk.customer_asked(), cursor=asked(), limit=50)
    customers, today = desk.names_of({one.row.customer_id for one in page.items}), desk.today()
    return render_template(
        "billing/overdue.html", next=following(page),
        rows=[
            {"number": numbering.shown(one.row.year, one.row.serial), "open": one.row.open,
             "customer": customers.get(one.row.customer_id, ""), "currency": one.row.currency,
             "due_on": one.row.due_on, "days": (today - one.row.due_on).days, "level": one.row.level,
             "told_on": one.row.told_on, "is_held": one.row.is_held, "next_on": one.next_on,
             "is_behind": one.next_on is not None and one.next_on < today,
             "link": url_for("portal.bill", bill_id=one.row.id),
             "plan": url_for("portal.new_instalment_plan", customer=show(one.row.customer_id))}
            for one in page.items
        ],
    )  # fmt: skip


@pages.route("/reminder-steps", methods=["GET", "POST"])
def reminder_steps() -> Any:
    """Answer: when do we remind, and at which fee?"""
    book = desk.book_here()
    if book is None:
        raise Refused("this operator keeps no book yet", remedy="open one")
    kept = dunning.shown_policy(g.session, g.scope, organisation_id=book.organisation_id)
    page = _steps_page(kept)
    if request.method == "GET":
        return forms.show(page)
    try:
        dunning.set_policy(
            g.session, g.scope, organisation_id=book.organisation_id, steps=_steps(), least=amount_of("least")
        )
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Kept; it holds for reminders to come."), url_for("portal.overdue"))


def _steps_page(kept: Any) -> Page:
    lines = "\n".join(f"{step.after_days}: {step.fee:.2f}" for step in kept.steps)
    return Page(
        _("Steps of reminding"), _("How many days after a bill was due, and at which fee?"),
        [{"link": url_for("portal.overdue"), "name": _("Overdue")}], _("Keep"),
        [Field("steps", _("Steps, the mildest first"), lines, "area", is_half=False,
               hint=_("One a line, up to %(count)s: days after the due day, a colon, the fee. 21: 5.00",
                      count=MOST_LEVELS)),
         Field("least", _("Smaller debts are not worth a reminder"), f"{kept.least:.2f}",
               attributes={"inputmode": "decimal"})],
    )  # fmt: skip


def _steps() -> list[tuple[int, Decimal]]:
    found = []
    for line in forms.text("steps", 500).splitlines():
        days, _colon, fee = line.partition(":")
        try:
            if line.strip():
                found.append((int(days), Decimal(fee.strip() or "0")))
        except (ValueError, ArithmeticError):
            raise Refused(
                "this is no step", field="steps", value=line[:40], remedy="write it like 21: 5.00"
            ) from None
    return found


@pages.post("/bills/<uuid:bill_id>/hold")
def hold_bill(bill_id: UUID) -> Response:
    """Have nobody reminded of a bill."""
    back = url_for("portal.bill", bill_id=bill_id)
    look()
    try:
        reason = HoldReason(forms.among("reason", {one.value: one for one in HOLD_REASONS}))
        dunning.hold(g.session, g.scope, bill_id=bill_id, reason=reason, note=forms.text("note", 500))
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Nobody is reminded of it until you release it."), back)


@pages.post("/holds/<uuid:hold_id>/release")
def release_bill(hold_id: UUID) -> Response:
    """Go on reminding of a bill."""
    look()
    try:
        found = dunning.release(g.session, g.scope, hold_id=hold_id)
    except EnerfieldError as error:
        return refused(error, url_for("portal.overdue"))
    return done(_("Reminders go on."), url_for("portal.bill", bill_id=found.bill_id))
