"""What the address of a page of analysis asks: as on every page, and what is told apart, where, against which days.

`?at=…&span=month&on=2026-10-01&compare=year&by=category&under=…&vs=2025-05-01&vs_until=2025-05-05`
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import g, request
from flask_babel import gettext as _

from backend.analysis.rules.asking import Ask, By, Compare
from backend.kernel import periods
from backend.kernel.errors import Refused
from backend.kernel.ids import parse, show
from portal import language, words
from portal.address import View, view_of_request

OWN = frozenset(
    {
        "at",
        "carrier",
        "span",
        "on",
        "until",
        "compare",
        "by",
        "under",
        "meter",
        "vs",
        "vs_until",
        "kind",
        "chart",
    }
)
"""Arguments every page of analysis understands; what else stands in the address is for one view alone."""


@dataclass(frozen=True)
class AnalysisView(View):
    """A way of looking, with what analysis adds. vs, vs_until: first and last of the days chosen to compare with"""

    by: By
    under: UUID | None
    meter: UUID | None
    vs: date | None
    vs_until: date | None
    more: tuple[tuple[str, str], ...]

    def query(self, **changes: Any) -> dict[str, str]:
        """Return the query string's parts."""
        if "compare" in changes:
            changes = {"vs": None, "vs_until": None} | changes
        other = replace(self, **changes)
        parts = super().query(**changes)
        said = {
            "span": other.span, "by": None if other.by is By.CARRIER else other.by.value,
            "under": other.under and show(other.under), "meter": other.meter and show(other.meter),
            "vs": other.vs and other.vs.isoformat(), "vs_until": other.vs_until and other.vs_until.isoformat(),
        }  # fmt: skip
        return parts | {name: str(value) for name, value in said.items() if value} | dict(other.more)

    def against_words(self, kind: str) -> str:
        """Return what a kind of comparison is called here."""
        if kind == self.compare and self.vs and self.vs_until:
            locale = language.current()
            return " – ".join(words.of_day(one, locale, year=True) for one in (self.vs, self.vs_until))
        return _("the same days last year") if kind == "year" else ""

    def ask(self, organisation_id: UUID) -> Ask:
        """Return the question about an organisation."""
        first = periods.local_date(self.period.start, self.zone)
        until = periods.local_date(self.period.end or self.period.start, self.zone)
        is_chosen = self.vs is not None and self.vs_until is not None
        return Ask(
            organisation_id, first, until, Compare.CUSTOM if is_chosen else Compare(self.compare),
            self.vs, self.vs_until + timedelta(days=1) if self.vs_until else None, self.carrier, self.by,
            self.under, self.meter, self.more,
        )  # fmt: skip


def analysis_view() -> AnalysisView:
    """Read what the address asks; a month where it names no period."""
    args, plain = request.args, view_of_request(g.zone)
    if "span" not in args:
        plain = replace(plain, span="month", until=None)
    by = args.get("by") or By.CARRIER.value
    if by not in {one.value for one in By}:
        raise Refused(f"'{by}' is not known", field="by", value=by[:40], remedy="use " + ", ".join(By))
    vs, vs_until = _day("vs"), _day("vs_until")
    if vs and vs_until and vs_until < vs:
        vs, vs_until = vs_until, vs
    return AnalysisView(
        **{field.name: getattr(plain, field.name) for field in fields(View)}, by=By(by),
        under=parse(args["under"]) if args.get("under") else None,
        meter=parse(args["meter"]) if args.get("meter") else None, vs=vs, vs_until=vs_until or vs,
        more=tuple(sorted((name, value[:100]) for name, value in args.items() if name not in OWN)),
    )  # fmt: skip


def _day(name: str) -> date | None:
    said = request.args.get(name)
    if not said:
        return None
    try:
        on = date.fromisoformat(said)
    except ValueError:
        raise Refused(
            f"'{said[:20]}' is not a day", field=name, value=said[:20], remedy="use 2026-11-22"
        ) from None
    if not 1990 <= on.year <= 2100:
        raise Refused(
            f"{on.year} is out of range", field=name, value=said, remedy="use a year from 1990 to 2100"
        )
    return on
