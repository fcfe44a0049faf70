"""When it is used: hours of days as a map, days, the load duration curve, base and peak."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
from sqlalchemy.orm import Session

from backend.analysis.rules.asking import Ask, ViewName
from backend.analysis.service.habits import Habits, habits
from backend.kernel.scope import Scope
from reports import figures
from reports.analysis.content import COLUMNS, HEAT, LINE, Chart, Report
from reports.analysis.registry import view
from reports.analysis.words import WEEKDAYS, Say, facts, quality
from reports.tabular import COUNT, NUMBER, PERCENT, Column, Document, Table
from reports.tabular.content import Cell

POWER = {"kWh": "kW", "m3": "m³/h", "t": "t/h"}
"""Unit of an hour's amount -> what it is told as."""

STEPS_OF_DURATION = 60
CALENDAR_DAYS = 28
"""From so many days on there is a calendar."""


@view(ViewName.HABITS, "Habits", "用能规律")
def content(session: Session, scope: Scope, ask: Ask, locale: str) -> Report:
    """Make the view."""
    return told(habits(session, scope, ask=ask), locale)


def told(found: Habits, locale: str) -> Report:
    """Put habits into words, tables and charts."""
    say = Say(locale, found.zone)
    unit = POWER.get(found.unit, f"{found.unit}/h")
    shade = found.carrier.value if found.carrier else ""
    tables = [_key(say, found, unit), _map(say, found, unit), _days(say, found), _duration(say, found, unit)]
    charts = []
    if len(found.map.days) >= CALENDAR_DAYS:
        tables.append(_calendar(say, found))
    if found.load is not None:
        charts = [
            Chart(HEAT, say("map"), unit, 1, 0, tuple(range(1, 25))),
            Chart(LINE if len(found.map.days) > 62 else COLUMNS, say("days"), say.unit(found.unit), 2, 0, (2,),
                  shades=(shade,)),
            Chart(LINE, say("duration"), unit, 3, 0, (1,), shades=(shade,)),
        ]  # fmt: skip
        if len(tables) > 4:
            charts.insert(1, Chart(HEAT, say("calendar"), say.unit(found.unit), 4, 0, tuple(range(1, 8))))
    about = facts(say, found.ask, found.stretches, found.zone)
    if found.carrier:
        about.insert(0, (say("carrier"), say.carrier(found.carrier)))
    document = Document(say.locale, say("habits"), say.named(found.node), about, tables,
                        notes=[*quality(say, found.stretches), *_notes(say, found)], is_landscape=True)  # fmt: skip
    return Report("habits", document, charts, leading=1, listed=1)


def _map(say: Say, found: Habits, unit: str) -> Table:
    columns = [
        Column("day", say("day")),
        *(Column(f"h{hour:02}", f"{hour:02}:00", NUMBER) for hour in range(24)),
    ]
    rows: list[list[Cell]] = [
        [figures.day_of_year(on, say.locale), *(_cell(found.map.amount[hour, at]) for hour in range(24))]
        for at, on in enumerate(found.map.days)
    ]
    return Table(f"{say('map')} [{unit}]", columns, rows if found.load else [], empty=say("empty"))


def _key(say: Say, found: Habits, unit: str) -> Table:
    columns = [Column("figure", say("figure"), is_wide=True), Column("value", say("value"), NUMBER),
               Column("unit", say("unit")), Column("when", say("when"))]  # fmt: skip
    load = found.load
    rows: list[list[Cell]] = []
    if load is not None:
        rows = [
            [say("peak"), _number(load.peak), unit, _when(say, load.peak_at)],
            [say("base"), _number(load.base), unit, ""], [say("low"), _number(load.low), unit, _when(say, load.low_at)],
            [say("mean"), _number(load.mean), unit, ""],
            [say("factor"), None if load.factor is None else round(Decimal(load.factor), 3), "", ""],
        ]  # fmt: skip
    return Table(say("key"), columns, rows, empty=say("empty"))


def _days(say: Say, found: Habits) -> Table:
    columns = [
        Column("day", say("day")), Column("weekday", say("weekday")),
        Column("amount", f"{say('amount')} [{say.unit(found.unit)}]", NUMBER),
        Column("covered", say("covered"), PERCENT),
    ]  # fmt: skip
    amount, share = found.days
    rows: list[list[Cell]] = [
        [
            figures.day_of_year(on, say.locale),
            WEEKDAYS[say.at][on.weekday()],
            _cell(amount[at]),
            round(Decimal(float(share[at])), 4),
        ]
        for at, on in enumerate(found.map.days)
    ]
    return Table(say("days"), columns, rows if found.load else [], empty=say("empty"))


def _calendar(say: Say, found: Habits) -> Table:
    """Return weeks with their days: what a calendar on the wall shows."""
    columns = [Column("week", say("week")), *(
        Column(f"day{number + 1}", name, NUMBER) for number, name in enumerate(WEEKDAYS[say.at]))]  # fmt: skip
    weeks: dict[date, list[Cell]] = {}
    for at, on in enumerate(found.map.days):
        monday = on - timedelta(days=on.weekday())
        weeks.setdefault(monday, [figures.day_of_year(monday, say.locale), *[None] * 7])[on.weekday() + 1] = (
            _cell(found.days[0][at])
        )
    return Table(say("calendar"), columns, list(weeks.values()) if found.load else [], empty=say("empty"))


def _duration(say: Say, found: Habits, unit: str) -> Table:
    columns = [Column("hours", say("hours_above"), COUNT), Column("load", f"{say('load')} [{unit}]", NUMBER)]
    if found.load is None:
        return Table(say("duration"), columns, [], empty=say("empty"))
    load = found.load.duration
    places = np.unique(np.linspace(0, len(load) - 1, min(len(load), STEPS_OF_DURATION)).round().astype(int))
    rows: list[list[Cell]] = [[int(at) + 1, _number(load[at])] for at in places.tolist()]
    return Table(say("duration"), columns, rows)


def _notes(say: Say, found: Habits) -> list[str]:
    notes = []
    load = found.load
    if found.silent:
        notes.append(say.either("{count} meters have no data in this period; they are not counted as zero.",
                                "本期有 {count} 个计量点无数据，未按零计入。", count=found.silent))  # fmt: skip
    if load is not None and load.whole < load.hours:
        notes.append(say.either(
            "Base, peak and the duration curve rest on {whole:,} of {hours:,} hours; in the others meters are missing.",
            "基荷、峰值与持续曲线依据 {hours:,} 小时中的 {whole:,} 小时，其余小时数据不全。",
            whole=load.whole, hours=load.hours))  # fmt: skip
    if found.estimated >= 0.0005:
        notes.append(say.either("{share:.1%} of the amount is estimated.", "其中 {share:.1%} 为估算值。",
                                share=found.estimated))  # fmt: skip
    if bool(found.map.skipped.any()):
        notes.append(say.either("On the day clocks go forward one hour does not happen; it is left empty.",
                                "夏令时开始当天缺一小时，留空显示。"))  # fmt: skip
    return notes


def _cell(value: float) -> Decimal | None:
    return None if np.isnan(value) else _number(value)


def _number(value: float) -> Decimal:
    return round(Decimal(float(value)), 3)


def _when(say: Say, at: datetime) -> str:
    return say.instant(at)
