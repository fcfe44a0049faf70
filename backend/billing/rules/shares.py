"""What of a shared meter is whose: every interval is split in whole quanta, and none is lost. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from backend.kernel.errors import Refused

WHOLE = 1_000_000
"""Shares are told in millionths."""

LARGEST = 2**63 // WHOLE
"""Amounts below this can be multiplied by a share in 64 bits."""


def split(amounts: NDArray[np.int64], shares: Sequence[int]) -> NDArray[np.int64]:
    """Split each interval by shares, by largest remainder; equal remainders go to the one named first.

    amounts: (intervals,) [quanta], 0 … LARGEST; shares: of each sharer [millionths], together at most WHOLE
    returns: (sharers, intervals) [quanta]; where the shares are the whole, each interval's parts sum to it
    """
    if not shares or min(shares) <= 0 or sum(shares) > WHOLE:
        raise Refused(
            "shares are above nothing, and together at most the whole", field="share", value=list(shares)
        )
    if amounts.size and int(amounts.max()) >= LARGEST:
        raise Refused("this amount is too large to be shared", field="amount", value=int(amounts.max()))
    own = sum(shares)
    weights = np.array([*shares, WHOLE - own], dtype=np.int64)[:, None]
    parts, rests = np.divmod(amounts[None, :] * weights, WHOLE)
    left = amounts - parts.sum(axis=0)
    order = np.argsort(-rests, axis=0, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(weights))[:, None], axis=0)
    return (parts + (rank < left[None, :]))[: len(shares)].astype(np.int64)


Stretch = tuple[date, date | None, int]
"""From a day to another (None: until further notice), a share [millionths]."""


def demand_room(taken: Sequence[Stretch], wanted: Stretch) -> None:
    """Refuse a share where, on some day of its stretch, all shares together would pass the whole."""
    starts_on, ends_on, share = wanted
    days = {starts_on} | {
        start for start, _, _ in taken if start > starts_on and (ends_on is None or start < ends_on)
    }
    for on in sorted(days):
        sum_then = sum(one for start, end, one in taken if start <= on and (end is None or on < end))
        if sum_then + share > WHOLE:
            raise Refused(
                f"{(WHOLE - sum_then) / 10_000:g} % of this meter are left on {on}", field="share", value=share,
                remedy="end the other contract first, or share the meter",
            )  # fmt: skip
