"""What each coalition of sites gains, and who would object to a split of it.

A coalition's gain is what its sites save together against each alone. Words of the trade: a split is *efficient* when
it hands out the whole gain, *individually rational* when nobody gets less than nothing, in the *core* when no
coalition could gain more by itself than its members get.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from backend.kernel.errors import Refused
from backend.optimisation.rules.horizon import Floats

EXACT_MOST = 10
"""Sites up to which every coalition is planned: 1,023 of them."""

Coalition = frozenset[str]


@dataclass(frozen=True, eq=False)
class Game:
    """Gains of coalitions.

    players: the sites; gains: by coalition, those of none and of one site are 0 and need not be there [currency]
    tolerance: differences below it are the solver's, not the sites' [currency]
    """

    players: tuple[str, ...]
    gains: Mapping[Coalition, float]
    tolerance: float = 1e-6

    def gain(self, coalition: Coalition) -> float:
        """Return what a coalition gains; Refused where it was never planned."""
        if len(coalition) < 2:
            return 0.0
        if coalition not in self.gains:
            raise Refused(
                "the gain of " + ", ".join(sorted(coalition)) + " is not known",
                field="gains",
                value=sorted(coalition),
                remedy="plan it, or draw the same orders as when the gains were found",
            )
        return self.gains[coalition]

    @property
    def whole(self) -> float:
        """What all gain together."""
        return self.gain(frozenset(self.players))

    @property
    def complete(self) -> bool:
        """Whether every coalition's gain is known."""
        return len(self.gains) >= 2 ** len(self.players) - len(self.players) - 1

    def table(self) -> Floats:
        """Return all gains by the bits of their members, shape (2 ** players,)."""
        return np.array([self.gain(self.coalition(bits)) for bits in range(2 ** len(self.players))])

    def coalition(self, bits: int) -> Coalition:
        """Return the members whose bits are set."""
        return frozenset(name for nth, name in enumerate(self.players) if bits >> nth & 1)

    def plain(self) -> list[dict[str, object]]:
        """Return gains as they are stored: members in order, and what they gain."""
        known = sorted(self.gains.items(), key=lambda one: (len(one[0]), sorted(one[0])))
        return [{"sites": sorted(members), "gain": gain} for members, gain in known]


def coalitions(players: tuple[str, ...]) -> Iterator[Coalition]:
    """Yield every coalition of two and more, the small ones first."""
    for size in range(2, len(players) + 1):
        for members in combinations(players, size):
            yield frozenset(members)


def covered(game: Game) -> Game:
    """Return a complete game in which no coalition gains less than its parts do apart: it may always stay apart.

    All together keep what their one plan really gains.
    """
    table = game.table()
    for bits in range(1, table.size - 1):
        part = (bits - 1) & bits
        while part > bits // 2:  # each split once
            table[bits] = max(table[bits], table[part] + table[bits ^ part])
            part = (part - 1) & bits
    return Game(
        game.players,
        {game.coalition(bits): float(gain) for bits, gain in enumerate(table) if bits.bit_count() > 1},
        game.tolerance,
    )


@dataclass(frozen=True)
class Objection:
    """A coalition that could gain more by itself; short: by how much [currency]."""

    sites: tuple[str, ...]
    short: float


def objections(game: Game, shares: Mapping[str, float]) -> list[Objection]:
    """Return who would object to a split among the coalitions whose gain is known, the loudest first."""
    singles = {frozenset((name,)): 0.0 for name in game.players}
    found = [
        Objection(tuple(sorted(members)), gain - sum(shares[name] for name in members))
        for members, gain in (singles | dict(game.gains)).items()
    ]
    loud = [one for one in found if one.short > (game.tolerance if len(one.sites) > 1 else 1e-9)]
    return sorted(loud, key=lambda one: (-one.short, one.sites))
