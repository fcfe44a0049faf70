"""Train models anew: a challenger becomes champion only by being better on days neither was trained on.

In three steps, so that nothing is locked while a model learns: `gather` reads, `learn` computes, `settle` writes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.forecasting.models import ForecastModel, ForecastTarget, Verdict
from backend.forecasting.queries import targets
from backend.forecasting.queries import weather as skies_asked
from backend.forecasting.queries.confined import KEEPERS
from backend.forecasting.rules import (
    OPENINGS,
    Folds,
    Kind,
    Method,
    Model,
    NoForecast,
    OldModel,
    Past,
    Scores,
    Weather,
    Why,
    backtest,
    replaces,
    train,
)
from backend.forecasting.rules.backtest import pinball
from backend.forecasting.rules.foreseen import BAND_80, MEDIAN, tidy
from backend.forecasting.service import reading, skies
from backend.forecasting.service.failing import NotLearnt, Untrained, note
from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Scope

TRAINED_ON = timedelta(days=730)
"""So much of the past a model learns from."""
EVERY = timedelta(days=7)
"""So often a challenger is trained; asked for, at once."""
TRY_AGAIN = timedelta(days=1)
HELD_DAYS = 7
LEAST_HELD_DAYS = 3
"""A champion and its challenger are compared on so many days since the champion learnt, at the least."""
YOUNG = timedelta(days=LEAST_HELD_DAYS + 1)
"""So long after the end of what a champion learnt from there is nothing to compare it on."""
LEAST_DAYS = 24
"""Three weeks to learn from before the first held days, which are three then."""
FIRST_HELD_DAYS = 14
"""A first model is judged on so many days where the past is long: one fit, forecast anew from each midnight."""
WEATHER_PATIENCE = timedelta(hours=1)
"""A new target waits so long for the first weather of its place before it learns without."""


@dataclass(frozen=True)
class Lesson:
    """Everything a challenger is trained on and compared with; plain values.

    past: whole local days are held from its end; weather: as known the midnight before
    champion: body and the end of what it was trained on; None where there is none
    """

    target_id: UUID
    past: Past
    weather: Weather | None
    kind: Kind
    champion: tuple[str, datetime] | None
    champion_id: UUID | None
    asked_by: UUID | None


@dataclass(frozen=True)
class Learnt:
    """A challenger with the scores it is judged by, and the champion's on the same days; body: empty where it lost."""

    body: str
    scores: Mapping[Method, Scores]
    champion_scores: Scores | None
    wins: bool
    took_s: float

    @property
    def own(self) -> Scores:
        """The challenger's own scores: with weather where it has any."""
        return own_scores(self.scores)


def ask_for_training(session: Session, scope: Scope, *, target_id: UUID) -> ForecastTarget:
    """Have a new model trained in the background; it becomes champion only if it is better.

    raises Conflict while the champion is too young to be compared with
    """
    one = targets.target(session, scope, target_id)
    scope.demand(one.organisation_id, *KEEPERS)
    if one.ended_at is not None:
        raise Refused("this is not forecast any more", field="target_id", remedy="set up a new one")
    champion = targets.standing(session, scope, [one.id]).get(one.id)
    if (
        champion is not None
        and one.id not in targets.old_champions(session, scope, OPENINGS)
        and _is_young(champion)
    ):
        ready = champion.known_until + YOUNG
        raise Conflict(
            "the model in use is too young to be compared with another", field="target_id",
            remedy=f"there are enough days to compare on from {ready:%Y-%m-%d %H:%M} UTC on",
        )  # fmt: skip
    if one.retrain_asked_at is None:
        one.retrain_asked_at, one.retrain_asked_by = clock.now(), scope.actor_id
        audit.record(
            session, scope, action="forecast.training_asked", entity="forecast_target", entity_id=one.id,
            organisation_id=one.organisation_id,
        )  # fmt: skip
    return one


def _is_young(champion: ForecastModel) -> bool:
    return clock.now() - champion.known_until < YOUNG


def due_for_training(session: Session, scope: Scope) -> list[UUID]:
    """Return the targets that want a model: it is time, or a person asked; the asked ones first.

    One whose champion cannot be read any more is as one that has none.
    """
    now, found = clock.now(), []
    old = targets.old_champions(session, scope, OPENINGS)
    last = targets.last_trained(session, scope)
    for one, _, _, _ in targets.running(session, scope):
        trained_at = last[one.id][1] if one.id in last and one.id not in old else None
        if _is_due(one, trained_at, now) and not _waits_for_weather(session, scope, one, now):
            found.append((one.retrain_asked_at is None, one.id))
    return [target_id for _, target_id in sorted(found)]


