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
from reports.analysis.saying import CARRIERS, called, carrier_name, over, plain, say, shortly, unit_name
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
    known = [
        some for _key, some in sorted(groups.items(), key=_in_order) if len(some) > 1
    ]  # one alone has no rank
    tables = [_table(some, names, locale) for some in known]
    charts = [
        Chart(COLUMNS, table.heading, _unit(some, locale), at, 1, (2,), shades=(some[0].place.carrier.value,))
        for at, (table, some) in enumerate(zip(tables, known, strict=True))
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
    return f"{carrier_name(place.carrier, locale)} [{_unit(some, locale)}]"


def _unit(some: list[Ranked], locale: str) -> str:
    place = some[0].place
    return unit_name(place.unit, place.product or place.basis.value, locale)


def _in_order(group: tuple[tuple[str, str, str], list[Ranked]]) -> tuple[int, list[str]]:
    """Return where a ranking stands: carriers as everywhere, then by floor area, heads, products."""
    carrier, *rest = group[0]
    return [one.value for one in CARRIERS].index(carrier), rest
