"""How use depends on weather and production, fitted by schedule, and what was saved against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from backend.analysis.models import UseFit
from backend.analysis.queries import fits as queries
from backend.analysis.queries.confined import ANALYSTS
from backend.analysis.rules import factors, intensity, regression
from backend.analysis.rules.intensity import Drawn, Saved
from backend.analysis.rules.regression import Fit, Tried
from backend.analysis.service import drivers
from backend.analysis.service import subject as subjects
from backend.analysis.service.subject import Subject
from backend.kernel import audit, clock, ids, paging, periods
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier
from backend.tenancy import service as tenancy

WORKDAY = "workday"
MOST_FACTORS = 4


@dataclass(frozen=True)
class Baseline:
    """A fit and where it is from. fitted_at None: fitted just now, and not kept; tried: forms that were not taken."""

    fit: Fit
    first: date
    until: date
    autocorrelation: float
    left_out: int
    fitted_at: datetime | None
    tried: Sequence[Tried] = ()


@dataclass(frozen=True)
class Compared:
    """A day: used, expected by the fit, and saved up to its end [unit]; None where there is no fit."""

    day: date
    used: float
    expected: float | None
    saved_so_far: float | None


@dataclass(frozen=True)
class Intensity:
    """Use of [first, until) made comparable.

    baseline None: too little is known before, for `reason`; base, seen: the days fitted and those looked at
    used, normalised: of the days that can be compared [unit]; normalised: as it would have been in the weather and with
    the production of the same days of the baseline, None where they are not in it
    heating, cooling: degree days of these days [K·d]
    """

    subject: Subject
    carrier: Carrier
    unit: str
    first: date
    until: date
    baseline: Baseline | None
    reason: Refused | None
    base: Drawn | None
    seen: Drawn
    saved: Saved | None
    doubts: list[str]
    normalised: float | None
    heating: float | None
    cooling: float | None
    said: drivers.Said

    @property
    def used(self) -> float:
        """Return what was used on the days that are known."""
        return float(self.seen.use.sum())

    @property
    def compared(self) -> list[Compared]:
        """Return the days, each with what was expected of it."""
        saved = self.saved
        return [
            Compared(
                day, float(self.seen.use[at]), float(saved.expected[at]) if saved else None,
                float(saved.cusum[at]) if saved else None,
            )
            for at, day in enumerate(self.seen.days)
        ]  # fmt: skip


def intensity_of(
    session: Session, scope: Scope, *, organisation_id: UUID, carrier: Carrier, first: date, until: date
) -> Intensity:
    """Return how an organisation's use of a carrier in [first, until) compares with what it depended on before."""
    scope.demand(organisation_id, *ANALYSTS)
    one = subjects.subject(session, scope, organisation_id)
    baseline, base, reason = _baseline(session, scope, one, carrier, first)
    since = None if baseline is None else baseline.first
    seen, said = _drawn(session, scope, one, carrier, first, until, since)
    saved, doubts, normal = None, list[str](), None
    if baseline is not None and _fits(baseline.fit, seen):
        saved = intensity.saved(baseline.fit, seen, autocorrelation=baseline.autocorrelation)
        doubts = intensity.doubts(baseline.fit, baseline.until, seen, _today(one))
        normal = _normalised(baseline.fit, base, seen)
    heating, cooling = (None, None) if seen.temperature is None else intensity.degree_days(seen.temperature)
    return Intensity(one, carrier, factors.unit_of(carrier), first, until, baseline, reason, base, seen, saved, doubts,
                     normal, heating, cooling, said)  # fmt: skip


def _fits(fit: Fit, seen: Drawn) -> bool:
    """Tell whether everything a fit asks for is known of these days."""
    has_weather = seen.temperature is not None or (fit.heating_c is None and fit.cooling_c is None and
                                                   fit.form is not regression.Form.LINEAR)  # fmt: skip
    return bool(len(seen.days)) and has_weather and all(name in seen.factors for name in fit.factors)


def _drawn(
    session: Session, scope: Scope, one: Subject, carrier: Carrier, first: date, until: date,
    since: date | None = None,
) -> tuple[Drawn, drivers.Said]:  # fmt: skip
    """Return the days of [first, until) with use, weather and factors, and all that is said of them.

    since: first day of those they are compared with: a meter that counted then and is silent now leaves no day whole
    """
    days = subjects.days_of(first, until)
    said = drivers.said(
        session, scope, organisation_id=one.id, below=one.organisations, first=first, until=until
    )
    measured = subjects.temperatures(session, scope, one, first, until)
    known = dict(list(said.days.items())[: MOST_FACTORS - 1])
    known[WORKDAY] = subjects.workdays(one, days)
    use = subjects.daily_use(session, one, carrier, first, until, since=since)
    return intensity.drawn(days, use, measured | dict(said.temperature), known), said


