"""Rules compiled once into arrays, so that a batch of readings meets all of them in a few numpy steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backend.alarms.rules import parameters as p
from backend.alarms.rules.latch import Floats, Ints, Latches
from backend.kernel.errors import EnerfieldError, Refused

LEVEL_NAMES = {
    "limit": {2: "HH", 1: "H", -1: "L", -2: "LL"},
    "rate": {1: "rising", -1: "falling"},
    "silence": {1: "silent"},
    "state": {1: "state"},
    "expression": {1: "condition"},
    "night_flow": {1: "night flow"},
}
"""Names of level codes by kind, as stored with alarms."""


@dataclass(frozen=True)
class RuleSpec:
    """A rule as its row says, before it is compiled.

    point_key: of the point looked at; points: name -> point key, of an expression
    is_register: the point is a register; zone: time zone of the site
    """

    key: int
    revision: int
    kind: str
    point_key: int
    parameters: Mapping[str, Any]
    deadband: float = 0.0
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    is_register: bool = False
    zone: str = "UTC"
    points: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ExpressionRule:
    """An expression rule in the set: its index, its inputs' indices and the points' staleness."""

    rule: int
    inputs: Mapping[str, int]
    parameters: p.ExpressionParameters


@dataclass(frozen=True)
class NightRule:
    """A night flow rule in the set: its index, its input and whether that is a register."""

    rule: int
    input: int
    is_register: bool
    zone: str
    deadband: float
    parameters: p.NightParameters


@dataclass(frozen=True, repr=False)
class RuleSet:
    """Every rule that can be evaluated, as arrays indexed by rule, latch or input point.

    key, revision, input: by rule. point_key: ascending, by input. window_us: longest memory an input needs
    value_*, state_*, rate_*, silence_*: indices of the rules of a kind, with what it needs, by input
    """

    specs: Sequence[RuleSpec]
    key: Ints
    revision: Ints
    input: Ints
    latches: Latches
    point_key: Ints
    window_us: Ints
    value_rules: Ints
    state_rules: Ints
    state_values: Floats
    state_negated: Ints
    rate_rules: Ints
    rate_window_us: Ints
    rate_per_s: Floats
    silence_rules: Ints
    silence_after_us: Ints
    expressions: Sequence[ExpressionRule]
    nights: Sequence[NightRule]

    def __len__(self) -> int:
        return len(self.key)

    def first_latch(self, rule: Ints) -> Ints:
        """Return the index of the first latch of each rule."""
        return np.searchsorted(self.latches.rule, rule)

    def shown_limit(self, rule: int, latch: int) -> float:
        """Return the limit people are shown for a latch: in the unit of the rule's signal, NaN where none."""
        spec = self.specs[rule]
        named = {"silence": "after_s", "night_flow": "limit"}.get(spec.kind)
        if named is not None:
            return float(spec.parameters.get(named) or np.nan)
        return float(self.latches.limit[latch]) if spec.kind in ("limit", "rate") else float("nan")

    def level_name(self, rule: int, code: int) -> str:
        """Return the name of a level code of a rule."""
        return LEVEL_NAMES[self.specs[rule].kind][code]


def compile_rules(specs: Sequence[RuleSpec]) -> tuple[RuleSet, dict[int, str]]:
    """Compile rules; those that cannot be are left out and named with the reason (rule key -> words)."""
    good: list[tuple[RuleSpec, p.Parameters]] = []
    errors: dict[int, str] = {}
    for spec in sorted(specs, key=lambda spec: spec.key):
        try:
            good.append((spec, _read(spec)))
        except EnerfieldError as error:
            errors[spec.key] = error.message
        except Exception as error:  # whatever a rule holds, it stops nobody but itself
            errors[spec.key] = f"{type(error).__name__}: {error}"
    return _assemble(good), errors


def _read(spec: RuleSpec) -> p.Parameters:
    read = p.read(spec.kind, spec.parameters)
    p.check_numbers(
        priority=1, deadband=spec.deadband, on_delay_s=spec.on_delay_s, off_delay_s=spec.off_delay_s
    )
    if isinstance(read, p.ExpressionParameters):
        missing = set(read.points) - set(spec.points)
        if missing:
            raise Refused(f"no point is found for {', '.join(sorted(missing))}", field="parameters.points")
    if isinstance(read, p.NightParameters):
        p.zone_of(spec.zone)
    return read


