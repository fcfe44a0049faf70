"""The evaluator at work: rules compiled from their rows, memory from what was saved, batch after batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
import structlog
from sqlalchemy.orm import Session

from backend.alarms.queries import following as queries
from backend.alarms.rules import evaluate, memory, parameters
from backend.alarms.rules.evaluate import Change, Outcome, Readings
from backend.alarms.rules.latch import NEVER
from backend.alarms.rules.ruleset import RuleSet, RuleSpec, compile_rules
from backend.alarms.service.record import Move
from backend.kernel import clock
from backend.kernel.scope import Scope
from backend.metering.rules import Quality
from backend.metering.service import journal
from backend.metering.service.journal import JournalBatch

NAME = "alarms"
AWAY_US = 60_000_000
"""Longer away than this and silence is held against nobody until it has lasted anew [µs]."""

_log = structlog.get_logger(__name__)


@dataclass
class Evaluator:
    """Rules and memory at work, perhaps ahead of what was saved.

    rule_ids: by rule key; sequence: last batch taken; version: of the saved memory; fingerprint: of the rules
    moves, errors (rule key -> words), gone (keys of rules not evaluated any more): to be written next time
    """

    rules: RuleSet
    memory: memory.Memory
    rule_ids: dict[int, UUID]
    sequence: int
    version: int
    fingerprint: tuple[Any, ...]
    moves: list[Move] = field(default_factory=list)
    errors: dict[int, str] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)

    @property
    def has_news(self) -> bool:
        """Tell whether something waits to be written."""
        return bool(self.moves or self.errors or self.gone)

    def take(self, batch: JournalBatch) -> None:
        """Evaluate one batch. Of imports only the spans are known: they end silence, nothing else."""
        self.sequence = batch.sequence
        received_us = clock.to_us(batch.received_at)
        if batch.readings is not None:
            some = batch.readings
            usable = (some.quality != Quality.BAD) & ~np.isnan(some.value)
            readings = Readings(
                some.point_key, some.read_at_us, some.value, usable, received_us, batch.is_live
            )
        elif batch.spans is not None:
            spans = batch.spans
            nothing, usable = np.full(len(spans), np.nan), np.ones(len(spans), dtype=bool)
            readings = Readings(spans.point_key, spans.last_us, nothing, usable, received_us, is_live=False)
        else:
            return
        self._note(self._step(readings))

    def pass_time(self) -> None:
        """Let time pass up to now."""
        self._note(evaluate.tick(self.rules, self.memory, clock.now_us()))

    def reload(self, session: Session, scope: Scope) -> None:
        """Compile the rules as they stand now and carry over what is remembered."""
        packed = memory.pack(self.rules, self.memory)
        self.rules, self.rule_ids, errors = _compile(session, scope)
        self.errors |= errors
        self.fingerprint = queries.fingerprint(session, scope)
        self._restore(packed)
        self.settle_in(session, scope)

    def settle_in(self, session: Session, scope: Scope) -> None:
        """Learn how new inputs stand, and judge new and changed rules on what their points show now.

        Only readings that the journal has brought already count as shown; it will bring the others.
        """
        memory_, keys = self.memory, self.rules.point_key
        unheard = keys[memory_.good_us == NEVER].tolist()
        if unheard:
            for key, read_at in queries.last_good(session, scope, unheard).items():
                memory_.good_us[np.searchsorted(keys, key)] = clock.to_us(read_at)
        unseen = keys[memory_.seen_us == NEVER].tolist()
        since = clock.from_us(clock.now_us() - evaluate.LATE_US)
        if unseen:
            found = queries.present(session, scope, unseen, since=since, until_sequence=self.sequence)
            for row in found:
                place = np.searchsorted(keys, row.point_key)
                memory_.seen_us[place], memory_.value[place] = clock.to_us(row.read_at), row.value
        self._note(evaluate.reconcile(self.rules, self.memory, clock.now_us()))

    def _step(self, readings: Readings) -> Outcome:
        """Evaluate; if that fails find the rules to blame, by halves, and set them aside."""
        before = memory.copy(self.memory)
        try:
            return evaluate.step(self.rules, self.memory, readings)
        except Exception:
            _log.exception("a batch could not be evaluated", sequence=self.sequence)
            packed = memory.pack(self.rules, before)
            guilty = _guilty(self.rules.specs, packed, readings)
            if not guilty:
                raise
        self.errors |= guilty
        self.rules, _ = compile_rules([spec for spec in self.rules.specs if spec.key not in guilty])
        self._restore(packed)
        return evaluate.step(self.rules, self.memory, readings)

    def _restore(self, packed: bytes) -> None:
        self.memory, gone = memory.restore(self.rules, packed, now_us=clock.now_us())
        self.gone |= gone.keys()

    def _note(self, outcome: Outcome) -> None:
        self.moves += [self._move(change) for change in outcome.changes]
        self.errors |= outcome.errors

    def _move(self, change: Change) -> Move:
        spec = self.rules.specs[change.rule]
        code = change.after or change.before
        return Move(
            self.rule_ids[spec.key], clock.from_us(change.at_us), change.before, change.after,
            self.rules.level_name(change.rule, code), change.value, change.limit, change.worst,
            _own_priority(spec, code),
        )  # fmt: skip


def load(session: Session, scope: Scope) -> Evaluator:
    """Return an evaluator that goes on where the last saving stopped."""
    saved = queries.memory(session, scope, NAME)
    rules, rule_ids, errors = _compile(session, scope)
    now_us = clock.now_us()
    found = Evaluator(
        rules, memory.blank(rules, now_us=now_us), rule_ids, journal.cursor(session, scope, NAME),
        saved.version if saved else 0, queries.fingerprint(session, scope), errors=errors,
    )  # fmt: skip
    if saved is not None:
        found._restore(saved.memory)
        if now_us - clock.to_us(saved.saved_at) > AWAY_US:
            found.memory.listening_us = now_us
    found.settle_in(session, scope)
    return found


def _compile(session: Session, scope: Scope) -> tuple[RuleSet, dict[int, UUID], dict[int, str]]:
    """Compile every enabled rule that is not set aside; returns rules, ids by key, what went wrong by key."""
    rows = [row for row in queries.enabled_rules(session, scope) if row.AlarmRule.error is None]
    keys = queries.point_keys(session, scope, set(_bound_points(row.AlarmRule.parameters for row in rows)))
    specs = [
        RuleSpec(
            row.AlarmRule.key, row.AlarmRule.revision, row.AlarmRule.kind.value, row.point_key,
            row.AlarmRule.parameters, row.AlarmRule.deadband, row.AlarmRule.on_delay_s,
            row.AlarmRule.off_delay_s, row.point_kind.value == "register", row.zone,
            _bound(row.AlarmRule.parameters, keys),
        )
        for row in rows
    ]  # fmt: skip
    rules, errors = compile_rules(specs)
    return rules, {row.AlarmRule.key: row.AlarmRule.id for row in rows}, errors


def _bound_points(given: Iterable[dict[str, Any]]) -> Iterable[UUID]:
    for parameters_ in given:
        points = parameters_.get("points")
        for point in points.values() if isinstance(points, dict) else ():
            try:
                yield UUID(str(point))
            except ValueError:
                continue  # the rule that holds it is set aside when it is compiled: its point is missing


def _bound(given: dict[str, Any], keys: dict[str, int]) -> dict[str, int]:
    points = given.get("points")
    if not isinstance(points, dict):
        return {}
    return {name: keys[str(point)] for name, point in points.items() if str(point) in keys}


def _guilty(specs: Sequence[RuleSpec], packed: bytes, readings: Readings) -> dict[int, str]:
    """Find the rules that fail on these readings, by halves; returns rule key -> what went wrong."""
    some, _ = compile_rules(specs)
    remembered, _ = memory.restore(some, packed, now_us=readings.received_us)
    try:
        evaluate.step(some, remembered, readings)
    except Exception as error:  # that is what we are looking for
        if len(specs) == 1:
            return {specs[0].key: f"{type(error).__name__}: {error}"}
        half = len(specs) // 2
        return _guilty(specs[:half], packed, readings) | _guilty(specs[half:], packed, readings)
    return {}


def _own_priority(spec: RuleSpec, code: int) -> int | None:
    read = parameters.read(spec.kind, spec.parameters) if spec.parameters.get("priorities") else None
    if not isinstance(read, parameters.LimitParameters):
        return None
    return next((t.priority for t in read.thresholds if t.code == code), None)
