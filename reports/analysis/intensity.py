"""How use depends on weather and production, and what was saved against that, as a document."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.analysis.rules.asking import Ask, ViewName
from backend.analysis.rules.regression import Fit
from backend.analysis.service import intensity as service
from backend.analysis.service import subject as subjects
from backend.analysis.service.intensity import Intensity
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from reports import figures
from reports.analysis.content import LINE, Chart, Report
from reports.analysis.registry import view
from reports.analysis.saying import SAID, called, carrier_name, over, plain, say, shortly
from reports.tabular import NUMBER, TEXT, Column, Document, Table


@view(ViewName.INTENSITY, "Intensity", "能耗强度")
def intensity(session: Session, scope: Scope, ask: Ask, locale: str) -> Report:
    """Return intensity as a report; of the first carrier used where none is asked for."""
    carrier = ask.carrier
    if carrier is None:
        used = subjects.carriers(session, subjects.subject(session, scope, ask.organisation_id))
        if not used:
            raise Refused(
                "nothing is measured here", field="organisation_id", remedy="choose another organisation"
            )
        carrier = used[0]
    found = service.intensity_of(
        session, scope, organisation_id=ask.organisation_id, carrier=carrier, first=ask.first, until=ask.until
    )
    return of(found, locale)


def of(found: Intensity, locale: str) -> Report:
    """Return what was found as a report."""
    facts = [
        (say("days", locale), over(found.first, found.until, locale)),
        (say("carrier", locale), carrier_name(found.carrier, locale)),
        (say("used", locale), f"{found.used:,.0f} {found.unit}"),
    ]
    if found.normalised is not None:
        facts.append((say("normalised", locale), f"{found.normalised:,.0f} {found.unit}"))
    if found.saved is not None:
        facts.append(
            (say("saved", locale), f"{found.saved.saving:,.0f} ± {found.saved.error:,.0f} {found.unit}")
        )
    if found.heating is not None and found.cooling is not None:
        facts.append((say("heating_days", locale), f"{found.heating:,.0f}"))
        facts.append((say("cooling_days", locale), f"{found.cooling:,.0f}"))
    tables, charts = [_days(found, locale)], []
    if found.saved is not None:
        heading = f"{say('used', locale)} · {say('expected', locale)}"
        shade = found.carrier.value
        charts = [
            Chart(LINE, heading, found.unit, 0, 0, (1, 2), frozenset({2}), (shade, shade)),
            Chart(LINE, say("cusum", locale), found.unit, 0, 0, (4,), shades=(shade,)),
        ]
    if found.baseline is not None:
        tables.append(_terms(found, locale))
    notes = (
        [say("no_fit", locale)]
        if found.baseline is None
        else [_quality(found, locale), *_doubts(found, locale)]
    )
    document = Document(
        locale, say("intensity", locale), called(found.subject, locale), facts, tables, (), notes
    )
    return Report("intensity", document, charts)


def _days(found: Intensity, locale: str) -> Table:
    columns = [
        Column("day", say("day", locale), TEXT), Column("used", say("used", locale), NUMBER),
        Column("expected", say("expected", locale), NUMBER), Column("saved", say("saved", locale), NUMBER),
        Column("saved_sum", say("cusum", locale), NUMBER),
    ]  # fmt: skip
    saved = found.saved
    rows = [
        [figures.day_of_year(day, locale), plain(float(found.seen.use[at]), 1),
         plain(float(saved.expected[at]), 1) if saved else None,
         plain(float(saved.expected[at] - saved.used[at]), 1) if saved else None,
         plain(float(saved.cusum[at]), 1) if saved else None]
        for at, day in enumerate(found.seen.days)
    ]  # fmt: skip
    return Table(f"{say('by_day', locale)} [{found.unit}]", columns, rows, empty=say("none", locale))


def _terms(found: Intensity, locale: str) -> Table:
    assert found.baseline is not None
    columns = [
        Column("term", say("term", locale), TEXT, is_wide=True), Column("value", say("value", locale), NUMBER),
        Column("error", say("error", locale), NUMBER), Column("t", say("t", locale), NUMBER),
    ]  # fmt: skip
    rows = [
        [term_name(found.baseline.fit, one.name, locale), shortly(one.value),
         shortly(one.error) if one.error < 1e12 else None, plain(one.t, 1) if abs(one.t) < 1e6 else None]
        for one in found.baseline.fit.terms
    ]  # fmt: skip
    return Table(f"{say('terms', locale)} [{found.unit}]", columns, rows)


def term_name(fit: Fit, name: str, locale: str) -> str:
    """Return what a term is called."""
    if name == "heating":
        return say("heating", locale, c=fit.heating_c)
    if name == "cooling":
        return say("cooling", locale, c=fit.cooling_c)
    return say(name, locale) if name in SAID else name


def _quality(found: Intensity, locale: str) -> str:
    assert found.baseline is not None
    one, fit = found.baseline.fit.quality, found.baseline
    when = "" if fit.fitted_at is None else f" ({figures.day(fit.fitted_at.date(), locale)})"
    return (
        f"{say('fit', locale)} {fit.fit.form.value}, {over(fit.first, fit.until, locale)}{when}: R² {one.r2:.3f}, "
        f"{say('adjusted_r2', locale)} {one.adjusted_r2:.3f}, CV(RMSE) {one.cv_rmse:.1%}, NMBE {one.nmbe:.2%}, "
        f"n {one.n}"
    )


def _doubts(found: Intensity, locale: str) -> list[str]:
    if not found.doubts:
        return [say("valid", locale)]
    return [f"{say('doubts', locale)}: " + "; ".join(say(one, locale) for one in found.doubts)]