def _is_due(one: ForecastTarget, trained_at: datetime | None, now: datetime) -> bool:
    """Tell whether it is time: a try that came to nothing is made again the next day, others after a week."""
    if one.tried_at is None or (one.retrain_asked_at is not None and one.retrain_asked_at > one.tried_at):
        return True
    came_to_something = trained_at is not None and trained_at >= one.tried_at
    return now - one.tried_at >= (EVERY if came_to_something else TRY_AGAIN)


def _waits_for_weather(session: Session, scope: Scope, one: ForecastTarget, now: datetime) -> bool:
    if one.weather_place_id is None or now - one.created_at > WEATHER_PATIENCE:
        return False
    return skies_asked.newest_number(session, scope, one.weather_place_id) == 0


def gather(session: Session, scope: Scope, *, target_id: UUID) -> Lesson | None:
    """Read what a challenger learns from, and note the try; None where there is too little yet."""
    target = targets.target(session, scope, target_id)
    target.tried_at = clock.now()
    (one,) = reading.series_of(session, scope, [target])
    end = reading.floor_to(clock.now(), one.step)
    start = reading.floor_to(end - TRAINED_ON, timedelta(hours=1))
    known = reading.known_now(session, scope, [one], start=start, end=end)[target.id]
    there = np.flatnonzero(np.isfinite(known.values))
    if not there.size:
        note(session, target, NotLearnt(Untrained.NO_VALUES))
        return None
    days = int(there[-1] - there[0]) * one.step / timedelta(days=1)
    if days < LEAST_DAYS:
        note(
            session,
            target,
            NotLearnt(Untrained.TOO_SHORT, {"days": round(days, 1), "least_days": LEAST_DAYS}),
        )
        return None
    first, last = int(there[0]), int(there[-1]) + 1
    past = one.past(start + first * one.step, known.values[first:last])
    weather = None
    if target.weather_place_id is not None:
        weather = skies.day_ahead(
            session, scope, target.weather_place_id, start=past.start, end=past.end, zone=one.zone
        )
    champion = targets.champions(session, scope, [target.id]).get(target.id)
    return Lesson(
        target.id, past, weather, one.kind, None if champion is None else (champion.body, champion.known_until),
        None if champion is None else champion.id, target.retrain_asked_by,
    )  # fmt: skip


def learn(lesson: Lesson) -> Learnt | NotLearnt:
    """Train a challenger and compare it with the champion, or with the rungs that need no model where there is none.

    The one that is judged is trained on what lies before the held days; where it wins, it learns the held days too.
    NotLearnt while too few days are known to learn from, or since the champion learnt.
    """
    try:
        return _learnt(lesson)
    except NoForecast as error:
        why = Untrained.TOO_SHORT if error.missing is Why.TOO_SHORT else Untrained.GAPS
        return NotLearnt(why, {"days": _known_days(lesson.past), "least_days": LEAST_DAYS})


def _known_days(past: Past) -> float:
    return round(float(np.isfinite(past.values).sum()) * past.step_min / 1440, 1)


def _learnt(lesson: Lesson) -> Learnt | NotLearnt:
    began, past = time.monotonic(), lesson.past
    standing = _champion(lesson)
    if standing is None or lesson.champion is None:
        days = math.floor((past.end - past.start) / timedelta(days=1))
        held = FIRST_HELD_DAYS if days >= 4 * FIRST_HELD_DAYS else LEAST_HELD_DAYS
        scores = backtest(past, lesson.weather, lesson.kind, Folds(1, held))
        own, champion = own_scores(scores), None
        wins = all(
            own.pinball <= scores[rung].pinball
            for rung in (Method.LAST_WEEK, Method.PREVIOUS_DAY)
            if rung in scores
        )
    else:
        _body, known_until = lesson.champion
        held = min(HELD_DAYS, math.floor((past.end - known_until) / timedelta(days=1)) - 1)
        if held < LEAST_HELD_DAYS:
            return NotLearnt(Untrained.NO_NEW_DAYS, {"days": max(held, 0), "least_days": LEAST_HELD_DAYS})
        scores = backtest(past, lesson.weather, lesson.kind, Folds(1, held))
        own = own_scores(scores)
        champion = judged(standing, past, lesson.weather, lesson.kind, on=own)
        wins = replaces(champion, own)
    body = train(past, lesson.weather, lesson.kind).to_text() if wins else ""
    return Learnt(body, scores, champion, wins, round(time.monotonic() - began, 2))


def _champion(lesson: Lesson) -> Model | None:
    """Return the champion to compare with; None where there is none, or none that can be read."""
    try:
        return None if lesson.champion is None else Model.from_text(lesson.champion[0])
    except OldModel:
        return None


