"""Which registers to ask for together. Pure.

Values of one unit and function are merged into blocks, so that a meter is read in a few requests.
A gap of a few registers is read in vain where that saves a request, but never a register the family
marks unreadable. A block the device refuses is split, and its halves tried in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_BITS = 2000


@dataclass(frozen=True)
class Span:
    """Where one value stands: registers first..last (both included) of a function."""

    point_key: int
    function: int
    first: int
    last: int


@dataclass(frozen=True)
class Limits:
    """What one request to a device may ask for.

    max_registers: most registers in one request
    max_gap: most registers read in vain between two values
    unreadable: register ranges (first, last) no request may touch
    """

    max_registers: int = 125
    max_gap: int = 16
    unreadable: tuple[tuple[int, int], ...] = ()

    def most(self, function: int) -> int:
        """Return how many registers (bits, for functions 1 and 2) one request may ask for."""
        return MOST_BITS if function in (1, 2) else self.max_registers


@dataclass(frozen=True)
class Block:
    """One request: registers first..last of a function, and the values taken from them."""

    function: int
    first: int
    last: int
    spans: tuple[Span, ...]

    @property
    def count(self) -> int:
        """How many registers the request asks for."""
        return self.last - self.first + 1


def blocks(spans: Iterable[Span], limits: Limits) -> list[Block]:
    """Return the fewest blocks, in order of address, that hold every span."""
    found: list[Block] = []
    for span in sorted(spans, key=lambda s: (s.function, s.first, s.last)):
        merged = _merged(found[-1], span, limits) if found else None
        if merged is None:
            found.append(_block([span]))
        else:
            found[-1] = merged
    return found


def split(block: Block) -> list[Block]:
    """Return a refused block in two, cut at its widest gap; alone where it holds one value."""
    cuts = range(1, len(block.spans))
    if not cuts:
        return [block]

    def gap(cut: int) -> int:
        return block.spans[cut].first - max(span.last for span in block.spans[:cut])

    middle = len(block.spans) / 2
    cut = max(cuts, key=lambda c: (gap(c), -abs(c - middle)))
    return [_block(block.spans[:cut]), _block(block.spans[cut:])]


def _merged(block: Block, span: Span, limits: Limits) -> Block | None:
    if span.function != block.function:
        return None
    last = max(block.last, span.last)
    gap = span.first - block.last - 1
    if last - block.first + 1 > limits.most(block.function) or gap > limits.max_gap:
        return None
    if gap > 0 and any(low <= span.first - 1 and high >= block.last + 1 for low, high in limits.unreadable):
        return None
    return Block(block.function, block.first, last, (*block.spans, span))


def _block(spans: Sequence[Span]) -> Block:
    return Block(spans[0].function, spans[0].first, max(span.last for span in spans), tuple(spans))
