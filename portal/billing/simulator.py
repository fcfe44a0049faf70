"""What would my bill be: a contract's past use under several tariffs."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import g, render_template, request, url_for
from flask_babel import gettext as _

from backend.billing.service import contracts, simulator
from backend.kernel import paging
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse, show
from portal.billing import desk, words
from portal.billing.contracts import tariff_names
from portal.billing.words import COMPONENT_KINDS
from portal.navigation import look
from portal.pages import pages
from portal.refusals import said

MOST_PERIODS = 24


@pages.get("/tariffs/simulator", endpoint="simulator")
def show_simulator() -> Any:
    """Answer: what would this contract have cost at another tariff?"""
    look()
    asked = request.args
    agreed = list(
        paging.every(lambda cursor: contracts.contracts(g.session, g.scope, cursor=cursor, limit=200))
    )
    customers = desk.names_of({one.customer_id for one in agreed})
    names = tariff_names()
    found: dict[str, Any] = {"result": None, "wrong": ""}
    if asked.get("contract"):
        found = _found(names)
    return render_template(
        "billing/simulator.html", contracts=[(show(one.id), f"{one.number} · {customers.get(one.customer_id, '')}")
                                             for one in agreed if desk.keeps(one.organisation_id)],
        tariffs=[(show(key), said) for key, said in names.items()], chosen=asked.getlist("tariff"),
        contract=asked.get("contract", ""), start=asked.get("start", _year_ago()),
        periods=asked.get("periods", "12"), **found,
    )  # fmt: skip


def _year_ago() -> str:
    today = desk.today()
    return date(today.year - 1, today.month, 1).isoformat()


def _found(names: dict[Any, str]) -> dict[str, Any]:
    try:
        done = simulator.simulate(
            g.session, g.scope, contract_id=parse(request.args["contract"]),
            tariff_ids=[parse(one) for one in request.args.getlist("tariff")], start=_start(),
            periods=request.args.get("periods", 12, type=int),
        )  # fmt: skip
    except EnerfieldError as error:
        return {"result": None, "wrong": said(error)}
    return {"result": _result(done), "wrong": ""}


def _start() -> date:
    try:
        return date.fromisoformat(request.args.get("start", ""))
    except ValueError:
        raise Refused("this is no day", field="start", remedy="write it like 2026-10-01") from None


def _result(done: Any) -> dict[str, Any]:
    """Return the comparison as a table: tariffs side by side, a row a kind of component, a row a period."""
    costs = done.comparison.costs
    best = done.comparison.cheapest
    by_kind = [one.by_kind() for one in costs]
    kinds = dict.fromkeys(kind for sums in by_kind for kind in sums)
    return {
        "currency": costs[0].tariff.currency, "missing": done.missing,
        "tariffs": [
            {"name": words.in_tongue(dict(one.tariff.name), one.tariff.code), "total": one.total.amount,
             "is_best": one is best, "more": one.total.amount - best.total.amount}
            for one in costs
        ],
        "kinds": [
            (COMPONENT_KINDS.get(kind, kind), [sums[kind].amount if kind in sums else None for sums in by_kind])
            for kind in kinds
        ],
        "periods": [
            (words.over(span.start, span.end), [one.ratings[number].total.amount for one in costs])
            for number, span in enumerate(done.comparison.periods)
        ],
        "left_out": [
            (words.in_tongue(dict(one.tariff.name), one.tariff.code), said(one.refused))
            for one in done.comparison.left_out if one.refused is not None
        ],
        "link": url_for("portal.tariffs"), "title": _("Comparison"),
    }  # fmt: skip
