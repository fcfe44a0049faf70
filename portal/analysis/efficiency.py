"""How well does it run: plant, networks, use per area, head and product."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, url_for

from backend.analysis.rules.asking import ViewName
from backend.analysis.service import drivers as driver_service
from backend.analysis.service.efficiency import Efficiency, Plant, efficiency_of
from portal import language
from portal.analysis.pages import asked, common
from portal.analysis.terms import BASES, MAKES
from portal.pages import pages
from portal.words import named_here as named
from reports.analysis import efficiency as papers


@pages.get("/analysis/efficiency", endpoint="efficiency")
def efficiency_page() -> str:
    """Answer: how well does what goes in become what comes out?"""
    view, ask = asked()
    found = efficiency_of(
        g.session, g.scope, organisation_id=ask.organisation_id, first=ask.first, until=ask.until
    )
    report = papers.of(found, language.current())
    return render_template(
        "analysis/efficiency.html", view=view, found=found, plants=[_plant(one, view) for one in found.plants],
        bases=BASES, lacking=[BASES[one] for one in found.lacking], may_say=_may_say(found),
        drivers_link=view.link("portal.drivers"), **common(report, view, ViewName.EFFICIENCY),
    )  # fmt: skip


def _may_say(found: Efficiency) -> bool:
    return any(found.subject.id in g.scope.where(role) for role in driver_service.EDITORS)


def _plant(one: Plant, view: Any) -> dict[str, Any]:
    query = view.query()
    return {
        "name": named(one.position), "link": url_for("portal.position", position_id=one.position.id),
        "make": MAKES[one.make.value], "is_cop": one.is_cop, "value": one.ratio.value, "in_kwh": one.ratio.in_kwh,
        "out_kwh": one.ratio.out_kwh, "full_kw": one.full_kw or None,
        "parts": sorted((carrier.value, share) for carrier, share in one.ratio.parts.items()),
        "meters": [
            {"name": named(point), "link": url_for("portal.point", point_id=point.id, **query)}
            for point in (*one.inputs, *one.outputs)
        ],
    }  # fmt: skip