def _baseline(
    session: Session, scope: Scope, one: Subject, carrier: Carrier, before: date
) -> tuple[Baseline | None, Drawn | None, Refused | None]:
    """Return the latest kept fit of days before a day, else one of the twelve months before its month, made now."""
    kept = queries.baseline(session, scope, one.id, carrier, before)
    first, until = (kept.first, kept.until) if kept else year_before(before)
    base, _said = _drawn(session, scope, one, carrier, first, until)
    if kept is not None:
        fit = intensity.read(kept.document)
        return Baseline(fit, first, until, kept.autocorrelation, kept.left_out, kept.fitted_at), base, None
    try:
        return _fitted(base, first, until), base, None
    except Refused as reason:
        return None, base, reason


def _fitted(base: Drawn, first: date, until: date) -> Baseline:
    fit, tried = regression.fitted(base.use, base.temperature, base.factors)
    residual = base.use - fit.expected(base.temperature, base.factors, len(base.days))
    return Baseline(fit, first, until, intensity.autocorrelation(residual), base.left_out, None, tried)


def year_before(on: date) -> tuple[date, date]:
    """Return the twelve whole months before the month of a day."""
    until = on.replace(day=1)
    return until.replace(year=until.year - 1), until


def _normalised(fit: Fit, base: Drawn | None, seen: Drawn) -> float | None:
    """Return what these days would have used in the conditions of the same days of the baseline."""
    if base is None or not len(base.days):
        return None
    wanted = {(day.month, day.day) for day in seen.days}
    is_same = [(day.month, day.day) in wanted for day in base.days]
    if sum(is_same) < len(seen.days) / 2 or not _fits(fit, base):
        return None
    usual = float(fit.expected(base.temperature, base.factors, len(base.days))[is_same].mean())
    now = float(fit.expected(seen.temperature, seen.factors, len(seen.days)).mean())
    return float(seen.use.sum()) * usual / now if now > 0 else None


def _today(one: Subject) -> date:
    return periods.local_date(clock.now(), one.zone)


def refit(
    session: Session, scope: Scope, *, organisation_id: UUID, by_schedule: bool = False
) -> list[UseFit]:
    """Fit anew the last twelve whole months of each carrier an organisation uses, and keep what comes of it.

    Fits of other months stay, so that a saving goes on being told against what was known before it.
    """
    scope.demand(organisation_id, *ANALYSTS)
    one = subjects.subject(session, scope, organisation_id)
    first, until = year_before(_today(one))
    made = []
    for carrier in subjects.carriers(session, one):
        base, _said = _drawn(session, scope, one, carrier, first, until)
        try:
            found = _fitted(base, first, until)
        except Refused:
            continue  # too few days are known: there is nothing to keep, and the page says so
        made.append(_keep(session, scope, one, carrier, found))
    session.flush()
    if made and not by_schedule:
        after = {"first": first.isoformat(), "carriers": [fit.carrier.value for fit in made]}
        audit.record(session, scope, action="fits.made", entity="organisation", entity_id=one.id,
                     organisation_id=one.id, after=after)  # fmt: skip
    return made


def _keep(session: Session, scope: Scope, one: Subject, carrier: Carrier, found: Baseline) -> UseFit:
    kept = queries.of_days(session, scope, one.id, carrier, found.first, found.until)
    if kept is None:
        kept = UseFit(id=ids.new_id(), organisation_id=one.id, carrier=carrier, first=found.first, until=found.until,
                      unit=factors.unit_of(carrier))  # fmt: skip
        session.add(kept)
    kept.document, kept.autocorrelation = intensity.document(found.fit), found.autocorrelation
    kept.left_out, kept.fitted_at = found.left_out, clock.now()
    return kept


def fits(
    session: Session, scope: Scope, *, organisation_id: UUID, cursor: str | None = None, limit: int = 50
) -> paging.Page[UseFit]:
    """Return a page of the fits kept of an organisation, the latest first; none to who does not look into it."""
    tenancy.organisation(session, scope, organisation_id)
    return queries.fits(session, scope, [organisation_id], cursor=cursor, limit=limit)
