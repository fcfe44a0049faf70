"""How well plant and networks ran, as a document."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.analysis.rules.asking import Ask, ViewName
from backend.analysis.service import efficiency as service
from backend.analysis.service.efficiency import Efficiency, Plant
from backend.kernel.scope import Scope
from reports.analysis.content import COLUMNS, Chart, Report
from reports.analysis.registry import view
from reports.analysis.saying import called, carrier_name, over, plain, say, shortly, unit_name
from reports.tabular import COUNT, NUMBER, PERCENT, TEXT, Column, Document, Table


@view(ViewName.EFFICIENCY, "Efficiency", "能效分析")
def efficiency(session: Session, scope: Scope, ask: Ask, locale: str) -> Report:
    """Return efficiency as a report."""
    found = service.efficiency_of(
        session, scope, organisation_id=ask.organisation_id, first=ask.first, until=ask.until
    )
    return of(found, locale)


def of(found: Efficiency, locale: str) -> Report:
    """Return what was found as a report."""
    tables = [_plants(found, locale), _networks(found, locale), _specifics(found, locale)]
    charts = []
    for plant in (one for one in found.plants if any(band.value for band in one.bands)):
        charts.append(_curve(plant, len(tables), locale))
        tables.append(_bands(plant, locale))
    document = Document(
        locale, say("efficiency", locale), called(found.subject, locale),
        [(say("days", locale), over(found.first, found.until, locale))], tables,
    )  # fmt: skip
    return Report("efficiency", document, charts)


def _plants(found: Efficiency, locale: str) -> Table:
    columns = [
        Column("plant", say("plant", locale), TEXT, is_wide=True), Column("kind", say("make", locale)),
        Column("in_kwh", say("in", locale), NUMBER), Column("out_kwh", say("out", locale), NUMBER),
        Column("ratio", say("ratio", locale), NUMBER), Column("full_kw", say("full", locale), NUMBER),
    ]  # fmt: skip
    rows = [
        [called(one.position, locale), say(one.make.value, locale), plain(one.ratio.in_kwh, 0),
         plain(one.ratio.out_kwh, 0), plain(one.ratio.value), plain(one.full_kw or None, 0)]
        for one in found.plants
    ]  # fmt: skip
    return Table(say("plants", locale), columns, rows, empty=say("none", locale))


def _networks(found: Efficiency, locale: str) -> Table:
    columns = [
        Column("carrier", say("carrier", locale), TEXT, is_wide=True), Column("fed", say("fed", locale), NUMBER),
        Column("taken", say("taken", locale), NUMBER), Column("unit", say("unit", locale)),
        Column("arrived", say("arrived", locale), PERCENT),
    ]  # fmt: skip
    rows = [
        [carrier_name(one.carrier, locale), plain(one.fed, 0), plain(one.taken, 0), unit_name(one.unit),
         plain(one.share, 4)]
        for one in found.networks
    ]  # fmt: skip
    return Table(say("networks", locale), columns, rows, empty=say("none", locale))


def _specifics(found: Efficiency, locale: str) -> Table:
    columns = [
        Column("carrier", say("carrier", locale), TEXT, is_wide=True), Column("basis", say("basis", locale)),
        Column("amount", say("amount", locale), NUMBER), Column("size", say("size", locale), NUMBER),
        Column("value", say("value", locale), NUMBER), Column("unit", say("unit", locale)),
    ]  # fmt: skip
    rows = [
        [carrier_name(one.carrier, locale), one.product or say(one.basis, locale), plain(one.amount, 0),
         plain(one.size, 0), shortly(one.value), unit_name(one.unit, one.product or one.basis, locale)]
        for one in found.specifics
    ]  # fmt: skip
    return Table(say("specifics", locale), columns, rows, empty=say("none", locale))


def _bands(plant: Plant, locale: str) -> Table:
    columns = [
        Column("load", say("load", locale)), Column("hours", say("hours", locale), COUNT),
        Column("ratio", say("ratio", locale), NUMBER),
    ]  # fmt: skip
    rows = [
        [f"{band.low:.0%}–{band.high:.0%}".replace("%–", "–"), band.hours, plain(band.value)]
        for band in plant.bands
    ]
    return Table(f"{say('bands', locale)}: {called(plant.position, locale)}", columns, rows)


def _curve(plant: Plant, table: int, locale: str) -> Chart:
    heading = f"{say('bands', locale)}: {called(plant.position, locale)}"
    shade = plant.outputs[0].carrier.value if plant.outputs else ""
    return Chart(COLUMNS, heading, "COP" if plant.is_cop else "kWh/kWh", table, 0, (2,), shades=(shade,))
