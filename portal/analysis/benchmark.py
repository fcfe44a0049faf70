"""Who uses much, who little, for what they are?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from flask import g, render_template, request

from backend.analysis.rules import factors
from backend.analysis.rules.asking import ViewName
from backend.analysis.service import benchmark as service
from backend.analysis.service import keeping
from backend.tenancy import service as tenancy
from portal.analysis.pages import asked, common
from portal.analysis.terms import BASES, PERS, QUARTERS, WIDTHS
from portal.navigation import ANALYSTS, look
from portal.pages import pages
from portal.terms import TRADES
from portal.words import IN_ORDER
from portal.words import named_here as named
from reports import analysis

PERIODS_SHOWN = 6


@pages.get("/analysis/benchmark", endpoint="benchmark")
def benchmark_page() -> str:
    """Answer: who uses much, who little, for what they are? A customer: is it much, what I use?"""
    node = look()
    if not any(node.id in g.scope.where(role) for role in ANALYSTS):
        places = service.own_places(g.session, g.scope, organisation_id=node.id)
        return render_template("analysis/own_benchmark.html", node=node, groups=own_groups(places))
    view, ask = asked()
    if "on" not in request.args and view.span in ("month", "year"):  # the one that runs is never ranked
        view = view.stepped(-1)
        ask = view.ask(node.id)
    about = {"organisation_id": ask.organisation_id, "first": ask.first, "until": ask.until}
    report = analysis.made(g.session, g.scope, ViewName.BENCHMARK, ask, "en")
    ranked = service.ranking(g.session, g.scope, **about)
    names = tenancy.organisations_by_id(g.session, g.scope, {one.place.organisation_id for one in ranked})
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in sorted(ranked, key=lambda one: one.rank.rank):
        if ask.carrier in (None, row.place.carrier):
            groups[row.place.carrier.value, row.place.basis.value, row.place.product].append(row)
    return render_template(
        "analysis/benchmark.html", view=view, node=node, names={key: named(one) for key, one in names.items()},
        groups=[_group(key, some) for key, some in groups.items() if len(some) > 1],
        known=sorted({one.place.carrier.value for one in ranked}), pers=PERS, trades=TRADES,
        units=factors.BASE_UNITS,
        quotas=keeping.quotas(g.session, g.scope, organisation_id=node.id),
        may_say=any(node.id in g.scope.where(role) for role in keeping.EDITORS),
        **common(report, view, ViewName.BENCHMARK),
    )  # fmt: skip


def _group(key: tuple[str, str, str], some: Sequence[Any]) -> dict[str, Any]:
    """Return a ranking as a table shows it; one alone is in no ranking."""
    carrier, basis, product = key
    most = max(one.place.value for one in some)
    return {
        "carrier": carrier,
        "per": product or BASES[basis],
        "each": PERS[basis],
        "rows": some,
        "most": most,
    }


def own_groups(places: Sequence[Any]) -> list[dict[str, Any]]:
    """Return a customer's places as it reads them: the latest of each carrier and basis, with its past."""
    found: dict[Any, list[Any]] = defaultdict(list)
    for one in places:
        is_month = (one.until - one.first).days < 60
        if is_month:
            found[one.carrier.value, one.basis.value, one.product].append(one)
    return [
        {"carrier": carrier, "per": product or BASES[basis], "each": PERS[basis], "now": some[0],
         "past": some[1:PERIODS_SHOWN], "year_ago": _year_ago(some), "said": QUARTERS.get(some[0].quarter or 0),
         "width": WIDTHS.get(some[0].width.value) if some[0].width else None}
        for (carrier, basis, product), some in sorted(found.items(), key=lambda one: _in_order(*one[0]))
    ]  # fmt: skip


def _in_order(carrier: str, basis: str, product: str) -> tuple[int, int, str]:
    """Return where a comparison stands: carriers as everywhere, then by floor area, heads, production."""
    return IN_ORDER.index(carrier), list(BASES).index(basis), product


def _year_ago(some: Sequence[Any]) -> float | None:
    """Return the value of the same month a year before the latest."""
    now = some[0].first
    return next(
        (one.value for one in some[1:] if (one.first.month, one.first.year) == (now.month, now.year - 1)),
        None,
    )
