"""A share of what other components came to: taxes, surcharges, discounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from backend.billing.rules.tariff import terms
from backend.billing.rules.tariff.components.base import Charge, Component, Objection, Rater
from backend.billing.rules.tariff.document import FLAG, TEXT, many, said
from backend.billing.rules.tariff.schedule import Schedule
from backend.billing.rules.tariff.segment import Draft, Segment
from backend.billing.rules.tariff.terms import TERM, Term


@dataclass(frozen=True, kw_only=True)
class Share(Component):
    """`rate` (0.13 is 13 %; negative: a discount) of the sum of the components `of`.

    included: the share lies within their prices already: it is shown, not added
    """

    of: tuple[str, ...] = said(many(TEXT))
    rate: Term = said(TERM)
    included: bool = said(FLAG, False)

    @property
    def is_included(self) -> bool:  # type: ignore[override]  # of each share, not of the kind
        return self.included

    def prepare(self, segment: Segment) -> Rater:
        return _Rater(self)

    def facts(self) -> set[str]:
        return terms.names([self.rate])

    def objections(self, schedules: Mapping[str, Schedule], earlier: Sequence[str]) -> Iterator[Objection]:
        yield from unknown_components(self.of, earlier)
        if isinstance(self.rate, Decimal) and (self.rate < -1 or (self.included and self.rate == -1)):
            yield Objection("rate", str(self.rate), f"a share of {self.rate} takes away more than there is")


def unknown_components(of: Sequence[str], earlier: Sequence[str]) -> Iterator[Objection]:
    """Yield what is named in `of` but does not come before."""
    for code in of:
        if code not in earlier:
            known = ", ".join(earlier) or "none"
            yield Objection("of", code, f"no component '{code}' comes before", f"those before are: {known}")


@dataclass(frozen=True)
class _Rater(Rater):
    share: Share

    def charges(self, counted: Any, draft: Draft) -> list[Charge]:
        base, rate = draft.sum(self.share.of), terms.value(self.share.rate, draft)
        return [Charge(base / (1 + rate) if self.share.included else base, "", rate)]
