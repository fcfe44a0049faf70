"""Rules by which a gain is split: Shapley's, exactly or by drawn orders; the nucleolus; equal gains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import factorial

import numpy as np

from backend.optimisation.rules.coordination.game import Coalition, Game
from backend.optimisation.rules.horizon import Flags, Floats
from backend.optimisation.rules.sheet import Arrays
from backend.optimisation.rules.solver import Limits, solve


def shapley(game: Game) -> dict[str, float]:
    """Return what each site adds on average over all orders in which they may join.

    share_i = Σ over S without i of |S|!·(n - |S| - 1)!/n! · (gain(S with i) - gain(S)); L. S. Shapley, A value for
    n-person games, Contributions to the Theory of Games II, 1953.
    """
    count, table = len(game.players), game.table()
    bits = np.arange(table.size)
    sizes = np.array([int(one).bit_count() for one in bits])
    weights = np.array([factorial(k) * factorial(count - k - 1) / factorial(count) for k in range(count)])
    shares = {}
    for nth, name in enumerate(game.players):
        without = bits[bits >> nth & 1 == 0]
        shares[name] = float(weights[sizes[without]] @ (table[without | 1 << nth] - table[without]))
    return shares


@dataclass(frozen=True)
class Sampled:
    """Shares from drawn orders; errors: standard error of each [currency]; orders: how many were drawn, in pairs."""

    shares: dict[str, float]
    errors: dict[str, float]
    orders: int


def orders(players: tuple[str, ...], pairs: int, seed: int) -> Iterator[tuple[str, ...]]:
    """Yield orders in which sites may join, each followed by its reverse, which evens out who comes early."""
    chance = np.random.default_rng(seed)
    for _ in range(pairs):
        drawn = tuple(players[nth] for nth in chance.permutation(len(players)))
        yield drawn
        yield drawn[::-1]


def sampled(players: tuple[str, ...], gain: Callable[[Coalition], float], pairs: int, seed: int) -> Sampled:
    """Return Shapley's shares estimated from 2·pairs orders; they sum to the whole gain whatever is drawn.

    J. Castro, D. Gómez, J. Tejada, Computers & Operations Research 36 (2009) 1726-1730, with pairs of reversed orders.
    The error is that of the mean of the pairs, which are drawn independently.
    """
    added = np.zeros((2 * pairs, len(players)))
    place = {name: nth for nth, name in enumerate(players)}
    for nth, order in enumerate(orders(players, pairs, seed)):
        before = 0.0
        for joined, name in enumerate(order, 1):
            now = gain(frozenset(order[:joined]))
            added[nth, place[name]] = now - before
            before = now
    means = added.reshape(pairs, 2, -1).mean(axis=1)
    error = means.std(axis=0, ddof=1) / np.sqrt(pairs) if pairs > 1 else np.full(len(players), np.inf)
    return Sampled(
        dict(zip(players, means.mean(axis=0).tolist(), strict=True)),
        dict(zip(players, error.tolist(), strict=True)),
        2 * pairs,
    )


def equal(game: Game) -> dict[str, float]:
    """Return the whole gain in equal parts: nobody is worse off, whoever adds nothing gains too."""
    return dict.fromkeys(game.players, game.whole / len(game.players))


def nucleolus(game: Game) -> dict[str, float]:
    """Return the split under which the most dissatisfied coalition is as satisfied as can be, then the next one.

    It lies in the core wherever there is one. Linear problems one after another: the least excess x(S) - gain(S) is
    raised; coalitions that hold it down in every solution (their dual is not 0) keep it from then on; those
    whose sum is settled by the others are out. D. Schmeidler, SIAM Journal on Applied Mathematics 17 (1969) 1163-1170;
    the sequence: M. Maschler, B. Peleg, L. S. Shapley, Mathematics of Operations Research 4 (1979) 303-338.
    """
    count = len(game.players)
    scale = max(game.whole, 1e-12)
    table = game.table() / scale
    members = (np.arange(table.size)[:, None] >> np.arange(count) & 1).astype(float)
    settled, sums = members[-1:], np.array([table[-1]])
    open_ = np.ones(table.size, bool)
    open_[[0, -1]] = False
    while np.linalg.matrix_rank(settled) < count:
        open_ &= ~_spanned(settled, members)
        least, tight = _raise(members[open_], table[open_], settled, sums)
        kept = np.flatnonzero(open_)[tight]
        for one in kept:
            if np.linalg.matrix_rank(np.vstack((settled, members[one]))) > len(settled):
                settled = np.vstack((settled, members[one]))
                sums = np.append(sums, table[one] + least)
    found = np.linalg.solve(settled, sums) * scale
    return dict(zip(game.players, found.tolist(), strict=True))


def _spanned(settled: Floats, members: Floats) -> Flags:
    """Return which coalitions' sums follow from those settled."""
    basis = np.linalg.svd(settled, full_matrices=False)[2][: np.linalg.matrix_rank(settled)]
    return np.asarray(np.abs(members - members @ basis.T @ basis).max(axis=1) < 1e-9)


def _raise(members: Floats, gains: Floats, settled: Floats, sums: Floats) -> tuple[float, Flags]:
    """Return the highest least excess, and which coalitions hold it down: max e, x(S) - e >= gain(S)."""
    rows = np.vstack(
        (np.hstack((members, -np.ones((len(members), 1)))), np.hstack((settled, np.zeros((len(settled), 1)))))
    )
    column, row = np.nonzero(rows.T)
    width = rows.shape[1]
    start = np.concatenate(([0], np.cumsum(np.bincount(column, minlength=width)))).astype(np.int32)
    cost = np.zeros(width)
    cost[-1] = -1.0
    free = np.full(width, np.inf)
    found = solve(
        Arrays(cost, -free, free, np.zeros(width, bool), np.append(gains, sums),
               np.append(np.full(len(gains), np.inf), sums), start, row.astype(np.int32), rows[row, column], 0.0),
        Limits(method="simplex"),
    )  # fmt: skip
    assert found.values is not None and found.duals is not None, (
        "a least excess has an end, since the sum is given"
    )
    return float(found.values[-1]), np.abs(found.duals[: len(gains)]) > 1e-7
