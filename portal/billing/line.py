"""One line of a bill: the intervals it rests on, its price, the rule and the version of the tariff behind it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for

from backend.billing.service import BillStatus, accounts, bills
from backend.kernel.errors import NotFound
from portal.billing import desk, figures, readable, words
from portal.billing.bills import rows, tariff_of
from portal.navigation import look
from portal.pages import pages
from portal.words import named_here as named


@pages.get("/bills/<uuid:bill_id>/line", endpoint="bill_line")
def show_line(bill_id: UUID) -> str:
    """Answer: what is this line made of, and is it right?"""
    look()
    bill = bills.bill(g.session, g.scope, bill_id=bill_id)
    line = _line(bill_id)
    contract = accounts.contracts_by_id(g.session, g.scope, contract_ids=[bill.contract_id])[bill.contract_id]
    g.zone = contract.zone
    tariff, version = tariff_of(bill)
    held = figures.held_by(accounts.points(g.session, g.scope, contract_id=contract.id))
    curve = figures.of_line(tariff, line, held) if tariff is not None else None
    return render_template(
        "billing/line.html", bill=bill, row=rows([bill])[0], line=line, contract=contract, curve=curve,
        name=words.in_tongue(line.name, line.component), piece=words.period_of(tariff, line),
        kind=words.COMPONENT_KINDS.get(line.kind, line.kind), tariff=tariff, version=version,
        rule=readable.rule_of(tariff, line) if tariff is not None else None,
        points=[_point(one) for one in held if line.register in (None, one.register)] if line.register else [],
        dates=words.over(line.starts_on, line.ends_on), of=_of(tariff, bill, line),
        may_complain=bill.status is BillStatus.ISSUED and not desk.keeps(bill.organisation_id),
    )  # fmt: skip


def _line(bill_id: UUID) -> Any:
    """Return the line the address names by its place; without one the first."""
    place = request.args.get("place", 0, type=int)
    for line in bills.lines(g.session, g.scope, bill_id=bill_id):
        if line.place == place:
            return line
    raise NotFound("the bill has no such line", field="place", value=place)


def _point(one: figures.Held) -> dict[str, Any]:
    return {
        "name": named(one.point), "link": url_for("portal.point", point_id=one.point.id, span="month"),
        "share": f"{one.share * 100:g}", "carrier": one.point.carrier.value, "is_shared": one.share < 1,
    }  # fmt: skip


def _of(tariff: Any, bill: Any, line: Any) -> list[dict[str, Any]]:
    """Return the lines a share is a share of."""
    if tariff is None or line.kind not in ("share", "minimum", "power_factor"):
        return []
    version = next((one for one in tariff.versions if one.from_ == line.version), None)
    component = (
        next((one for one in version.components if one.code == line.component), None) if version else None
    )
    wanted = set(getattr(component, "of", ()))
    return [
        {"name": words.in_tongue(other.name, other.component), "piece": words.period_of(tariff, other),
         "amount": other.amount, "link": url_for("portal.bill_line", bill_id=bill.id, place=other.place)}
        for other in bills.lines(g.session, g.scope, bill_id=bill.id)
        if other.component in wanted and other.starts_on == line.starts_on
    ]  # fmt: skip
