"""Numbers and prices as a tariff writes them: a figure, or the name of a fact of the contract."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from backend.billing.rules.tariff.document import DECIMAL, Findings, Form, Wrong, many, wrong

Term = Decimal | str
"""A number, or a name: of a fact (`contracted_kw`), or of an energy or demand component that comes before."""
Price = Mapping[str, tuple[Term, ...]]
"""Price period -> price of each block [currency per unit]; "" stands for any period."""


def _term(value: Any, path: str, findings: Findings) -> Term:
    if isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_]*", value):
        return value
    number: Decimal = DECIMAL.read(value, path, findings)
    return number


TERM = Form(_term, lambda term: term if isinstance(term, str) else DECIMAL.write(term))
TERMS = many(TERM)
FACTORS = Form(TERMS.read, lambda terms: _lone(TERMS.write(terms)))
"""Terms that are multiplied; one may stand for itself."""


def _price(value: Any, path: str, findings: Findings) -> Price:
    if not isinstance(value, Mapping):
        return {"": TERMS.read(value, path, findings)}
    read: dict[str, tuple[Term, ...]] = {}
    failed = not value
    if failed:
        wrong(findings, path, None, "no price is given")
    for period, given in value.items():
        try:
            read[str(period)] = TERMS.read(given, f"{path}.{period}", findings)
        except Wrong:
            failed = True
    if failed:
        raise Wrong
    return read


def _write_price(price: Price) -> Any:
    written = {period: _lone(TERMS.write(terms)) for period, terms in price.items()}
    return written.get("", written)


def _lone(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


PRICE = Form(_price, _write_price)


class Known(Protocol):
    """Where names are looked up: the facts of a contract, or a bill as it is drawn up."""

    def __getitem__(self, name: str, /) -> Decimal: ...


def value(term: Term, facts: Known) -> Decimal:
    """Return the number a term stands for; raises Refused where the contract does not say."""
    return facts[term] if isinstance(term, str) else term


def product(terms: Iterable[Term], facts: Known) -> Decimal:
    """Return the product of terms; of none it is 1."""
    result = Decimal(1)
    for term in terms:
        result *= value(term, facts)
    return result


def names(terms: Iterable[Term]) -> set[str]:
    """Return the facts that terms ask for."""
    return {term for term in terms if isinstance(term, str)}
