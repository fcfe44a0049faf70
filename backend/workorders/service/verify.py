"""Watching the telemetry of a repair: the question is pinned, the samples are stored, the answer follows from them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.errors import NotFound
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.workorders.models import Verification
from backend.workorders.queries import orders as order_queries
from backend.workorders.queries import verifications as queries
from backend.workorders.rules import verification as rules
from backend.workorders.rules.machine import OrderStatus
from backend.workorders.rules.verification import Answer, Happened, Question, Sample, Verdict, Watched
from backend.workorders.service import moves
from backend.workorders.service.moves import Command

_AFTER = {Verdict.VERIFIED: "confirm", Verdict.FAILED: "fail", Verdict.INCONCLUSIVE: "ask_person"}


def settle(session: Session, scope: Scope, *, order_id: UUID) -> Verdict | None:
    """Judge an order's watch as it stands; a verdict moves the order. Again is a no-op."""
    order = order_queries.order(session, scope, order_id, lock=True)
    watch = queries.newest(session, scope, order)
    if watch is None or watch.verdict is not None or order.status is not OrderStatus.VERIFYING:
        return None
    answer = replay(session, scope, watch, now=clock.now())
    if answer.verdict is None:
        return None
    watch.verdict, watch.because, watch.decided_at = answer.verdict.value, dict(answer.because), clock.now()
    watch.first_good_at = answer.first_good_at
    session.flush()
    evidence: dict[str, Any] = {"verdict": answer.verdict.value, "because": dict(answer.because)}
    if answer.first_good_at is not None:
        evidence["first_good_at"] = answer.first_good_at.isoformat()
    moves.move(session, scope, order, _AFTER[answer.verdict], Command(evidence=evidence))
    return answer.verdict


def replay(session: Session, scope: Scope, watch: Verification, *, now: datetime | None = None) -> Answer:
    """Return what a watch says, worked out anew from the stored samples; now None: as of its decision or end."""
    question = _read(watch.question)
    until = now or watch.decided_at or watch.ends_at
    end = min(until, watch.ends_at)
    samples = {
        one.key: _samples(session, scope, UUID(one.key), watch.started_at, end) for one in question.points
    }
    rules_watched = [UUID(one) for one in watch.question["alarm_rules"]]
    told = queries.alarm_history(session, scope, rules_watched, watch.started_at, end)
    spans = rules.spans([Happened(*row) for row in told])
    return rules.judge(question, samples, spans, started_at=watch.started_at, now=until)


def watch_of(session: Session, scope: Scope, *, verification_id: UUID) -> Verification:
    """Return one watch; raises NotFound."""
    found = queries.by_id(session, scope, verification_id)
    if found is None:
        raise NotFound("there is no such verification", field="verification_id", value=str(verification_id))
    return found


def _samples(session: Session, scope: Scope, point_id: UUID, start: datetime, end: datetime) -> list[Sample]:
    at_us, value, quality = metering.readings(
        session, scope, point_id=point_id, period=Period(start, end + timedelta(microseconds=1))
    )
    return [
        Sample(clock.from_us(int(at)), None if one != one else float(one), int(kind))
        for at, one, kind in zip(at_us, value, quality, strict=True)
    ]


def _read(stored: dict[str, Any]) -> Question:
    return Question(
        [Watched(**one) for one in stored["points"]], timedelta(seconds=stored["window_s"]), stored["samples"],
        timedelta(seconds=stored["oldest_s"]),
    )  # fmt: skip
