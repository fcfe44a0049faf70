"""Who gets which part of what being together gains, and who pays whom for it.

The rule asked for is taken where no coalition could gain more by itself (the split is in the core). Else the next of
Shapley, nucleolus, equal gains is; where all meet an objection, the one whose loudest objection is the smallest.
None is ever taken that leaves a site worse off than alone. A split follows from stored gains alone, so that any
party can work it out again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from backend.kernel.money import CURRENCIES, Money, Rounding, fit, split
from backend.optimisation.rules.coordination import splitting
from backend.optimisation.rules.coordination.game import EXACT_MOST, Game, Objection, objections


class Rule(StrEnum):
    """How a gain is split."""

    SHAPLEY = "shapley"
    NUCLEOLUS = "nucleolus"
    EQUAL = "equal"


@dataclass(frozen=True)
class Drawing:
    """How many pairs of orders are drawn where sites are too many to plan every coalition, and from which seed."""

    pairs: int = 100
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Split:
    """A gain, split.

    asked, rule: the rule wanted and the one used; shares: by site [currency], never below zero
    errors: standard error of each share [currency], where orders were drawn
    against_asked, against: who would object to the rule asked for, and to the split used, the loudest first
    known: how many coalitions' gains the objections were looked for in; complete: whether those are all
    """

    asked: Rule
    rule: Rule
    shares: Mapping[str, float]
    errors: Mapping[str, float] = field(default_factory=dict)
    against_asked: tuple[Objection, ...] = ()
    against: tuple[Objection, ...] = ()
    known: int = 0
    complete: bool = True


def share_out(game: Game, asked: Rule = Rule.SHAPLEY, drawing: Drawing | None = None) -> Split:
    """Return how a gain is split; the same game always gives the same.

    Raises Refused where a gain that the rule needs is not in the game.
    """
    errors: Mapping[str, float] = {}
    first: list[Objection] | None = None
    best: tuple[float, Rule, Mapping[str, float], list[Objection]] | None = None
    for rule, shares, spread in _candidates(game, asked, drawing or Drawing()):
        loud = objections(game, shares)
        first = loud if first is None else first
        if not all(share >= 0 for share in shares.values()):
            continue
        loudest = loud[0].short if loud else 0.0
        if best is None or loudest < best[0]:
            best, errors = (loudest, rule, shares, loud), spread
        if not loud:
            break
    assert best is not None and first is not None, "equal gains leave nobody worse off"
    _, rule, shares, loud = best
    return Split(asked, rule, shares, errors, tuple(first), tuple(loud), len(game.gains), game.complete)


def _candidates(
    game: Game, asked: Rule, drawing: Drawing
) -> Iterator[tuple[Rule, Mapping[str, float], Mapping[str, float]]]:
    """Yield the rule asked for and those after it: rule, shares, their errors. Noise below a billionth is none."""
    later = list(Rule)[list(Rule).index(asked) :]
    exact = len(game.players) <= EXACT_MOST
    for rule in later:
        if rule == Rule.SHAPLEY and not exact:
            drawn = splitting.sampled(game.players, game.gain, drawing.pairs, drawing.seed)
            yield rule, _clean(drawn.shares), drawn.errors
        elif rule == Rule.SHAPLEY:
            yield rule, _clean(splitting.shapley(game)), {}
        elif rule == Rule.NUCLEOLUS and exact:
            yield rule, _clean(splitting.nucleolus(game)), {}
        elif rule == Rule.EQUAL:
            yield rule, splitting.equal(game), {}


def _clean(shares: Mapping[str, float]) -> dict[str, float]:
    size = max((abs(share) for share in shares.values()), default=0.0)
    return {name: 0.0 if abs(share) <= 1e-9 * size else share for name, share in shares.items()}


@dataclass(frozen=True)
class Account:
    """What a site has to do with money after the plan; alone - share = own + pays.

    alone: what it would cost by itself; own: what its part of the joint plan costs it
    share: its part of the gain; pays: to the others, below zero it gets
    """

    site: str
    alone: Money
    own: Money
    share: Money
    pays: Money


def accounts(
    split_: Split, alone: Mapping[str, float], own: Mapping[str, float], fees: float, currency: str
) -> list[Account]:
    """Return each site's account, exact to the coin: what they pay sums to the lines' fees, what they get to the gain.

    alone, own: costs by site [currency]; fees: for lines [currency]
    """
    names, step = list(split_.shares), Decimal(1).scaleb(-CURRENCIES[currency])
    rounding = Rounding(step)
    before = fit([Decimal(repr(float(alone[name]))) for name in names], rounding)
    *after, lines = fit(
        [Decimal(repr(float(one))) for one in (*(own[name] for name in names), fees)], rounding
    )
    gained = max(sum(before, Decimal(0)) - sum(after, Decimal(0)) - lines, Decimal(0))
    weights = [Decimal(repr(float(split_.shares[name]))) for name in names]
    if not any(weights):
        weights = [Decimal(1)] * len(names)
    parts = [part * step for part in split(int(gained / step), weights)]
    return [
        Account(
            name,
            *(
                Money(amount, currency)
                for amount in (before[n], after[n], parts[n], before[n] - parts[n] - after[n])
            ),
        )
        for n, name in enumerate(names)
    ]
