"""Taking operations: each once, each with its own answer, none in the way of the others.

One request is one transaction; each operation has a savepoint of its own in it. What an operation did and what was
answered are committed together, so that a lost answer is given again and nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from backend.assets.ports import FileStore
from backend.field import queries
from backend.field.models import FieldDevice, FieldOperation
from backend.field.rules import operation as rules
from backend.field.rules.dating import Dated, Mark, date
from backend.field.rules.operation import Operation
from backend.field.service.conflicts import Contradicted
from backend.field.service.handlers import HANDLERS
from backend.field.service.outcome import Done, Given
from backend.kernel import clock, ids
from backend.kernel.errors import Conflict, EnerfieldError, Refused
from backend.kernel.scope import Scope
from backend.workorders.service import Command

Result = dict[str, Any]
TAKEN = frozenset({"applied", "merged", "conflict"})
"""Answers after which those that depend on an operation may come."""
UNREADABLE = (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, DataError, IntegrityError)
"""What a handler stumbles over when arguments are not what they should be; the others of the batch go on."""
CROSSED = frozenset({"40001", "40P01", "55P03"})
"""PostgreSQL's words for two transactions in each other's way: the savepoint is undone, nothing else is."""
TAKEN_MEANWHILE = "23505"
"""PostgreSQL's word for a key that another transaction took first: looked at again, it is there to be seen."""
CROSSED_S, EARLY_S = 5, 600
"""When to ask again: after such a meeting, and with an operation of a newer app than this server [s]."""
_log = structlog.get_logger(__name__)


def push(
    session: Session,
    scope: Scope,
    files: FileStore,
    *,
    device_id: str,
    operations: Sequence[Mapping[str, Any]],
    sent: Mapping[str, Any] | None = None,
) -> list[Result]:
    """Take a batch of operations; return one result each, in their order.

    sent: what the phone's clocks said as it sent them (boot_id, mono_ms, sent_at)
    raises Refused where the batch is too large or an op_id comes again with other content, Conflict while another
    request of the same phone is being worked on
    """
    if len(operations) > rules.MOST_OPERATIONS:
        raise Refused(f"at most {rules.MOST_OPERATIONS} operations at a time", field="operations",
                      value=len(operations), remedy="send them in smaller batches")  # fmt: skip
    device = _device(session, scope, device_id)
    _alone(session, scope)
    known = queries.operations(session, scope, _ids(operations))
    batch = _Batch(session, scope, files, device, known, sent or {})
    results = [batch.take(body) for body in operations]
    batch.wake()
    return [batch.final(one) for one in results]


def people_with_overdue(session: Session, scope: Scope) -> Sequence[UUID]:
    """Return whose held operations have waited long enough."""
    return queries.people_with_overdue(session, scope, clock.now())


def settle_overdue(session: Session, scope: Scope, files: FileStore) -> int:
    """Apply what has waited long enough without what it depends on, or say that it cannot; returns how many."""
    _alone(session, scope)
    overdue = [one for one in queries.held(session, scope) if (one.held_until or clock.now()) <= clock.now()]
    for row in overdue:
        if row.outcome != "held":
            continue  # woken by one before it
        device = _device(session, scope, row.device_id)
        batch = _Batch(session, scope, files, device, {row.op_id: row}, {})
        batch.try_again(row, despite_missing=True)
        batch.wake()
    return len(overdue)


