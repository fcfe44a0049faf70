"""What meters counted in two periods, told apart so that every sum comes out exactly. Pure, whole numbers only.

A meter with sub-meters is split into what each of them counted and the rest of its own. The rests of a whole tree sum
to its top, whatever is missing; so rows by category, position or organisation sum to the total, and so do
their changes.

Compared is like with like: a tree counts in the change of a row where its top counted throughout both periods. What the
other trees counted more or less in one of them is a figure of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

THROUGHOUT = 0.95
"""A meter counts throughout a period where its intervals cover this share of it."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What a meter counted in a period: amount, estimated [base units]; share: of the period covered, 0..1."""

    amount: int
    estimated: int = 0
    share: float = 1.0


Sums = Mapping[int, Sum]


@dataclass(frozen=True)
class Forest:
    """Meters by key. tops: those that count in the total; subs: a meter's sub-meters of the same measure."""

    tops: Sequence[int]
    subs: Mapping[int, Sequence[int]] = field(default_factory=dict)

    def below(self, top: int) -> list[int]:
        """Return a meter and all below it, parents first."""
        found = [top]
        for key in found:
            found += [sub for sub in self.subs.get(key, ()) if sub not in found]
        return found


@dataclass
class Row:
    """A row of a comparison [base units]. now, before: None where nothing is known; moved: change like with like.

    estimated, covered: of now, the part not measured, and the mean share of the period its meters cover
    """

    now: int | None = None
    before: int | None = None
    moved: int = 0
    estimated: int = 0
    is_compared: bool = False

    def add(self, now: int | None, before: int | None, estimated: int, *, is_alike: bool) -> None:
        """Count a part in."""
        if now is not None:
            self.now = (self.now or 0) + now
        if before is not None:
            self.before = (self.before or 0) + before
        self.estimated += estimated
        if is_alike:
            self.moved += (now or 0) - (before or 0)
            self.is_compared = True


@dataclass(frozen=True)
class Explained:
    """A total and the rows it consists of.

    unlike: change of meters that did not count throughout both periods: total.now − total.before
        = sum of the rows' moved + unlike, exactly
    disagree: meter -> by how much its sub-meters count more than it does [base units, > 0]
    share: of the period asked for that the tops cover, 0..1; silent: tops of which nothing is known
    folded: sub-meters that stay with the meter above, since they did not count throughout both periods
    """

    total: Row
    rows: Mapping[Hashable, Row]
    unlike: int
    disagree: Mapping[int, int]
    share: float
    silent: int
    folded: int = 0


def explain(
    forest: Forest, now: Sums, before: Sums | None, of: Callable[[int], Hashable]
) -> Explained:  # fmt: skip
    """Tell a total apart by what `of` says of each meter; sub-meters take their part out of the meter above.

    before: None where nothing is compared
    """
    rows: dict[Hashable, Row] = defaultdict(Row)
    total, unlike, folded = Row(), 0, 0
    disagree: dict[int, int] = {}
    for top in forest.tops:
        keys = forest.below(top)
        is_alike = before is not None and counts_throughout(top, now, before)
        told = _told(keys, now, before, is_alike=is_alike)
        folded += sum(1 for key in keys if key in now and key not in told[0])
        rests_now = rests(forest, top, told[0], now)
        rests_before = rests(forest, top, told[1], before or {})
        for key in keys:
            part, earlier = rests_now.get(key), rests_before.get(key)
            if part is None and earlier is None:
                continue
            estimated = _estimated(forest, key, told[0], now) if part is not None else 0
            rows[of(key)].add(part, earlier, estimated, is_alike=is_alike)
            total.add(part, earlier, estimated, is_alike=is_alike)
            if part is not None and part < 0:
                disagree[key] = -part
        if not is_alike and before is not None:
            unlike += sum(rests_now.values()) - sum(rests_before.values())
    shares = [now[top].share if top in now else 0.0 for top in forest.tops]
    return Explained(total, dict(rows), unlike, disagree, sum(shares) / len(shares) if shares else 0.0,
                     sum(1 for top in forest.tops if top not in now), folded)  # fmt: skip


def explain_split(
    now: Mapping[int, Mapping[Hashable, Sum]],
    before: Mapping[int, Mapping[Hashable, Sum]] | None,
    tops: Sequence[int],
) -> Explained:
    """Tell a total apart where a meter counts for one after another: its amounts come split by whom, with their shares.

    now, before: meter -> for whom -> what it counted for them; shares of a meter sum to what it covers of the period
    """
    rows: dict[Hashable, Row] = defaultdict(Row)
    total, unlike, shares = Row(), 0, []
    for top in tops:
        mine, earlier = now.get(top, {}), (before or {}).get(top, {})
        covered = [sum(one.share for one in parts.values()) for parts in (mine, earlier)]
        shares.append(covered[0])
        is_alike = before is not None and min(covered) >= THROUGHOUT
        for whom in mine.keys() | earlier.keys():
            part, other = mine.get(whom), earlier.get(whom)
            now_amount, before_amount = (one.amount if one else None for one in (part, other))
            for row in (rows[whom], total):
                row.add(now_amount, before_amount, part.estimated if part else 0, is_alike=is_alike)
        if not is_alike and before is not None:
            unlike += sum(one.amount for one in mine.values()) - sum(one.amount for one in earlier.values())
    return Explained(total, dict(rows), unlike, {}, sum(shares) / len(shares) if shares else 0.0,
                     sum(1 for top in tops if not now.get(top)))  # fmt: skip


def counts_throughout(key: int, now: Sums, before: Sums) -> bool:
    """Tell whether a meter counted throughout both periods."""
    return all(key in sums and sums[key].share >= THROUGHOUT for sums in (now, before))


def rests(forest: Forest, top: int, told: Collection[int], sums: Sums) -> dict[int, int]:
    """Return what each meter below a top counted beside its sub-meters; the values sum to the top's amount.

    told: the meters that are told apart; what others counted stays with the nearest meter above that is
    """
    if top not in told or top not in sums:
        return {}
    found = {}
    for key in forest.below(top):
        if key in told and key in sums:
            found[key] = sums[key].amount - sum(sums[sub].amount for sub in _next(forest, key, told, sums))
    return found


def _next(forest: Forest, key: int, told: Collection[int], sums: Sums) -> list[int]:
    """Return the nearest meters below a meter that are told apart."""
    found: list[int] = []
    for sub in forest.subs.get(key, ()):
        if sub in told and sub in sums:
            found.append(sub)
        else:
            found += _next(forest, sub, told, sums)
    return found


def _estimated(forest: Forest, key: int, told: Collection[int], sums: Sums) -> int:
    """Return the part of a meter's rest that was not measured: its own estimates beyond its sub-meters'."""
    subs = sum(sums[sub].estimated for sub in _next(forest, key, told, sums))
    return max(0, min(sums[key].estimated - subs, sums[key].amount))


def _told(
    keys: Iterable[int], now: Sums, before: Sums | None, *, is_alike: bool
) -> tuple[set[int], set[int]]:
    """Return the meters told apart in both periods: the same ones where both are compared."""
    if is_alike and before is not None:
        both = {key for key in keys if counts_throughout(key, now, before)}
        return both, both
    keys = list(keys)
    return {key for key in keys if key in now}, {key for key in keys if before and key in before}
