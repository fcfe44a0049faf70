"""What is read from one device behind a gateway, and what its answers mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ingest.modbus.decode import decode, ordered
from ingest.modbus.mapping import Register
from ingest.modbus.planner import Block, Limits, blocks, split

RELEARN_SECONDS = 3600.0
"""How long splits are remembered: a device that was starting up may by then answer whole blocks [s]."""

HIGHEST_EXPONENT = 30
"""No quantity of ours is measured in larger or smaller powers of ten."""

Row = tuple[int, int, float, int]
"""(point key, instant [us], value, quality)"""


@dataclass
class Round:
    """The blocks read with one period; `due` is in seconds of the loop's own clock."""

    period: float
    registers: Sequence[Register]
    due: float
    blocks: list[Block] = field(default_factory=list)


class Unit:
    """One device: its registers in rounds by period, coalesced into blocks."""

    def __init__(self, number: int, registers: Iterable[Register], limits: Limits, *, now: float) -> None:
        self.number = number
        self._limits = limits
        self._by_point = {register.point_key: register for register in registers}
        periods = sorted({register.poll_seconds for register in self._by_point.values()})
        self._rounds = [
            Round(period, [r for r in self._by_point.values() if r.poll_seconds == period], now)
            for period in periods
        ]
        self._learn_again(now)

    def rounds(self, now: float) -> list[Round]:
        """Return the rounds whose time has come."""
        if now >= self._relearn_at:
            self._learn_again(now)
        return [round_ for round_ in self._rounds if round_.due <= now]

    @property
    def due(self) -> float:
        """When the next round comes [s of the loop's clock]."""
        return min(round_.due for round_ in self._rounds)

    def done(self, round_: Round, now: float) -> None:
        """Note that a round was read; rounds missed meanwhile are not made up for."""
        missed = max(0, int((now - round_.due) / round_.period))
        round_.due += (missed + 1) * round_.period

    def refuse(self, round_: Round, block: Block) -> list[Block]:
        """Split a block the device refused and remember it; returns the halves, none for a single value."""
        halves = split(block)
        if len(halves) == 1:
            return []
        at = round_.blocks.index(block)
        round_.blocks[at : at + 1] = halves
        return halves

    def rows(self, block: Block, words: Sequence[int], read_at_us: int) -> list[Row]:
        """Return the readings in a block's words.

        words: as read, one for each register of the block
        read_at_us: when the reply came [microseconds since the Unix epoch]
        """
        found = []
        for span in block.spans:
            register = self._by_point[span.point_key]
            start = register.register - block.first
            exponent: int | None = 0
            if register.exponent_register is not None:
                exponent = _exponent(words[register.exponent_register - block.first])
            value, quality = decode(
                words[start : start + register.encoding.words], register.encoding, exponent=exponent
            )
            found.append((register.point_key, read_at_us, value, quality))
        return found

    def _learn_again(self, now: float) -> None:
        for round_ in self._rounds:
            round_.blocks = blocks((register.span for register in round_.registers), self._limits)
        self._relearn_at = now + RELEARN_SECONDS


def _exponent(word: int) -> int | None:
    """Return a power of ten; None where no meter means it (0x8000 stands for "not implemented")."""
    exponent = int.from_bytes(ordered([word], "abcd"), "big", signed=True)
    return exponent if abs(exponent) <= HIGHEST_EXPONENT else None
