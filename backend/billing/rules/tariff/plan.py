"""Rating: a tariff made ready for a billing period once, then applied to any number of customers.

A period is cut where a version of the tariff begins (and where yearly blocks begin anew). In each segment
components are counted on arrays of all customers at once, then priced customer by customer in the
tariff's order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from backend.billing.rules.tariff.components import Charge, Component, Rater
from backend.billing.rules.tariff.grid import Grid, Part, Span, grid
from backend.billing.rules.tariff.lines import Line, Rating
from backend.billing.rules.tariff.segment import Draft, Segment
from backend.billing.rules.tariff.series import Facts, Series
from backend.billing.rules.tariff.tariff import Roundings, Tariff, Version, kind_of
from backend.kernel.errors import Refused
from backend.kernel.money import Money, coin, fit


@dataclass(frozen=True)
class _Ready:
    """A component ready for a segment."""

    component: Component
    kind: str
    rater: Rater
    span: Span


@dataclass(frozen=True)
class _Stretch:
    """A segment with its components ready, in the tariff's order."""

    version: Version
    part: Part
    ready: tuple[_Ready, ...]


@dataclass(frozen=True)
class Plan:
    """A tariff made ready for a billing period and interval length; it may be kept and used again."""

    tariff: Tariff
    grid: Grid
    stretches: tuple[_Stretch, ...]

    def rate(self, series: Series, facts: Facts | None = None) -> Rating:
        """Rate one customer."""
        return self.rate_many(series, [facts or Facts()])[0]

    def rate_many(self, series: Series, facts: Sequence[Facts]) -> list[Rating]:
        """Rate many customers: one row of each register of `series`, and one of `facts`, for each."""
        if series.registers and series.customers != len(facts):
            raise Refused(f"intervals of {series.customers} customers, facts of {len(facts)}", field="facts")
        counted = [[list(one.rater.measure(series)) for one in stretch.ready] for stretch in self.stretches]
        if not series.registers:
            counted = [[rows * len(facts) for rows in stretch] for stretch in counted]
        return [
            self._rate([[rows[row] for rows in stretch] for stretch in counted], given)
            for row, given in enumerate(facts)
        ]

    def _rate(self, counted: list[list[Any]], facts: Facts) -> Rating:
        state, lines = dict(facts.opening), []
        for stretch, found in zip(self.stretches, counted, strict=True):
            draft = Draft(facts, stretch.part.months(facts.months), stretch.part.days, state)
            for ready, rows in zip(stretch.ready, found, strict=True):
                if ready.component.when and not ready.component.when.holds(draft):
                    continue
                charges = ready.rater.charges(rows, draft)
                amounts = self._rounded(charges, stretch.version.rounding)
                draft.amounts[ready.component.code] = sum(amounts, Decimal(0))
                lines += [
                    self._line(*each, ready, stretch.version) for each in zip(charges, amounts, strict=True)
                ]
        return self._total(lines, state)

    def _rounded(self, charges: list[Charge], rounding: Roundings) -> list[Decimal]:
        exact = [charge.exact for charge in charges]
        if rounding.component is not None:
            return fit(exact, rounding.component)
        if rounding.line is None and rounding.total is not None:
            return exact
        each = rounding.line or coin(self.tariff.currency)
        return [each(amount) for amount in exact]

    def _line(self, charge: Charge, amount: Decimal, ready: _Ready, version: Version) -> Line:
        return Line(
            component=ready.component.code,
            kind=ready.kind,
            name=ready.component.name,
            quantity=charge.quantity,
            unit=charge.unit or self.tariff.currency,
            price=charge.price,
            amount=Money(amount, self.tariff.currency),
            start=ready.span.start,
            end=ready.span.end,
            version=version.from_,
            period=charge.period,
            period_name=charge.period_name,
            block=charge.block,
            register=ready.component.register,
            intervals=charge.intervals,
            note=charge.note,
            is_included=ready.component.is_included,
        )

    def _total(self, lines: list[Line], state: dict[str, Decimal]) -> Rating:
        """Add up, and round the total where the last version of the period says so."""
        currency, rounding = self.tariff.currency, self.stretches[-1].version.rounding
        for index, line in enumerate(lines):
            if line.is_included:
                lines[index] = replace(line, amount=line.amount.rounded())
        counting = [index for index, line in enumerate(lines) if not line.is_included]
        amounts = [lines[index].amount.amount for index in counting]
        if rounding.total is not None and rounding.line is None and rounding.component is None:
            amounts = fit(amounts, rounding.total)
            for index, amount in zip(counting, amounts, strict=True):
                lines[index] = replace(lines[index], amount=Money(amount, currency))
        elif rounding.total is not None:
            exact = sum(amounts, Decimal(0))
            if off := rounding.total(exact) - exact:
                lines.append(_rounding_line(Money(off, currency), self.grid.span, self.stretches[-1].version))
                amounts.append(off)
        return Rating(
            self.tariff.code, self.grid.span, tuple(lines), Money(sum(amounts, Decimal(0)), currency), state
        )


def _rounding_line(off: Money, span: Span, version: Version) -> Line:
    return Line(
        component="rounding",
        kind="rounding",
        name={"en": "Rounding", "zh": "尾数调整"},
        quantity=Decimal(1),
        unit=off.currency,
        price=off.amount,
        amount=off,
        start=span.start,
        end=span.end,
        version=version.from_,
    )


def compile(tariff: Tariff, span: Span, length_us: int) -> Plan:
    """Make a tariff ready for the local dates of `span` and intervals of `length_us` [µs].

    Raises Refused where the tariff has no prices for a date, or intervals do not fit it.
    """
    whole = grid(span, tariff.zone, length_us)
    cuts = [version.from_ for version in tariff.versions]
    cuts += [on for v in tariff.versions for each in v.components for on in each.cuts(span.start, span.end)]
    return Plan(tariff, whole, tuple(_stretch(tariff, each, whole) for each in span.cut(cuts)))


def _stretch(tariff: Tariff, span: Span, whole: Grid) -> _Stretch:
    version = tariff.version_on(span.start)
    if version.until is not None and version.until < span.end:
        tariff.version_on(version.until)  # says that there are no prices
    segment = Segment(span, version.from_, whole, version.schedules or {}, version.holidays())
    charged = [each for each in version.components if each.part(segment).days]
    return _Stretch(
        version,
        segment.part((), ()),
        tuple(
            _Ready(each, kind_of(each), each.prepare(segment), each.part(segment).span) for each in charged
        ),
    )


def rate(tariff: Tariff, span: Span, series: Series, facts: Facts | None = None) -> Rating:
    """Rate one customer once; for many, or many times, keep a `Plan`."""
    return compile(tariff, span, series.length_us).rate(series, facts)
