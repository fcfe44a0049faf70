"""What the evaluator remembers between batches, and how that survives a restart or another set of rules."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backend.alarms.rules.latch import NEVER, Bytes, Floats, Ints, LatchMemory
from backend.alarms.rules.ruleset import RuleSet

RULE = np.dtype([("key", "i8"), ("revision", "i8"), ("level", "i1"), ("signal", "f8"), ("worst", "f8"),
                 ("raised_us", "i8"), ("judged_us", "i8")])  # fmt: skip
LATCH = np.dtype([("key", "i8"), ("code", "i1"), ("is_on", "?"), ("since_us", "i8"), ("pending_us", "i8")])
INPUT = np.dtype([("key", "i8"), ("seen_us", "i8"), ("value", "f8"), ("good_us", "i8")])
SAMPLE = np.dtype([("key", "i8"), ("at_us", "i8"), ("value", "f8"), ("weight", "f8")])
NIGHT = np.dtype([("key", "i8"), ("start_us", "i8"), ("end_us", "i8"), ("low", "f8"), ("first_us", "i8"),
                  ("first", "f8"), ("last_us", "i8"), ("last", "f8")])  # fmt: skip
QUIET = np.dtype([("key", "i8"), ("low", "f8")])


@dataclass
class Samples:
    """Recent readings of the inputs that windows look back on, sorted by (input, instant).

    weight: for how many readings each stands in an average; 1 until there were too many to keep
    """

    input: Ints
    at_us: Ints
    value: Floats
    weight: Floats

    @classmethod
    def none(cls) -> Samples:
        """No readings."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0))

    def of(self, index: int) -> tuple[Ints, Floats, Floats]:
        """Return the instants, values and weights of one input."""
        a, b = np.searchsorted(self.input, (index, index + 1))
        return self.at_us[a:b], self.value[a:b], self.weight[a:b]


@dataclass
class Night:
    """The night a night flow rule is in or waits for; what it saw there; the lows of quiet nights before."""

    start_us: int
    end_us: int
    low: float = np.inf
    first_us: int = int(NEVER)
    first: float = np.nan
    last_us: int = int(NEVER)
    last: float = np.nan


@dataclass(repr=False)
class Memory:
    """Arrays by rule, latch and input of one RuleSet.

    level: code of the level a rule is at, 0 normal; signal: last value it judged
    raised_us: since when it is beyond normal, on this side; worst: most extreme value since then
    judged_us: instant an expression was last worked out; seen_us, value: last usable live reading of an input
    good_us: last usable reading, also of imports; listening_us: since when we hear
    """

    latch: LatchMemory
    level: Bytes
    signal: Floats
    worst: Floats
    raised_us: Ints
    judged_us: Ints
    seen_us: Ints
    value: Floats
    good_us: Ints
    listening_us: int
    samples: Samples = field(default_factory=Samples.none)
    nights: dict[int, Night] = field(default_factory=dict)
    quiet: dict[int, list[float]] = field(default_factory=dict)


def blank(rules: RuleSet, *, now_us: int) -> Memory:
    """Return the memory of rules that never saw anything."""
    n, points = len(rules), len(rules.point_key)
    return Memory(
        LatchMemory.blank(len(rules.latches)), np.zeros(n, np.int8), np.full(n, np.nan), np.full(n, np.nan),
        np.full(n, NEVER), np.full(n, NEVER), np.full(points, NEVER), np.full(points, np.nan),
        np.full(points, NEVER), now_us,
    )  # fmt: skip


