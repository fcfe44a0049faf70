"""What the rest of a period is expected to bring: each hour as its weekday had it lately. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
WEEKS = 4
"""So many weeks are looked back on."""


def filled(amounts: Ints, is_known: NDArray[np.bool_], *, first: int, per_day: int) -> Ints:
    """Return a period's intervals, with what is not known as it is expected.

    amounts: (intervals,) [quanta], of whole local days, some weeks before the period and the period itself
    is_known: (intervals,), which of them were counted; first: index of the period's first; per_day: intervals a day
    returns: (intervals - first,) [quanta]: counted ones as they are; else the mean of the same weekday's same interval
    in the last `WEEKS` weeks before; where there is none, the mean of all that is known; of nothing, nothing
    """
    whole = amounts.astype(np.int64, copy=True)
    mean = round(float(amounts[is_known].mean())) if is_known.any() else 0
    lags = np.arange(1, WEEKS + 1) * per_day * 7
    for at in np.flatnonzero(~is_known[first:]) + first:
        earlier = at - lags[lags <= at]
        seen = earlier[is_known[earlier]]
        whole[at] = round(float(amounts[seen].mean())) if seen.size else mean
    return whole[first:]
