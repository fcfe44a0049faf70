"""What was used against another period: totals, what made the difference, and bucket by bucket."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from backend.analysis.rules import measures
from backend.analysis.rules.asking import Ask, By, ViewName
from backend.analysis.rules.comparing import Row
from backend.analysis.service.consumption import Consumption, Group, consumption
from backend.analysis.service.telling import REST
from backend.kernel.scope import Scope
from reports import figures
from reports.analysis.content import COLUMNS, LINE, Chart, Report
from reports.analysis.registry import view
from reports.analysis.words import BY, CATEGORIES, Say, amount, facts, quality, ratio
from reports.tabular import NUMBER, PERCENT, Column, Document, Table
from reports.tabular.content import Cell

MOST_NAMED = 8
"""So many meters that disagree are named."""


@view(ViewName.CONSUMPTION, "Consumption", "用能分析")
def content(session: Session, scope: Scope, ask: Ask, locale: str) -> Report:
    """Make the view."""
    return told(consumption(session, scope, ask=ask), locale)


def told(found: Consumption, locale: str) -> Report:
    """Put consumption into words, tables and charts."""
    say = Say(locale, found.zone)
    is_told_apart = found.ask.by is not By.CARRIER
    tables, charts = [], []
    if is_told_apart:
        tables.append(_breakdown(say, found))
    tables.append(_totals(say, found))
    for group in found.groups:
        if any(now is not None or before is not None for _, now, before in group.series):
            charts.append(_chart(say, group, len(tables)))
        tables.append(_series(say, group, found))
    if any(group.weather for group in found.groups):
        tables.append(_weather(say, found))
    about = facts(say, found.ask, found.stretches, found.zone)
    if is_told_apart:
        about.append((say("told_by"), say.of(BY, found.ask.by)))
    if found.steps:
        about.append((say("place"), " › ".join(say.named(one) for one in found.steps)))
    document = Document(
        say.locale, say("consumption"), say.named(found.node), about, tables,
        notes=[*quality(say, found.stretches), *_notes(say, found)],
    )  # fmt: skip
    return Report("consumption", document, charts, leading=2 if is_told_apart else 1)


def label(say: Say, found: Consumption, key: object, group: Group) -> str:
    """Return what a row is called."""
    if key == REST:
        return say("here") if found.ask.by is By.ORGANISATION else say("rest")
    if found.ask.by is By.CATEGORY:
        return say.of(CATEGORIES, key)
    return say.named(group.labels[key])


def rows_of(group: Group) -> list[tuple[object, Row]]:
    """Return the rows of a group, the largest first, what is not told apart last."""
    return sorted(
        group.explained.rows.items(), key=lambda one: (one[0] == REST, -(one[1].now or 0), str(one[0]))
    )


def _totals(say: Say, found: Consumption) -> Table:
    columns = [
        Column("carrier", say("carrier")), Column("unit", say("unit")), Column("now", say("now"), NUMBER),
        Column("before", say("before"), NUMBER), Column("change", say("change"), NUMBER),
        Column("change_share", say("percent"), PERCENT), Column("gj", say("gj"), NUMBER),
        Column("estimated", say("estimated"), PERCENT), Column("covered", say("covered"), PERCENT),
    ]  # fmt: skip
    rows = []
    for group in found.groups:
        total = group.explained.total
        energy = None if total.now is None else measures.energy_j(total.now, group.carrier, group.dimension)
        rows.append([
            say.carrier(group.carrier), say.unit(group.unit), *_figures(say, total, group.unit),
            amount(energy, "GJ"), ratio(total.estimated, total.now), ratio(*_covered(group)),
        ])  # fmt: skip
    return Table(say("totals"), columns, rows, empty=say("empty"))


def _covered(group: Group) -> tuple[float, int]:
    return group.explained.share, 1


def _figures(say: Say, row: Row, unit: str) -> list[Cell]:
    """Return this period, the other, the change like with like and its share."""
    now, before = amount(row.now, unit), amount(row.before, unit)
    moved = amount(row.moved, unit) if row.is_compared else None
    like = None if row.now is None else row.now - row.moved
    share = ratio(row.moved, like if like and like > 0 else row.before) if row.is_compared else None
    return [say("no_data") if now is None else now, before, moved, share]


def _breakdown(say: Say, found: Consumption) -> Table:
    columns = [
        Column("carrier", say("carrier")), Column("what", say("row"), is_wide=True), Column("unit", say("unit")),
        Column("now", say("now"), NUMBER), Column("share", say("share"), PERCENT),
        Column("before", say("before"), NUMBER), Column("change", say("change"), NUMBER),
        Column("change_share", say("percent"), PERCENT), Column("estimated", say("estimated"), PERCENT),
    ]  # fmt: skip
    rows: list[list[Cell]] = []
    sums: list[list[Cell]] = []
    for group in found.groups:
        carrier, unit, total = say.carrier(group.carrier), say.unit(group.unit), group.explained.total
        for key, row in rows_of(group):
            now, *rest = _figures(say, row, group.unit)
            rows.append([
                carrier, label(say, found, key, group), unit, now, ratio(row.now, total.now), *rest,
                ratio(row.estimated, row.now),
            ])  # fmt: skip
        if group.explained.unlike:
            rows.append([carrier, say("unlike"), unit, None, None, None, amount(group.explained.unlike, group.unit),
                         None, None])  # fmt: skip
        sums.append([carrier, say("total"), unit, amount(total.now, group.unit), None,
                     amount(total.before, group.unit), _difference(group), None,
                     ratio(total.estimated, total.now)])  # fmt: skip
    heading = say("what_made") if found.stretches.before else say("use")
    return Table(heading, columns, rows, sums, say("empty"))


def _difference(group: Group) -> Decimal | None:
    total = group.explained.total
    return amount(total.now - total.before, group.unit) if None not in (total.now, total.before) else None  # type: ignore[operator]  # both are there


def _series(say: Say, group: Group, found: Consumption) -> Table:
    unit = say.unit(group.unit)
    columns = [Column("start", say(found.grain)), Column("now", f"{say('now')} [{unit}]", NUMBER)]
    if found.stretches.before:
        columns.append(Column("before", f"{say('before')} [{unit}]", NUMBER))
    rows = [
        [bucket(say, at, found.grain), amount(now, group.unit), amount(before, group.unit)][: len(columns)]
        for at, now, before in group.series
    ]
    return Table(say.carrier(group.carrier), columns, rows, empty=say("empty"))


def _chart(say: Say, group: Group, table: int) -> Chart:
    is_compared = any(before is not None for _, _, before in group.series)
    columns: Sequence[int] = (1, 2) if is_compared else (1,)
    carrier = group.carrier.value
    kind = LINE if len(group.series) > 62 else COLUMNS
    return Chart(kind, say.carrier(carrier), say.unit(group.unit), table, 0, columns,
                 frozenset({2}), (carrier, carrier))  # fmt: skip


def bucket(say: Say, at: datetime, grain: str) -> str:
    """Return the name of an hour, a day or a month."""
    local = at.astimezone(say.zone)
    if grain == "hour":
        return f"{local:%m-%d %H:%M}"
    if grain == "day":
        return figures.day_of_year(local.date(), say.locale)
    return f"{local.year}年{local.month}月" if say.at else f"{local:%b %Y}"


def _weather(say: Say, found: Consumption) -> Table:
    now, before = say("now"), say("before")
    columns = [
        Column("carrier", say("carrier")), Column("hdd", f"{say('heating')}: {now}", NUMBER),
        Column("hdd_before", f"{say('heating')}: {before}", NUMBER), Column("cdd", f"{say('cooling')}: {now}", NUMBER),
        Column("cdd_before", f"{say('cooling')}: {before}", NUMBER), Column("by_weather", say("by_weather"), NUMBER),
        Column("other", say("other"), NUMBER), Column("unit", say("unit")), Column("fit", say("fit"), NUMBER),
    ]  # fmt: skip
    rows: list[list[Cell]] = []
    for group in (one for one in found.groups if one.weather):
        weather = group.weather
        assert weather is not None, "those with weather"
        total = group.explained.total
        part = None if weather.by_weather is None else round(weather.by_weather)
        other = None if part is None else amount((total.now or 0) - (total.before or 0) - part, group.unit)
        rows.append([
            say.carrier(group.carrier), *(round(Decimal(one), 1) for one in (*weather.heating, *weather.cooling)),
            say("not_told") if part is None else amount(part, group.unit), other, say.unit(group.unit),
            round(Decimal(weather.fit), 2),
        ])  # fmt: skip
    return Table(say("weather"), columns, rows)


def _notes(say: Say, found: Consumption) -> list[str]:
    notes = []
    for group in found.groups:
        told = group.explained
        if told.silent:
            notes.append(say.either(
                "{carrier}: {count} meters have no data in this period; they are not counted as zero.",
                "{carrier}：本期有 {count} 个计量点无数据，未按零计入。",
                carrier=say.carrier(group.carrier), count=told.silent))  # fmt: skip
        for key, more in list(told.disagree.items())[:MOST_NAMED]:
            notes.append(
                say.either(
                    "Meters disagree: those behind {name} count {more} {unit} more than it does.",
                    "计量不符：{name}的下级计量之和比其本身多 {more} {unit}。",
                    name=say.named(found.meters[key]),
                    more=f"{amount(more, group.unit):,.1f}",
                    unit=say.unit(group.unit),
                )
            )
        if told.folded:
            notes.append(say.either(
                "{carrier}: {count} sub-meters were not read throughout both periods; what they counted stays with the "
                "meter above them. Compared with nothing, they are told apart.",
                "{carrier}：{count} 个下级计量点未在两期全程读数，其用量计入上级；不对比时可单独列出。",
                carrier=say.carrier(group.carrier), count=told.folded))  # fmt: skip
    if any(group.weather for group in found.groups):
        notes.append(say.either(
            "Weather: a line through the other period's days on degree days (HDD below 18 °C, CDD above 26 °C) "
            "says what the weather changes; where it fits poorly, nothing is said.",
            "天气影响：用对比期逐日用量对度日数（采暖 18 °C，空调 26 °C）回归得出；拟合较差时不作判断。"))  # fmt: skip
    if any(group.carrier.value == "gas" for group in found.groups):
        notes.append(say.either(
            "Gas in GJ by its lower heating value, {value} kJ/m³ (GB/T 2589).",
            "燃气按低位发热量 {value} kJ/m³（GB/T 2589）折算。", value=f"{measures.GAS_J_PER_L:,}"))  # fmt: skip
    return notes
