"""What supply cost and earned, standard coal, CO2 and what measures return, as a document."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from backend.analysis.rules import factors
from backend.analysis.rules.asking import Ask, ViewName
from backend.analysis.service import benefit as service
from backend.analysis.service.benefit import Benefit, Counted, Earned
from backend.billing.rules import numbering
from backend.kernel.scope import Scope
from reports.analysis.content import Report
from reports.analysis.registry import view
from reports.analysis.saying import called, carrier_name, over, plain, say, shortly, unit_name
from reports.tabular import AMOUNT, COUNT, DATE, NUMBER, PERCENT, TEXT, Column, Document, Table
from reports.tabular.content import Cell


@view(ViewName.BENEFIT, "Benefit", "效益分析")
def benefit(session: Session, scope: Scope, ask: Ask, locale: str) -> Report:
    """Return benefit as a report."""
    found = service.benefit_of(
        session, scope, organisation_id=ask.organisation_id, first=ask.first, until=ask.until
    )
    return of(found, locale)


def of(found: Benefit, locale: str) -> Report:
    """Return what was found as a report."""
    tables, notes = [_coal(found, locale)], list[str]()
    if found.earned is None or found.billed is None:
        notes.append(say("not_yours", locale))
    else:
        tables += [_money(found, locale), _bills(found.earned, "bills", locale),
                   _bills(found.billed, "billed", locale), _bought(found, locale)]  # fmt: skip
    tables.append(_measures(found, locale))
    document = Document(
        locale, say("benefit", locale), called(found.subject, locale),
        [(say("days", locale), over(found.first, found.until, locale))], tables, (), notes,
    )  # fmt: skip
    return Report("benefit", document)


def _money(found: Benefit, locale: str) -> Table:
    columns = [Column("currency", say("currency", locale), TEXT, is_wide=True), *(
        Column(key, say(key, locale), AMOUNT) for key in ("income", "cost", "profit"))]  # fmt: skip
    sums = found.sums().items()
    rows: list[list[Cell]] = [[currency, income, cost, income - cost] for currency, (income, cost) in sums]
    return Table(say("money", locale), columns, rows, empty=say("none", locale))


def _coal(found: Benefit, locale: str) -> Table:
    columns = [
        Column("carrier", say("carrier", locale)), Column("year", say("year", locale), TEXT),
        Column("amount", say("amount", locale), NUMBER), Column("unit", say("unit", locale)),
        Column("kind", say("kind", locale)),
        Column("factor", say("factor", locale), NUMBER), Column("value", say("value", locale), NUMBER),
        Column("source", say("source", locale), TEXT, is_wide=True),
    ]  # fmt: skip
    rows = [
        [carrier_name(one.carrier, locale), str(one.year), plain(one.amount, 0),
         unit_name(factors.unit_of(one.carrier)), say(one.kind.value, locale),
         one.used.factor.value if one.used else None, shortly(one.value / 1000 if one.value is not None else None),
         said_of(one, locale)]
        for one in found.counted
    ]  # fmt: skip
    return Table(say("coal", locale), columns, rows, empty=say("none", locale))


def said_of(one: Counted, locale: str) -> str:
    """Return where a factor is from, and whether it stands in for a later year's."""
    if one.used is None:
        return say("no_factor", locale)
    older = f" · {say('older', locale, year=one.used.factor.year)}" if one.used.is_older else ""
    return one.used.factor.source + older


def _bills(some: Sequence[Earned], heading: str, locale: str) -> Table:
    columns = [
        Column("bill", say("bill", locale)), Column("contract", say("contract", locale), TEXT, is_wide=True),
        Column("starts_on", say("starts", locale), DATE), Column("ends_on", say("ends", locale), DATE),
        Column("currency", say("currency", locale)), Column("net", say("net", locale), AMOUNT),
        Column("counted", say("counted", locale), AMOUNT),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [numbering.shown(one.year, one.serial) if one.year and one.serial else say("so_far", locale), one.contract,
         one.starts_on, one.ends_on, one.currency, one.net, one.counted]
        for one in some
    ]  # fmt: skip
    return Table(say(heading, locale), columns, rows, empty=say("none", locale))


def _bought(found: Benefit, locale: str) -> Table:
    columns = [
        Column("meter", say("meter", locale), TEXT, is_wide=True), Column("starts_on", say("starts", locale), DATE),
        Column("ends_on", say("ends", locale), DATE), Column("currency", say("currency", locale)),
        Column("net", say("net", locale), AMOUNT), Column("missing", say("missing", locale), COUNT),
    ]  # fmt: skip
    rows = [
        [called(one.point, locale), one.first, one.until, one.currency, one.net, one.missing]
        for one in found.spent or ()
    ]
    return Table(say("bought", locale), columns, rows, empty=say("none", locale))


def _measures(found: Benefit, locale: str) -> Table:
    columns = [
        Column("measure", say("measure", locale), TEXT, is_wide=True), Column("from", say("starts", locale), DATE),
        Column("currency", say("currency", locale)), Column("outlay", say("outlay", locale), AMOUNT),
        Column("yearly", say("yearly", locale), AMOUNT), Column("payback", say("payback", locale), NUMBER),
        Column("npv", say("npv", locale), AMOUNT), Column("irr", say("irr", locale), PERCENT),
    ]  # fmt: skip
    rows = [
        [one.name, one.begun_on, one.currency, one.outlay, one.yearly, plain(back.payback, 1), back.npv,
         plain(back.irr, 4)]
        for one, back in found.measures
    ]  # fmt: skip
    return Table(say("measures", locale), columns, rows, empty=say("none", locale))
