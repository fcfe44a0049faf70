"""Was energy saved, the weather and the production being what they were?"""

from __future__ import annotations

from typing import Any

from flask import g, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.analysis.rules.asking import ViewName
from backend.analysis.service import intensity as service
from backend.analysis.service import subject as subjects
from backend.analysis.service.intensity import Intensity
from backend.kernel.ids import show
from portal import drawing, language
from portal.analysis.pages import asked, common
from portal.analysis.terms import DOUBTS, FORMS
from portal.navigation import look
from portal.pages import done, pages
from reports.analysis import intensity as papers

LEFT, RIGHT, TOP, BOTTOM, WIDTH, HEIGHT = 56.0, 846.0, 22.0, 200.0, 860, 230
"""Where residuals are drawn [px]."""


@pages.get("/analysis/intensity", endpoint="intensity")
def intensity_page() -> str:
    """Answer: was less used than the weather and the production would have had it?"""
    view, ask = asked()
    known = subjects.carriers(g.session, subjects.subject(g.session, g.scope, ask.organisation_id))
    carrier = ask.carrier or (known[0] if known else None)
    if carrier is None:
        return render_template("analysis/intensity.html", view=view, found=None, known=[])
    found = service.intensity_of(
        g.session,
        g.scope,
        organisation_id=ask.organisation_id,
        carrier=carrier,
        first=ask.first,
        until=ask.until,
    )
    locale = language.current()
    report = papers.of(found, locale)
    return render_template(
        "analysis/intensity.html",
        view=view,
        found=found,
        known=[one.value for one in known],
        carrier=carrier.value,
        form=FORMS[found.baseline.fit.form.value] if found.baseline else "",
        doubts=[DOUBTS[one] for one in found.doubts],
        residuals=residuals(found),
        drivers_link=view.link("portal.drivers"),
        per=_per(found),
        **common(report, view, ViewName.INTENSITY),
        terms=[
            (papers.term_name(found.baseline.fit, one.name, locale), one) for one in found.baseline.fit.terms
        ]
        if found.baseline
        else [],
    )


@pages.post("/analysis/intensity/fits", endpoint="refit")
def fit_again() -> Response:
    """Fit the last twelve months anew."""
    node = look()
    made = service.refit(g.session, g.scope, organisation_id=node.id)
    said = (
        _("Fitted anew: %(count)s carriers.", count=len(made))
        if made
        else _("Too few days are known to fit.")
    )
    return done(said, url_for("portal.intensity", at=show(node.id)))


def _per(found: Intensity) -> list[dict[str, Any]]:
    """Return use, and use as in the baseline's conditions, per area, head and unit of product."""
    said = found.said
    sizes = [("m²", said.area_m2), (_("head"), said.heads)]
    sizes += [(f"{symbol} {name}", amount) for name, (amount, symbol) in said.products.items()]
    return [
        {
            "per": per,
            "used": found.used / size,
            "normalised": None if found.normalised is None else found.normalised / size,
        }
        for per, size in sizes
        if size
    ]


def residuals(found: Intensity) -> dict[str, Any] | None:
    """Return what the fit leaves of each of its own days, over the temperature, or day by day where none is known."""
    if found.baseline is None or found.base is None or not len(found.base.days):
        return None
    base, fit = found.base, found.baseline.fit
    if any(name not in base.factors for name in fit.factors):
        return None
    needs_weather = fit.heating_c is not None or fit.cooling_c is not None or fit.term("slope") is not None
    if needs_weather and base.temperature is None:
        return None
    left = base.use - fit.expected(base.temperature, base.factors, len(base.days))
    across = base.temperature if base.temperature is not None else list(range(len(base.days)))
    x = drawing.scale(list(across), top=RIGHT, bottom=LEFT, zero=False, ticks=7)
    y = drawing.scale([*left, 0.0], top=TOP, bottom=BOTTOM, ticks=5)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": RIGHT,
        "bottom": BOTTOM,
        "zero": y.y(0.0),
        "rules": [(y.y(tick), f"{tick:,.10g}") for tick in y.ticks],
        "marks": [(x.y(tick), f"{tick:g} °C") for tick in x.ticks] if base.temperature is not None else [],
        "dots": [(x.y(float(a)), y.y(float(b))) for a, b in zip(across, left, strict=True)],
    }