def own_scores(scores: Mapping[Method, Scores]) -> Scores:
    """Return the scores of the model among those of all methods: with weather where there was any."""
    return scores.get(Method.MODEL) or scores[Method.MODEL_WITHOUT_WEATHER]


def judged(model: Model, past: Past, weather: Weather | None, kind: Kind, *, on: Scores) -> Scores:
    """Return how a model that is there already does, day-ahead, on the held days another was scored on."""
    step, model = timedelta(minutes=past.step_min), model.within(kind)
    actual, said = [], []
    for origin, end in _days(past, on.first, on.last):
        known = past.known(past.start + origin * step)
        made = model.quantiles(known, weather, start=known.end, steps=end - origin)
        actual.append(past.values[origin:end])
        said.append(tidy(made, kind))
    a, v = np.concatenate(actual), np.concatenate(said)
    there = np.isfinite(a) & np.isfinite(v).all(axis=1)
    a, v = a[there], v[there]
    mae = float(np.abs(a - v[:, MEDIAN]).mean())
    naive_mae = on.mae / (1 - on.skill) if on.skill < 1 else math.nan
    inside = (v[:, BAND_80[0]] <= a) & (a <= v[:, BAND_80[1]])
    return Scores(
        mae, float(pinball(a, v).mean()), float(inside.mean()), 1 - mae / naive_mae, len(a), on.first, on.last
    )


def _days(past: Past, first: datetime, last: datetime) -> Sequence[tuple[int, int]]:
    """Return where the local days from `first` to `last` begin and end [places in the past]."""
    from backend.forecasting.rules.days import LocalClock

    step = timedelta(minutes=past.step_min)
    local = LocalClock(past.start, past.step_min, len(past.values), past.zone, past.country)
    begins = [int(n) for n in np.flatnonzero(np.diff(local.day) > 0) + 1]
    inside = [n for n in begins if first <= past.start + n * step <= last]
    return list(zip(inside, inside[1:], strict=False))


def settle(
    session: Session, scope: Scope, lesson: Lesson, learnt: Learnt | NotLearnt
) -> ForecastModel | None:
    """Keep what was learnt, and make it the champion where it won; None where nothing was (with why), or too late.

    A champion that changed meanwhile stays: it was not the one that was compared. What was asked for meanwhile, or
    while the champion is too young to be compared with, stays asked for.
    """
    target = next(iter(targets.locked(session, scope, [lesson.target_id])), None)
    if target is None:
        return None
    before = targets.standing(session, scope, [target.id]).get(target.id)
    if isinstance(learnt, NotLearnt) and learnt.why is Untrained.NO_NEW_DAYS and before and _is_young(before):
        return None  # asked for because weather or modules are others now: no fault of the meters
    if target.retrain_asked_at and (target.tried_at is None or target.retrain_asked_at <= target.tried_at):
        target.retrain_asked_at = target.retrain_asked_by = None
    if isinstance(learnt, NotLearnt):
        note(session, target, learnt)
        return None
    target.untrained_since = target.untrained = None
    if (before.id if before else None) != lesson.champion_id:
        return None
    now = clock.now()
    if learnt.wins and before is not None:
        before.verdict, before.champion_until = Verdict.REPLACED, now
        session.flush()
    last = targets.last_trained(session, scope).get(target.id)
    made = ForecastModel(
        id=ids.new_id(), organisation_id=target.organisation_id, target_id=target.id,
        number=(last[0] if last else 0) + 1, body=learnt.body, trained_at=now, known_from=lesson.past.start,
        known_until=lesson.past.end, took_s=learnt.took_s,
        scores={method.value: said(one) for method, one in learnt.scores.items()},
        champion_scores=said(learnt.champion_scores) if learnt.champion_scores else None,
        verdict=Verdict.CHAMPION if learnt.wins else Verdict.REFUSED, asked_by=lesson.asked_by,
        champion_from=now if learnt.wins else None, champion_until=None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(
        session, scope, action=f"forecast.model_{made.verdict.value}", entity="forecast_target", entity_id=target.id,
        organisation_id=target.organisation_id, after={"number": made.number, "pinball": learnt.own.pinball},
    )  # fmt: skip
    return made


def said(scores: Scores) -> dict[str, Any]:
    """Return scores as plain values; what is no number is None."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in scores.as_dict().items()
    }


def retrain(session: Session, scope: Scope, *, target_id: UUID) -> ForecastModel | None:
    """Do all three steps in one transaction; None where there is too little to learn from or to compare on.

    raises Refused where the target is not forecast any more
    """
    if targets.target(session, scope, target_id).ended_at is not None:
        raise Refused("this is not forecast any more", field="target_id")
    lesson = gather(session, scope, target_id=target_id)
    return None if lesson is None else settle(session, scope, lesson, learn(lesson))
