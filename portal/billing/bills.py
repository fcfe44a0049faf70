"""Bills: all of them, and one of them with everything it rests on. Customers see their own, the office all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, render_template, request, url_for
from flask_babel import gettext as _

from backend.billing.rules import numbering
from backend.billing.service import (
    BillKind,
    BillStatus,
    accounts,
    bills,
    complaints,
    dunning,
    invoices,
    prepaid,
    so_far,
)
from backend.kernel.errors import NotFound
from backend.kernel.ids import show
from portal.address import asked, following, here
from portal.billing import ahead, asks, desk, figures, planned, words
from portal.billing.debt_words import HOLD_REASONS
from portal.billing.words import BILL_KINDS, REASONS, STANDINGS
from portal.navigation import below, look
from portal.pages import pages


@pages.get("/bills", endpoint="bills")
def list_bills() -> str:
    """Answer: what do I owe, and what did each month cost? The office: what was billed?"""
    node = look()
    is_office = desk.is_office()
    customer = desk.customer_asked() or (
        node.id if node is not None and node.kind.value == "customer" else None
    )
    page = bills.bills(
        g.session, g.scope, customer_id=customer, revised=request.args.get("show") == "revised", cursor=asked(),
        limit=30,
    )  # fmt: skip
    own = below(node)
    return render_template(
        "billing/bills.html", rows=rows(page.items), next=following(page), is_office=is_office,
        accounts=[] if is_office else _accounts(own), so_far=[] if is_office else running(own),
        show=request.args.get("show", "all"), tab=lambda name: here(show=name, after=None),
        waiting=complaints.open_count(g.session, g.scope) if is_office else 0, **({} if is_office else _owed(own)),
    )  # fmt: skip


def _owed(own: frozenset[UUID]) -> dict[str, Any]:
    """Return what customers paid ahead, pay in parts, and asked for."""
    found = prepaid.standings(g.session, g.scope, customers=own)
    return {"ahead": ahead.rows(found), "plans": planned.kept_by(own), "asks": asks.own(own)}


def rows(found: Sequence[Any]) -> list[dict[str, Any]]:
    """Return bills as lists show them."""
    left = accounts.left_of(g.session, g.scope, bill_ids=[one.id for one in found])
    agreed = {one.contract_id for one in found}
    numbers = accounts.contracts_by_id(g.session, g.scope, contract_ids=agreed)
    carriers = accounts.carriers(g.session, g.scope, contract_ids=agreed)
    customers = desk.names_of({one.customer_id for one in found})
    return [
        row(one, left.get(one.id, one.total))
        | {
            "contract": numbers[one.contract_id].number if one.contract_id in numbers else "",
            "carrier": carriers.get(one.contract_id), "customer": customers.get(one.customer_id, ""),
        }
        for one in found
    ]  # fmt: skip


def row(one: Any, left: Any) -> dict[str, Any]:
    """Return what is said of a bill everywhere: name, amount, state in a word."""
    today = desk.today()
    standing = accounts.standing(one, left, today)
    sign, said = STANDINGS[standing] if one.status is BillStatus.ISSUED else ("unknown", _("draft"))
    return {
        "id": one.id, "kind": BILL_KINDS[one.kind], "is_note": one.kind is not BillKind.BILL,
        "number": numbering.shown(one.year, one.serial) if one.serial else "",
        "period": words.over(one.starts_on, one.ends_on),
        "total": one.total, "left": left, "currency": one.currency, "sign": sign, "standing": said,
        "due_on": one.due_on if left > 0 and one.total > 0 else None, "issued_on": one.issued_on,
        "is_issued": one.status is BillStatus.ISSUED, "link": url_for("portal.bill", bill_id=one.id),
        "may_pay": left > 0 and one.total > 0 and one.status is BillStatus.ISSUED,
    }  # fmt: skip


def _accounts(customers: frozenset[UUID]) -> list[dict[str, Any]]:
    """Return what customers owe or have in credit, with the operator's name; a prepaid balance by its own word."""
    found = accounts.accounts(g.session, g.scope, customers=customers)
    prepaid = {
        one.customer_id
        for one in accounts.contracts_of(g.session, g.scope, customers=customers)
        if one.is_prepaid
    }
    year = {"first": desk.today().replace(month=1, day=1), "last": desk.today(), "kind": "pdf"}
    return [
        {"balance": one.balance, "owed": one.owed, "credit": one.credit, "currency": one.currency,
         "is_prepaid": one.customer_id in prepaid,
         "statement": url_for("portal.statement_paper", customer=show(one.customer_id), **year)}
        for one in found
    ]  # fmt: skip