def _assemble(rules: list[tuple[RuleSpec, p.Parameters]]) -> RuleSet:
    wanted = {key for spec, _ in rules for key in (spec.point_key, *spec.points.values())}
    point_key = np.array(sorted(wanted), dtype=np.int64)
    where = {int(key): i for i, key in enumerate(point_key)}
    by_kind: dict[type, list[int]] = {}
    for i, (_, read) in enumerate(rules):
        by_kind.setdefault(type(read), []).append(i)
    inputs = np.array([where[spec.point_key] for spec, _ in rules], dtype=np.int64)

    def of(kind: type) -> Ints:
        return np.array(sorted(by_kind.get(kind, []), key=lambda i: inputs[i]), dtype=np.int64)

    latches = _latches(rules)
    silence, state, rate = of(p.SilenceParameters), of(p.StateParameters), of(p.RateParameters)
    values, negated = _states([rules[i][1] for i in state])
    return RuleSet(
        specs=[spec for spec, _ in rules],
        key=np.array([spec.key for spec, _ in rules], dtype=np.int64),
        revision=np.array([spec.revision for spec, _ in rules], dtype=np.int64),
        input=inputs,
        latches=latches,
        point_key=point_key,
        window_us=_windows(rules, where),
        value_rules=of(p.LimitParameters),
        state_rules=state,
        state_values=values,
        state_negated=negated,
        rate_rules=rate,
        rate_window_us=np.array([_us(rules[i][1].window_s) for i in rate], dtype=np.int64),
        rate_per_s=np.array([rules[i][1].per_s for i in rate]),
        silence_rules=silence,
        silence_after_us=np.array([_us(rules[i][1].after_s) for i in silence], dtype=np.int64),
        expressions=[
            ExpressionRule(i, {name: where[key] for name, key in rules[i][0].points.items()}, read)
            for i, read in ((i, rules[i][1]) for i in by_kind.get(p.ExpressionParameters, []))
            if isinstance(read, p.ExpressionParameters)
        ],
        nights=[
            NightRule(i, where[spec.point_key], spec.is_register, spec.zone, spec.deadband, read)
            for i, (spec, read) in enumerate(rules)
            if isinstance(read, p.NightParameters)
        ],
    )


def _latches(rules: list[tuple[RuleSpec, p.Parameters]]) -> Latches:
    rows = [
        (i, t.code, t.sign, t.limit, t.limit - t.sign * deadband, _us(spec.on_delay_s), _us(spec.off_delay_s))
        for i, (spec, read) in enumerate(rules)
        for t, deadband in _thresholds(spec, read)
    ]
    columns = list(zip(*rows, strict=True)) if rows else [()] * 7
    kinds = (np.int64, np.int8, np.float64, np.float64, np.float64, np.int64, np.int64)
    return Latches(*(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True)))


def _thresholds(spec: RuleSpec, read: p.Parameters) -> list[tuple[p.Threshold, float]]:
    """Return a rule's levels with their deadbands; kinds that say yes or no have one, at 1."""
    if isinstance(read, p.LimitParameters | p.RateParameters):
        return [(threshold, spec.deadband) for threshold in read.thresholds]
    return [(p.Threshold("", 1, 1, 1.0), 0.0)]


def _states(states: Sequence[Any]) -> tuple[Floats, Ints]:
    widest = max((len(state.values) for state in states), default=0)
    values = np.full((len(states), widest), np.nan)
    for row, state in zip(values, states, strict=True):
        row[: len(state.values)] = state.values
    return values, np.array([state.negated for state in states], dtype=np.int64)


def _windows(rules: list[tuple[RuleSpec, p.Parameters]], where: Mapping[int, int]) -> Ints:
    window = np.zeros(len(where), dtype=np.int64)
    for spec, read in rules:
        asked: list[tuple[int, float]] = []
        if isinstance(read, p.RateParameters):
            asked = [(spec.point_key, read.window_s)]
        elif isinstance(read, p.ExpressionParameters):
            asked = [(spec.points[name], seconds) for name, seconds in read.when.windows.items()]
        for key, seconds in asked:
            window[where[key]] = max(window[where[key]], _us(seconds))
    return window


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)
