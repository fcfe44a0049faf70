"""Who can be compared with whom, and how much of others may be told. Pure.

A group is fixed for a period: it is made once when the period is over, of everybody who counted in it, and is never
made again; nobody chooses its members by a filter. Of its narrowest form that keeps the floor a customer gets three
quartiles and the quarter they lie in, never a name, a count below the floor, a mean or a sum. What holds:

- at least FLOOR others, of whom none used more than MOST_SHARE of what they used together;
- a quartile is a weighted mean of all others (Harrell and Davis, "A new distribution-free quantile estimator",
  Biometrika 69, 1982), so that no figure told is one member's, and is rounded to two digits;
- two groups that differ by one member tell no difference of sums, since no sum is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import numpy as np
from scipy.special import betainc

FLOOR = 5
MOST_SHARE = 0.5
DIGITS = 2
SIZE_BANDS_M2 = (1_000.0, 5_000.0, 20_000.0, 100_000.0)
"""Floor areas at which a size band ends [m²]: fixed, so that who belongs where does not follow from who is there."""


class Basis(StrEnum):
    """What use is divided by."""

    AREA = "area"
    HEADS = "heads"
    PRODUCT = "product"


class Width(StrEnum):
    """How wide a group is: the narrowest that keeps the floor is taken."""

    TRADE_AND_SIZE = "trade_and_size"
    TRADE = "trade"
    SIZE = "size"
    ALL = "all"


@dataclass(frozen=True)
class Member:
    """Who counts in a period. use [unit of the carrier] made comparable by degree days; size: what it is divided by.

    trade: what they do; band: size band by floor area, None where that is unknown; product: what is made, for PRODUCT
    """

    id: UUID
    trade: str
    band: int | None
    use: float
    size: float
    product: str = ""

    @property
    def value(self) -> float:
        """Return the use per unit of size."""
        return self.use / self.size


@dataclass(frozen=True)
class Told:
    """What one member may be told of the others.

    quartiles: lower, middle, upper, rounded; quarter: 1 the quarter that uses least … 4 the one that uses most
    """

    width: Width
    others: int
    quartiles: tuple[float, float, float]
    quarter: int


@dataclass(frozen=True)
class Place:
    """Where a member stands among all of a period, for those who run the meters. rank: 1 uses least."""

    rank: int
    of: int
    percentile: float


def size_band(area_m2: float | None) -> int | None:
    """Return the band a floor area lies in, 0 the smallest; None where it is unknown."""
    return None if area_m2 is None else sum(1 for end in SIZE_BANDS_M2 if area_m2 >= end)


def keeps_floor(others: Sequence[Member]) -> bool:
    """Tell whether something may be told of these: enough of them, and none that outweighs the rest."""
    total = sum(one.use for one in others)
    return len(others) >= FLOOR and total > 0 and max(one.use for one in others) <= MOST_SHARE * total


def told(member: Member, everybody: Iterable[Member]) -> Told | None:
    """Return what a member is told of the narrowest group of others that keeps the floor; None where none does."""
    everybody = [one for one in everybody if one.id != member.id and one.product == member.product]
    for width in Width:
        if member.band is None and width in (Width.TRADE_AND_SIZE, Width.SIZE):
            continue
        others = [one for one in everybody if _belongs(width, member, one)]
        if keeps_floor(others):
            values = [one.value for one in others]
            low, middle, high = (rounded(quantile(values, at)) for at in (0.25, 0.5, 0.75))
            return Told(width, len(others), (low, middle, high), quarter(member.value, (low, middle, high)))
    return None


def _belongs(width: Width, member: Member, other: Member) -> bool:
    is_trade = bool(member.trade) and member.trade == other.trade
    is_size = member.band == other.band
    return {
        Width.TRADE_AND_SIZE: is_trade and is_size, Width.TRADE: is_trade, Width.SIZE: is_size, Width.ALL: True,
    }[width]  # fmt: skip


def weights(n: int, at: float) -> np.ndarray:
    """Return how much each of n ordered values counts in a quantile (Harrell and Davis)."""
    a, b = (n + 1) * at, (n + 1) * (1 - at)
    edges = betainc(a, b, np.arange(n + 1) / n)
    return np.diff(edges)


def quantile(values: Sequence[float], at: float) -> float:
    """Return a quantile as a weighted mean of all values."""
    return float(weights(len(values), at) @ np.sort(np.asarray(values, dtype=np.float64)))


def rounded(value: float, digits: int = DIGITS) -> float:
    """Return a value to so many significant digits."""
    if value == 0 or not math.isfinite(value):
        return value
    return float(f"{value:.{digits}g}")


def quarter(value: float, quartiles: tuple[float, float, float]) -> int:
    """Return the quarter a value lies in, told by nothing but the quartiles that are told."""
    return 1 + sum(1 for one in quartiles if value > one)


def places(everybody: Sequence[Member]) -> Mapping[UUID, Place]:
    """Return where each stands among all, the least use first; equal values share a rank."""
    ordered = sorted(one.value for one in everybody)
    n = len(ordered)
    found = {}
    for one in everybody:
        below = sum(1 for value in ordered if value < one.value)
        found[one.id] = Place(below + 1, n, 100.0 * below / (n - 1) if n > 1 else 0.0)
    return found


def comparable(use: float, own_degree_days: float, usual_degree_days: float, *, least: float = 50.0) -> float:
    """Return heat or cold as it would have been used in the weather most of the group had.

    degree days [K·d] of the place and of the group (the median); below `least` weather says little, and nothing changes
    """
    if own_degree_days < least or usual_degree_days < least:
        return use
    return use * usual_degree_days / own_degree_days
