"""Tariffs: what is charged for what was used. Pure rules over arrays and exact numbers.

How a bill run uses them:

    tariff = read(yaml_text)        # or parse(document); Refused with all findings: context["findings"]
    plan = compile(tariff, Span(start, end), length_us)          # once per tariff, period and interval length
    ratings = plan.rate_many(Series(start_us, length_us, registers), facts)     # many customers at once
    rating = plan.rate(Series(...), Facts(values, months, opening))             # or one

`Span` is local dates [start, end). `Series.registers` maps `import`, `export`, `reactive`, … to int64 quanta, shaped
(intervals,) or (customers, intervals); it must cover the whole period (`plan.grid.starts`, `len(plan.grid)`) and may
reach beyond it. `Facts.values` holds what `tariff.needs()` names (contracted_kw, area_m2, …), `Facts.months` how many
billing months the period is (None: counted by calendar days), `Facts.opening` the `Rating.closing` of the contract's
bill before. A `Rating` has `lines` (see `Line`), `total` (Money, the sum of the lines that are not `is_included`) and
`closing` (names and exact numbers, to be kept with the bill). The same input always gives the same rating, so a bill
is re-rated by handing in the intervals of now with the opening of then.

`marginal` tells what one more unit costs at each interval, for who decides when to draw.
`write(tariff)` and `dump(tariff)` give the text and the document back. `compare` tells what periods would have cost
under several tariffs.
"""

from backend.billing.rules.tariff.compare import Comparison, Cost, compare
from backend.billing.rules.tariff.daily import Daily, daily
from backend.billing.rules.tariff.grid import Grid, Span
from backend.billing.rules.tariff.lines import Line, Rating
from backend.billing.rules.tariff.marginal import Marginal, Peak, marginal
from backend.billing.rules.tariff.plan import Plan, compile, rate
from backend.billing.rules.tariff.series import Facts, Series
from backend.billing.rules.tariff.tariff import Tariff, Version, dump, parse
from backend.billing.rules.tariff.text import read, write

__all__ = [
    "Comparison",
    "Cost",
    "Daily",
    "Facts",
    "Grid",
    "Line",
    "Marginal",
    "Peak",
    "Plan",
    "Rating",
    "Series",
    "Span",
    "Tariff",
    "Version",
    "compare",
    "compile",
    "daily",
    "dump",
    "marginal",
    "parse",
    "rate",
    "read",
    "write",
]