class _Batch:
    """The operations of one request, and what became of those known before."""

    def __init__(
        self, session: Session, scope: Scope, files: FileStore, device: FieldDevice,
        known: dict[UUID, FieldOperation], sent: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self.session, self.scope, self.files, self.device, self.known = session, scope, files, device, known
        self.now = clock.now()
        self.received = rules.receipt(sent, at=self.now)
        self.last: tuple[int, Mark] | None = None
        self.has_news = False

    def take(self, body: Mapping[str, Any]) -> Result:
        """Take one operation as it came."""
        try:
            op = rules.read(body, device_id=self.device.device_id)
        except rules.Early:
            return _retry(str(body.get("op_id", "")), EARLY_S)
        except Refused as error:
            return _rejected(str(body.get("op_id", "")), error)
        digest, before = rules.digest(body), self.known.get(op.op_id)
        if before is not None:
            if before.digest != digest:
                raise Refused(
                    "an op_id came again with other content", field="op_id", value=str(body["op_id"])
                )
            if before.outcome == "held":
                return self.try_again(before)
            return {"op_id": ids.show(op.op_id), "outcome": "duplicate", "result": before.result}
        dated = date(op.when, received=self.received, previous=self._previous(op))
        row = FieldOperation(
            person_id=self.scope.actor_id, op_id=op.op_id, device_id=op.device_id, seq=op.seq, digest=digest,
            body=dict(body), outcome="held", result={}, occurred_at=dated.at, uncertainty_s=dated.uncertainty_s,
            received_at=self.now, held_until=None,
        )  # fmt: skip
        result = self._decide(op, row)
        if result["outcome"] == "retry":
            return result
        self._note_device(op, dated)
        self.session.add(row)
        self.session.flush()
        self.known[op.op_id] = row
        return result

    def try_again(self, row: FieldOperation, *, despite_missing: bool = False) -> Result:
        """Look again at an operation that waits."""
        op = rules.read(row.body, device_id=row.device_id)
        return self._decide(op, row, despite_missing=despite_missing)

    def wake(self) -> None:
        """Carry out what waited for what came; again while that lets others go on."""
        while self.has_news:
            self.has_news = False
            for row in queries.held(self.session, self.scope):
                self.try_again(row)

    def final(self, result: Result) -> Result:
        """Return an answer as it is after all: something held may have been woken within the same request."""
        if result["outcome"] != "held":
            return result
        return self.known[ids.parse(result["op_id"])].result

    def _decide(self, op: Operation, row: FieldOperation, *, despite_missing: bool = False) -> Result:
        missing = self._missing(op)
        if missing and not despite_missing:
            row.held_until = row.held_until or self.now + rules.HELD
            result = {"op_id": ids.show(op.op_id), "outcome": "held", "missing": [ids.show(one) for one in missing],
                      "until": _iso(row.held_until)}  # fmt: skip
            row.outcome, row.result = "held", result
            return result
        result = self._carry_out(op, row, is_late=bool(missing))
        if result["outcome"] == "retry":
            return result
        row.outcome, row.result, row.held_until = result["outcome"], result, None
        self.session.flush()
        self.has_news = True
        return result

    def _missing(self, op: Operation) -> list[UUID]:
        """Return the operations this one depends on that are not taken yet."""
        unknown = [one for one in op.deps if one not in self.known]
        if unknown:
            self.known |= queries.operations(self.session, self.scope, unknown)
        return [one for one in op.deps if one not in self.known or self.known[one].outcome == "held"]

    def _carry_out(
        self, op: Operation, row: FieldOperation, *, is_late: bool, is_again: bool = False
    ) -> Result:
        refused = [one for one in op.deps if one in self.known and self.known[one].outcome == "rejected"]
        handler = HANDLERS.get(op.name)
        try:
            if handler is None:
                raise Refused(f"there is no command {op.name}", field="command", value=op.name)
            if refused:
                raise Refused("something it depends on was refused", field="deps", value=ids.show(refused[0]),
                              remedy="mend that first")  # fmt: skip
            with self.session.begin_nested():
                done = handler(self.session, self.scope, op, self._given(op, row))
                self.session.flush()
        except Contradicted as said:
            return said.keep(self.session, self.scope, op) | {
                "op_id": ids.show(op.op_id),
                "outcome": "conflict",
            }
        except EnerfieldError as error:
            return _rejected(ids.show(op.op_id), error)
        except OperationalError as error:
            if (error.orig and getattr(error.orig, "sqlstate", None)) not in CROSSED:
                raise
            _log.info("operation crossed another's way", command=op.name)
            return _retry(ids.show(op.op_id), CROSSED_S)
        except UNREADABLE as error:
            if not is_again and getattr(getattr(error, "orig", None), "sqlstate", None) == TAKEN_MEANWHILE:
                return self._carry_out(
                    op, row, is_late=is_late, is_again=True
                )  # and finds what took its place
            _log.exception("operation not understood", command=op.name)
            return _rejected(ids.show(op.op_id), Refused("this operation is not understood", field="args",
                                                         remedy="update the app"))  # fmt: skip
        return _answer(op, done, is_late=is_late)

    def _given(self, op: Operation, row: FieldOperation) -> Given:
        evidence: dict[str, Any] = {"uncertainty_s": row.uncertainty_s}
        if op.geo is not None:
            evidence["geo"] = dict(op.geo)
        command = Command(
            reason=op.args.get("reason"), evidence=evidence, occurred_at=row.occurred_at, raw_at=op.when.raw_at,
            uncertainty_s=row.uncertainty_s, device_id=op.device_id, op_id=op.op_id, base_rev=op.base_rev,
        )  # fmt: skip
        return Given(command, self.files)

    def _previous(self, op: Operation) -> Mark | None:
        """Return when the operation before this one was, by the phone's count; one that comes late has its own."""
        if self.last is None or op.seq != self.last[0] + 1:
            row = queries.before(self.session, self.scope, op.device_id, op.seq)
            return None if row is None else Mark(row.occurred_at, rules.ticks_of(row.body))
        return self.last[1]

    def _note_device(self, op: Operation, dated: Dated) -> None:
        self.last = (op.seq, Mark(dated.at, op.when.ticks))
        device = self.device
        device.last_seq, device.app = max(device.last_seq, op.seq), op.app or device.app
        device.last_at = max(dated.at, device.last_at) if device.last_at else dated.at
        device.clock_offset_ms = int(op.when.offset.total_seconds() * 1000)
        device.is_clock_odd = dated.is_odd


def _answer(op: Operation, done: Done, *, is_late: bool) -> Result:
    result: Result = {"op_id": ids.show(op.op_id), "outcome": "applied", "rev": done.rev}
    if done.overwritten is not None:
        result |= {"outcome": "merged", "overwritten": done.overwritten}
    if done.is_noop:
        result["is_noop"] = True
    if is_late:
        result["is_late"] = True
    return result


def _rejected(op_id: str, error: EnerfieldError) -> Result:
    return {"op_id": op_id, "outcome": "rejected", "code": error.code, "message": error.message,
            "field": error.field, "fix_hint": error.remedy}  # fmt: skip


def _retry(op_id: str, after_s: int) -> Result:
    """Not now: nothing is kept of it, so that it is new when it comes again."""
    return {"op_id": op_id, "outcome": "retry", "after_s": after_s}


def _device(session: Session, scope: Scope, device_id: str) -> FieldDevice:
    """Return the asker's phone, nobody else's request working on it meanwhile."""
    if not 1 <= len(device_id) <= 80:
        raise Refused("a phone has a name of its own", field="device_id", value=device_id[:100])
    free = session.execute(
        text("SELECT pg_try_advisory_xact_lock(hashtextextended(:who, 0))"),
        {"who": f"field {scope.actor_id} {device_id}"},
    ).scalar_one()
    if not free:
        raise Conflict("an earlier request of this phone is still being worked on", field="device_id",
                       value=device_id, remedy="try again in a moment")  # fmt: skip
    device = queries.device(session, scope, device_id)
    if device is None:
        device = FieldDevice(person_id=scope.actor_id, device_id=device_id, last_seq=0, is_clock_odd=False,
                             seen_at=clock.now())  # fmt: skip
        session.add(device)
    device.seen_at = clock.now()
    session.flush()
    return device


def _alone(session: Session, scope: Scope) -> None:
    """Let another phone of the same person finish first: what one sends may wake what waits of the other."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:who, 1))"), {"who": f"field {scope.actor_id}"}
    )


def _ids(operations: Sequence[Mapping[str, Any]]) -> list[UUID]:
    found = []
    for body in operations:
        try:
            found.append(ids.parse(str(body.get("op_id"))))
        except (Refused, AttributeError):
            continue
    return found


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
