"""The ledger: trial balance, entries with their causes, closing, and whether the chain holds."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.billing.service import ledger
from backend.kernel.errors import EnerfieldError, Refused
from portal import language
from portal.address import asked, following
from portal.billing import desk
from portal.billing.words import ACCOUNT_KINDS, CAUSES
from portal.navigation import look
from portal.pages import done, pages, refused

BILLS = frozenset({"bill", "credit_note", "debit_note"})


@pages.get("/ledger", endpoint="ledger")
def show_ledger() -> str:
    """Answer: do the books balance, and until when are they closed?"""
    book = desk.book_here()
    if book is None:
        return render_template("billing/no_ledger.html", node=g.organisation, may_open=_may_open())
    desk.in_zone_of(book.organisation_id)
    balance = ledger.trial_balance(g.session, g.scope, book_id=book.id, until=_until())
    return render_template(
        "billing/ledger.html", book=book, until=request.args.get("until", ""), today=desk.today(),
        rows=[
            {"code": one.code, "name": _called(one), "kind": ACCOUNT_KINDS[one.kind.value], "currency": one.currency,
             "debit": one.debit, "credit": one.credit, "amount": one.amount}
            for one in balance
        ],
        sums=_sums(balance), closings=ledger.closings(g.session, g.scope, book_id=book.id),
        may_close=desk.keeps(book.organisation_id),
    )  # fmt: skip


def _until() -> date | None:
    typed = request.args.get("until", "").strip()
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise Refused(
            "this is no day", field="until", value=typed[:40], remedy="write it like 2026-10-01"
        ) from None


def _called(one: Any) -> str:
    return str((one.name_zh if language.current() == "zh" else None) or one.name)


def _sums(balance: Any) -> list[tuple[str, Any, Any]]:
    sums: dict[str, list[Any]] = {}
    for one in balance:
        mine = sums.setdefault(one.currency, [0, 0])
        mine[0] += one.debit
        mine[1] += one.credit
    return [(currency, *both) for currency, both in sums.items()]


def _may_open() -> bool:
    return g.organisation is not None and desk.keeps(g.organisation.id)


@pages.post("/ledger", endpoint="open_ledger")
def open_book() -> Response:
    """Open the books of the organisation looked at."""
    back = url_for("portal.ledger")
    node = look()
    try:
        ledger.open_book(g.session, g.scope, organisation_id=node.id, name=request.form.get("name", ""))
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("The books are open."), back)


@pages.get("/ledger/entries", endpoint="ledger_entries")
def list_entries() -> str:
    """Answer: what was booked, and what caused it?"""
    book = desk.book_here()
    if book is None:
        return render_template("billing/no_ledger.html", node=g.organisation, may_open=_may_open())
    desk.in_zone_of(book.organisation_id)
    page = ledger.entries(g.session, g.scope, book_id=book.id, cursor=asked(), limit=30)
    called = {one.code: _called(one) for one in ledger.accounts(g.session, g.scope, book_id=book.id)}
    parties = desk.names_of({side.party for _one, sides in page.items for side in sides if side.party})
    return render_template(
        "billing/entries.html", book=book, next=following(page),
        rows=[
            {"sequence": one.sequence, "on": one.booked_on, "at": one.recorded_at, "cause": CAUSES[one.cause.value],
             "text": one.text, "hash": one.hash.hex()[:12],
             "link": url_for("portal.bill", bill_id=one.cause_id) if one.cause.value in BILLS else "",
             "sides": [(side.account, called.get(side.account, ""), side.amount, side.currency,
                        parties.get(side.party, "") if side.party else "") for side in sides]}
            for one, sides in page.items
        ],
    )  # fmt: skip


@pages.post("/ledger/closings", endpoint="close_ledger")
def close() -> Response:
    """Close the books until a local day that is over."""
    back = url_for("portal.ledger")
    book = desk.book_here()
    try:
        if book is None:
            raise Refused("this operator keeps no book yet", remedy="open one")
        desk.in_zone_of(book.organisation_id)
        ledger.close(
            g.session, g.scope, book_id=book.id, until=desk.required_day("until"), today=desk.today()
        )
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Closed; nothing is booked before that day any more."), back)


@pages.post("/ledger/check", endpoint="check_ledger")
def check() -> Response:
    """Recompute the chain from the first entry on."""
    back = url_for("portal.ledger")
    book = desk.book_here()
    if book is None:
        return refused(Refused("this operator keeps no book yet", remedy="open one"), back)
    broken = ledger.verify(g.session, g.scope, book_id=book.id)
    if broken is not None:
        return refused(
            Refused(f"the chain breaks at entry {broken.sequence}", remedy="keep a copy and ask the auditor"),
            back,
        )
    return done(
        _("The chain holds: all %(count)s entries come out at the book's head.", count=book.length), back
    )
