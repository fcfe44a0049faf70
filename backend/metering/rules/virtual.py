"""Virtual meters: sums, differences and shares of other points, in the order they depend on each other. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Term:
    """One part of a virtual meter: a source, added (1) or taken off (-1), from one share of it to another."""

    source: int
    sign: int = 1
    share_from: float = 0.0
    share_to: float = 1.0


class CycleError(ValueError):
    """A virtual meter would depend on itself; `path`: the points of the circle, the first one again at the end."""

    def __init__(self, path: Sequence[int]) -> None:
        super().__init__(" → ".join(str(key) for key in path))
        self.path = list(path)


def in_order(terms: Mapping[int, Sequence[Term]]) -> list[list[int]]:
    """Return virtual points in layers: what a layer depends on lies in those before. Raises CycleError."""
    depth: dict[int, int] = {}

    def deep(key: int, path: tuple[int, ...]) -> int:
        if key in path:
            raise CycleError([*path[path.index(key) :], key])
        if key not in terms:
            return -1
        if key not in depth:
            depth[key] = 1 + max((deep(term.source, (*path, key)) for term in terms[key]), default=-1)
        return depth[key]

    for key in terms:
        deep(key, ())
    layers: list[list[int]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for key, layer in depth.items():
        layers[layer].append(key)
    return layers


def part_of(amount: Ints, term: Term) -> Ints:
    """Return a term's part of its source's amounts [quanta].

    Parts that touch (0 to 0.3, 0.3 to 1) sum to the source, because each border is rounded alike.
    """
    upper, lower = (
        np.floor(amount * share + 0.5).astype(np.int64) for share in (term.share_to, term.share_from)
    )
    return np.asarray(term.sign * (upper - lower))


def combined(
    start_us: Ints, amount: Ints, owner: Ints, terms: Sequence[Term]
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Return the amounts of a virtual meter where all its sources have one: start, amount, and which fell below zero.

    owner: which term each row belongs to. An amount below zero counts nothing: it is for somebody to look at.
    """
    starts, place = np.unique(start_us, return_inverse=True)
    count, total = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    for i, term in enumerate(terms):
        mine = owner == i
        np.add.at(count, place[mine], 1)
        np.add.at(total, place[mine], part_of(amount[mine], term))
    whole = count == len(terms)
    return starts[whole], np.maximum(total[whole], 0), total[whole] < 0