def running(customers: frozenset[UUID]) -> list[dict[str, Any]]:
    """Return the bills so far of customers, as cards show them."""
    found = so_far.bills_so_far(g.session, g.scope, customers=customers)
    agreed = accounts.contracts_by_id(g.session, g.scope, contract_ids=[one.contract_id for one in found])
    carriers = accounts.carriers(g.session, g.scope, contract_ids=list(agreed))
    return [
        {"one": one, "period": words.over(one.starts_on, one.ends_on), "carrier": carriers.get(one.contract_id),
         "contract": agreed[one.contract_id].number if one.contract_id in agreed else "",
         "share": min(float(one.amount / one.projected), 1.0) if one.amount and one.projected else 0.0,
         "more": round((float(one.projected) / float(one.usual) - 1) * 100) if one.projected and one.usual else None,
         "parts": [part | {"name": words.in_tongue(part["name"])} for part in one.parts]}
        for one in found
    ]  # fmt: skip


@pages.get("/bills/so-far", endpoint="bills_so_far")
def show_so_far() -> str:
    """Answer: what does this month come to by now, and what will it come to?"""
    node = look()
    return render_template("billing/so_far.html", rows=running(below(node)))


@pages.get("/bills/<uuid:bill_id>", endpoint="bill")
def show_bill(bill_id: UUID) -> str:
    """Answer: why is it this much, by when do I pay, and what changed since last month?"""
    look()
    one = bills.bill(g.session, g.scope, bill_id=bill_id)
    contract = accounts.contracts_by_id(g.session, g.scope, contract_ids=[one.contract_id])[one.contract_id]
    g.zone = contract.zone
    tariff, version = tariff_of(one)
    held = figures.held_by(accounts.points(g.session, g.scope, contract_id=contract.id))
    period = figures.whole(one.starts_on, one.ends_on, contract.zone)
    compared = accounts.compared(g.session, g.scope, bill=one) if one.kind is BillKind.BILL else {}
    before = next(iter(compared.values())).earlier if compared else None
    return render_template(
        "billing/bill.html", bill=one, row=rows([one])[0], contract=contract, tariff=tariff, version=version,
        lines=lines_of(one, tariff), family=_family(one), compared=_compared(compared),
        curve=figures.by_day(held, period, _whole_of(before, contract.zone), contract.zone),
        hours=figures.by_hour(held, period, contract.zone), uses=figures.by_category(held, period, contract.zone),
        keeps=desk.keeps(one.organisation_id), complaints=_complaints(one.id), has_points=bool(held),
        may_tell=one.status is BillStatus.ISSUED, today=desk.today(), **_reminded(one),
    )  # fmt: skip


def _reminded(one: Any) -> dict[str, Any]:
    """Return how a bill was reminded of, what holds that up, the plan that pays it, and its statutory invoice."""
    issued = next(iter(invoices.invoices(g.session, g.scope, bill_id=one.id, limit=1).items), None)
    keeps = desk.keeps(one.organisation_id)
    return {
        "reminders": dunning.reminders(g.session, g.scope, bill_id=one.id, limit=10).items,
        "holds": dunning.holds(g.session, g.scope, bill_id=one.id, limit=10).items if keeps else [],
        "hold_reasons": HOLD_REASONS, "hold_options": [(key.value, said) for key, said in HOLD_REASONS.items()],
        "plan": planned.of_bill(one), "invoice": issued[0].number if issued else None,
    }  # fmt: skip


