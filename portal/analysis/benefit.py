"""What did it cost, what did it earn, and what is it in coal and CO2?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import g, render_template, url_for

from backend.analysis.rules import factors
from backend.analysis.rules.asking import ViewName
from backend.analysis.rules.factors import Kind
from backend.analysis.service import drivers as driver_service
from backend.analysis.service import keeping
from backend.analysis.service.benefit import Benefit, Earned, Spent, benefit_of, own_factors
from backend.billing.rules import numbering
from backend.metering import service as metering
from backend.tenancy import service as tenancy
from portal import language
from portal.analysis.pages import asked, common
from portal.analysis.terms import KINDS
from portal.pages import pages
from portal.words import CARRIERS
from portal.words import named_here as named
from reports.analysis import benefit as papers

SHOWN = 100


@pages.get("/analysis/benefit", endpoint="benefit")
def benefit_page() -> str:
    """Answer: what did it cost, what did it earn, and what is it in standard coal and CO2?"""
    view, ask = asked()
    found = benefit_of(
        g.session, g.scope, organisation_id=ask.organisation_id, first=ask.first, until=ask.until
    )
    locale = language.current()
    report = papers.of(found, locale)
    about = {"at": view.query().get("at")}
    return render_template(
        "analysis/benefit.html",
        view=view,
        found=found,
        kinds=KINDS,
        totals=_totals(found),
        units=factors.BASE_UNITS,
        money_sums=[
            (currency, income, cost, income - cost) for currency, (income, cost) in found.sums().items()
        ],
        earned=_bills(found.earned),
        billed=_bills(found.billed),
        spent=[_bought(one, view) for one in found.spent or ()],
        counted=[(one, papers.said_of(one, locale)) for one in found.counted],
        shown=SHOWN,
        about=about,
        own=own_factors(g.session, g.scope, organisation_id=found.subject.id),
        bought=_kept(found),
        may_say=any(found.subject.id in g.scope.where(role) for role in driver_service.EDITORS),
        **common(report, view, ViewName.BENEFIT),
    )


def _totals(found: Benefit) -> list[dict[str, Any]]:
    """Return the sums of what use counts as, each with the carriers that have no factor."""
    rows = []
    for kind in Kind:
        value, lacking = found.total(kind)
        rows.append(
            {
                "name": KINDS[kind.value],
                "value": value if found.counted else None,
                "unit": "kg",
                "lacking": [str(CARRIERS[one.value]) for one in lacking],
            }
        )
    return rows


def _bills(some: Sequence[Earned] | None) -> list[dict[str, Any]]:
    names = tenancy.organisations_by_id(g.session, g.scope, {one.customer_id for one in some or ()})
    return [
        {
            "number": numbering.shown(one.year, one.serial) if one.year and one.serial else None,
            "one": one,
            "link": url_for("portal.bill", bill_id=one.bill_id)
            if one.bill_id
            else url_for("portal.bills_so_far"),
            "customer": named(names[one.customer_id]) if one.customer_id in names else "",
        }
        for one in sorted(some or (), key=lambda one: -one.counted)[:SHOWN]
    ]


def _kept(found: Benefit) -> list[tuple[Any, str]]:
    """Return what is said to be bought, each with the name of its meter."""
    kept = keeping.purchases(g.session, g.scope, organisation_id=found.subject.id)
    return [(one, named(metering.point(g.session, g.scope, one.point_id))) for one in kept]


def _bought(one: Spent, view: Any) -> dict[str, Any]:
    link = url_for("portal.point", point_id=one.point_id, span="month", on=one.first.isoformat())
    return {"one": one, "name": named(one.point), "link": link}