def pack(rules: RuleSet, memory: Memory) -> bytes:
    """Return the memory by rule, level and point keys, as the bytes of a numpy archive."""
    samples, nights = memory.samples, memory.nights
    arrays = {
        "rule": _table(
            RULE, rules.key, rules.revision, memory.level, memory.signal, memory.worst, memory.raised_us,
            memory.judged_us,
        ),
        "latch": _table(
            LATCH, rules.key[rules.latches.rule], rules.latches.code, memory.latch.is_on,
            memory.latch.since_us, memory.latch.pending_us,
        ),
        "input": _table(INPUT, rules.point_key, memory.seen_us, memory.value, memory.good_us),
        "sample": _table(SAMPLE, rules.point_key[samples.input], samples.at_us, samples.value, samples.weight),
        "night": np.array(
            [(rules.key[i], n.start_us, n.end_us, n.low, n.first_us, n.first, n.last_us, n.last)
             for i, n in nights.items()], NIGHT
        ),
        "quiet": np.array([(rules.key[i], low) for i, lows in memory.quiet.items() for low in lows], QUIET),
        "listening": np.array([memory.listening_us]),
    }  # fmt: skip
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def restore(rules: RuleSet, packed: bytes, *, now_us: int) -> tuple[Memory, dict[int, int]]:
    """Return the memory of `rules` from packed bytes, perhaps of other rules, and the levels nobody owns now.

    What is known of rules, levels and points that are still there is kept; a rule with a new revision keeps
    what is on but forgets what is pending. returns: memory, {key of a rule that is gone: its level}
    """
    memory = blank(rules, now_us=now_us)
    with np.load(io.BytesIO(packed), allow_pickle=False) as file:
        tables = {name: file[name] for name in file.files}
    old = tables["rule"]
    mine, theirs = _matched(rules.key, old["key"])
    memory.listening_us = int(tables["listening"][0])
    for name in ("level", "signal", "worst", "raised_us", "judged_us"):
        getattr(memory, name)[mine] = old[name][theirs]
    same = np.zeros(len(rules), dtype=bool)
    same[mine] = rules.revision[mine] == old["revision"][theirs]
    _restore_latches(rules, memory, tables["latch"], same)
    mine, theirs = _matched(rules.point_key, tables["input"]["key"])
    for name in ("seen_us", "value", "good_us"):
        getattr(memory, name)[mine] = tables["input"][name][theirs]
    _restore_samples(rules, memory, tables["sample"])
    _restore_nights(rules, memory, tables, same)
    gone = ~np.isin(old["key"], rules.key) & (old["level"] != 0)
    return memory, {int(row["key"]): int(row["level"]) for row in old[gone]}


def copy(memory: Memory) -> Memory:
    """Return an independent copy, to go back to when a step fails."""
    return Memory(
        memory.latch.copy(), memory.level.copy(), memory.signal.copy(), memory.worst.copy(),
        memory.raised_us.copy(), memory.judged_us.copy(), memory.seen_us.copy(), memory.value.copy(),
        memory.good_us.copy(), memory.listening_us, memory.samples,
        {i: Night(**vars(n)) for i, n in memory.nights.items()},
        {i: list(lows) for i, lows in memory.quiet.items()},
    )  # fmt: skip


def _restore_latches(rules: RuleSet, memory: Memory, old: NDArray[np.void], same: NDArray[np.bool_]) -> None:
    owner = rules.key[rules.latches.rule]
    mine, theirs = _matched(owner * 8 + rules.latches.code, old["key"] * 8 + old["code"])
    memory.latch.is_on[mine] = old["is_on"][theirs]
    memory.latch.since_us[mine] = old["since_us"][theirs]
    kept = same[rules.latches.rule[mine]]
    memory.latch.pending_us[mine[kept]] = old["pending_us"][theirs[kept]]


def _restore_samples(rules: RuleSet, memory: Memory, old: NDArray[np.void]) -> None:
    place = np.searchsorted(rules.point_key, old["key"])
    known = place < len(rules.point_key)
    known[known] = rules.point_key[place[known]] == old["key"][known]
    known[known] = rules.window_us[place[known]] > 0
    weight = (
        old["weight"] if "weight" in (old.dtype.names or ()) else np.ones(len(old))
    )  # older memories have none
    memory.samples = Samples(
        place[known], old["at_us"][known].copy(), old["value"][known].copy(), weight[known].copy()
    )


def _restore_nights(
    rules: RuleSet, memory: Memory, tables: dict[str, NDArray[np.void]], same: NDArray[np.bool_]
) -> None:
    where = {int(rules.key[night.rule]): night.rule for night in rules.nights}
    for row in tables["night"]:
        rule = where.get(int(row["key"]))
        if rule is not None and same[rule]:
            memory.nights[rule] = Night(
                int(row["start_us"]), int(row["end_us"]), float(row["low"]), int(row["first_us"]),
                float(row["first"]), int(row["last_us"]), float(row["last"]),
            )  # fmt: skip
    for row in tables["quiet"]:
        rule = where.get(int(row["key"]))
        if rule is not None:
            memory.quiet.setdefault(rule, []).append(float(row["low"]))


def _table(dtype: np.dtype[np.void], *columns: NDArray[np.generic]) -> NDArray[np.void]:
    table = np.empty(len(columns[0]), dtype)
    for name, column in zip(dtype.names or (), columns, strict=True):
        table[name] = column
    return table


def _matched(mine: Ints, theirs: Ints) -> tuple[Ints, Ints]:
    """Return the positions of keys that stand in both (each side without doubles)."""
    _, a, b = np.intersect1d(mine, theirs, assume_unique=True, return_indices=True)
    return a, b