def tariff_of(one: Any) -> tuple[Any, Any]:
    """Return the tariff a bill was made by, and its revision; (None, None) where the asker may not see it."""
    try:
        version, tariff = accounts.tariff_of(g.session, g.scope, version_id=one.tariff_version_id)
    except NotFound:
        return None, None
    return tariff, version


def lines_of(one: Any, tariff: Any) -> list[dict[str, Any]]:
    """Return a bill's lines as tables show them."""
    return [
        {"name": words.in_tongue(line.name, line.component), "piece": words.period_of(tariff, line),
         "quantity": line.quantity, "unit": line.unit, "price": line.price, "amount": line.amount,
         "is_included": line.is_included, "place": line.place,
         "link": url_for("portal.bill_line", bill_id=one.id, place=line.place),
         "dates": words.over(line.starts_on, line.ends_on)
         if (line.starts_on, line.ends_on) != (one.starts_on, one.ends_on) else ""}
        for line in bills.lines(g.session, g.scope, bill_id=one.id)
    ]  # fmt: skip


def _family(one: Any) -> list[dict[str, Any]]:
    """Return the other bills of a correction: the bill, and its notes."""
    first = one.corrects_id or one.id
    return [
        row(other, other.total) | {"reason": other.reason}
        for other in bills.family(g.session, g.scope, bill_id=first)
        if other.id != one.id
    ]


def _compared(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return why the bill differs from earlier ones, as rows that sum to the difference."""
    titles = {"before": _("Against the period before"), "year": _("Against the year before")}
    return [
        {
            "title": titles[name], "earlier": words.over(one.earlier.starts_on, one.earlier.ends_on),
            "link": url_for("portal.bill", bill_id=one.earlier.id), "before": one.before, "now": one.now,
            "whole": one.why.whole,
            "parts": [(said, getattr(one.why, part)) for part, said in REASONS.items() if getattr(one.why, part)],
        }
        for name, one in found.items()
    ]  # fmt: skip


def _whole_of(earlier: Any, zone: str) -> Any:
    return figures.whole(earlier.starts_on, earlier.ends_on, zone) if earlier is not None else None


def _complaints(bill_id: UUID) -> list[dict[str, Any]]:
    found = complaints.complaints(g.session, g.scope, bill_id=bill_id, limit=20).items
    said = complaints.first_words(g.session, g.scope, complaint_ids=[one.id for one, _bill in found])
    return [
        {"text": said.get(one.id, ""), "sign": words.COMPLAINT_STATES[one.state][0],
         "state": words.COMPLAINT_STATES[one.state][1], "place": one.place,
         "link": url_for("portal.complaint", complaint_id=one.id)}
        for one, _bill in found
    ]  # fmt: skip


@pages.get("/bills/<uuid:bill_id>/intervals.csv", endpoint="bill_intervals")
def intervals_file(bill_id: UUID) -> Response:
    """Give the intervals of a bill's period as a file, point by point: UTC and the site's zone, amounts, how made."""
    look()
    one = bills.bill(g.session, g.scope, bill_id=bill_id)
    contract = accounts.contracts_by_id(g.session, g.scope, contract_ids=[one.contract_id])[one.contract_id]
    held = figures.held_by(accounts.points(g.session, g.scope, contract_id=contract.id))
    period = figures.whole(one.starts_on, one.ends_on, contract.zone)
    name = numbering.shown(one.year, one.serial) if one.serial else show(one.id)
    headers = {"Content-Disposition": f'attachment; filename="intervals-{name}.csv"'}
    return Response(_file(held, period, contract.zone), mimetype="text/csv", headers=headers)


def _file(held: Sequence[figures.Held], period: Any, zone: str) -> Iterator[str]:
    database, scope = current_app.database, g.scope  # type: ignore[attr-defined]  # Enerfield's own

    def lines() -> Iterator[str]:
        """Read a point in a transaction of its own: the request's is over by then."""
        yield "point,register,share,time_utc,time_local,amount,unit,method\r\n"
        for one in held:
            with database.transaction(scope) as session:
                found = figures.read_intervals(session, scope, one, period)
            yield figures.written(one, found, zone)

    return lines()
