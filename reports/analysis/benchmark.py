"""Who used how much per area, head and product, in order, as a document for those who run the meters."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from sqlalchemy.orm import Session

from backend.analysis.rules.asking import Ask, ViewName
from backend.analysis.service import benchmark as service
from backend.analysis.service import subject as subjects
from backend.analysis.service.benchmark import Ranked
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy
from reports.analysis.content import COLUMNS, Chart, Report
from reports.analysis.registry import view
from reports.analysis.saying import called, carrier_name, over, plain, say, shortly
from reports.tabular import COUNT, NUMBER, PERCENT, TEXT, Column, Document, Table


@view(ViewName.BENCHMARK, "Benchmark", "对标排名")
def benchmark(session: Session, scope: Scope, ask: Ask, locale: str) -> Report:
    """Return the ranking as a report, a table a carrier and basis."""
    ranked = service.ranking(
        session, scope, organisation_id=ask.organisation_id, first=ask.first, until=ask.until
    )
    one = subjects.subject(session, scope, ask.organisation_id)
    names = {
        key: called(found, locale)
        for key, found in tenancy.organisations_by_id(
            session, scope, {row.place.organisation_id for row in ranked}
        ).items()
    }
    groups: dict[tuple[str, str, str], list[Ranked]] = defaultdict(list)
    for row in ranked:
        if ask.carrier in (None, row.place.carrier):
            groups[row.place.carrier.value, row.place.basis.value, row.place.product].append(row)
    tables = [_table(some, names, locale) for some in groups.values()]
    charts = [
        Chart(COLUMNS, table.heading, some[0].place.unit, at, 1, (2,), shades=(some[0].place.carrier.value,))
        for at, (table, some) in enumerate(zip(tables, groups.values(), strict=True))
    ]
    notes = [say("weathered", locale)] if any(row.place.weather for row in ranked) else []
    document = Document(
        locale, say("benchmark", locale), called(one, locale),
        [(say("days", locale), over(ask.first, ask.until, locale))],
        tables or [_table([], names, locale)], (), notes,
    )  # fmt: skip
    return Report("benchmark", document, charts)


def _table(some: list[Ranked], names: dict[UUID, str], locale: str) -> Table:
    columns = [
        Column("rank", say("rank", locale), COUNT), Column("whose", say("whose", locale), TEXT, is_wide=True),
        Column("value", say("value", locale), NUMBER), Column("percentile", say("percentile", locale), NUMBER),
        Column("quota", say("quota", locale), NUMBER), Column("against_quota", say("against", locale), PERCENT),
    ]  # fmt: skip
    rows = [
        [row.rank.rank, names.get(row.place.organisation_id, ""), shortly(row.place.value),
         plain(row.rank.percentile, 0), shortly(row.place.quota),
         plain(row.place.value / row.place.quota, 4) if row.place.quota else None]
        for row in sorted(some, key=lambda one: one.rank.rank)
    ]  # fmt: skip
    return Table(_heading(some, locale), columns, rows, empty=say("no_places", locale))


def _heading(some: list[Ranked], locale: str) -> str:
    if not some:
        return say("ranking", locale)
    place = some[0].place
    per = place.product or say(place.basis.value, locale)
    return f"{carrier_name(place.carrier, locale)} [{place.unit} / {per}]"
