"""What energy and demand have in common: prices by price period and block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from backend.billing.rules.tariff import terms
from backend.billing.rules.tariff.blocks import Blocks
from backend.billing.rules.tariff.components.base import Objection
from backend.billing.rules.tariff.schedule import Schedule
from backend.billing.rules.tariff.segment import Draft
from backend.billing.rules.tariff.terms import Price


def price_of(price: Price, period: str, block: int, draft: Draft) -> Decimal:
    """Return the price of a block (0 is the first) in a price period."""
    prices = price.get(period) or price[""]
    return terms.value(prices[min(block, len(prices) - 1)], draft)


def price_objections(
    price: Price,
    by: str | None,
    blocks: Blocks | None,
    schedules: Mapping[str, Schedule],
    field: str = "price",
) -> Iterator[Objection]:
    """Yield what is wrong with prices: unknown or missing periods, too few for the blocks, negative ones."""
    if by is not None and by not in schedules:
        known = ", ".join(schedules) or "none"
        yield Objection("by", by, f"no schedule '{by}'", f"those of this version are: {known}")
    else:
        yield from _period_objections(price, by, schedules[by].codes if by else ("",), field)
    for value, message in blocks.objections() if blocks else ():
        yield Objection("blocks.limits", value, message)
    steps = len(blocks.limits) + 1 if blocks else 1
    for period, prices in price.items():
        where = f"{field}.{period}" if period else field
        if len(prices) not in (1, steps):
            yield Objection(where, len(prices), f"{len(prices)} prices for {steps} blocks")
        for each in prices:
            if isinstance(each, Decimal) and each < 0:
                yield Objection(
                    where,
                    str(each),
                    f"a price of {each} is negative",
                    "say `pays: true` where feeding in earns",
                )


def _period_objections(price: Price, by: str | None, codes: Sequence[str], field: str) -> Iterator[Objection]:
    if "" in price:
        return
    for period in price:
        if period not in codes:
            known = ", ".join(codes) if by else "none, since it goes by no schedule"
            yield Objection(
                f"price.{period}", period, f"unknown period '{period}'", f"those known are: {known}"
            )
    for code in codes:
        if code not in price:
            yield Objection(field, code or None, f"no price for period '{code}'")
