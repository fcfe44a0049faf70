"""Faults of the kind a sync is feared for, to be planted one by one: the laws that miss one are too weak."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text

from backend.field.models import FieldOperation
from backend.field.rules import operation as rules
from backend.field.rules.dating import Dated
from backend.field.service import conflicts, uploads
from backend.field.service.conflicts import Contradicted
from backend.field.service.handlers import HANDLERS, assets
from backend.field.service.outcome import Done
from backend.kernel import changes, clock
from backend.kernel.changes import Change, Changed
from backend.workorders import service as work

pull, push = (
    import_module(f"backend.field.service.{name}") for name in ("pull", "push")
)  # not their functions
Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Fault:
    """name: what is wrong

    plant: at the server; file, was, becomes: in the phone's sources
    needs_commits: it is one of transactions side by side, and cannot be where all is one that is undone
    """

    name: str
    plant: Callable[[Patch], object] = lambda _patch: None
    file: str | None = None
    was: str = ""
    becomes: str = ""
    needs_commits: bool = False


def _carried_out_again(patch: Patch) -> None:
    real = push._Batch.take

    def take(self: Any, body: Any) -> Any:
        result = real(self, body)
        if result["outcome"] == "duplicate" and result["result"]["outcome"] == "applied":
            op = rules.read(body, device_id=self.device.device_id)
            given = self._given(op, self.known[op.op_id])
            anew = replace(given, command=replace(given.command, op_id=None))
            HANDLERS[op.name](self.session, self.scope, op, anew)
        return result

    patch.setattr(push._Batch, "take", take)


def _not_remembered(patch: Patch) -> None:
    real = push._Batch.take

    def take(self: Any, body: Any) -> Any:
        add = self.session.add
        self.session.add = lambda row: isinstance(row, FieldOperation) or add(row)
        try:
            return real(self, body)
        finally:
            del self.session.add

    patch.setattr(push._Batch, "take", take)


def _without_effect(patch: Patch) -> None:
    def comment(session: Any, scope: Any, op: Any, _given: Any) -> Done:
        return Done(work.order(session, scope, order_id=op.id).rev)

    patch.setitem(HANDLERS, "work_order.comment", comment)


def _cursor_by_time(patch: Patch) -> None:
    """Changes are told by when their transaction began, not in the order of commits."""
    patch.setattr(changes, "_WRITE", text(str(changes._WRITE).replace(":at", "least(now(), :at)")))

    def since(session: Any, scope: Any, *, sequence: int, limit: int = 500) -> list[Changed]:
        found = session.execute(
            select(Change.at, Change.entity, Change.entity_id, Change.organisation_id)
            .where(Change.at > clock.from_us(sequence), Change.organisation_id.in_(scope.organisations))
            .order_by(Change.at)
            .limit(limit)
        )
        return [Changed(clock.to_us(row.at), *row[1:]) for row in found]

    patch.setattr(changes, "since", since)
    patch.setattr(changes, "head", lambda _session, _scope: clock.to_us(clock.now()))


def _only_the_last_change(patch: Patch) -> None:
    real = changes.since
    patch.setattr(changes, "since", lambda *given, **asked: real(*given, **asked)[-1:])


def _not_noted(*entities: str) -> Callable[[Patch], None]:
    def plant(patch: Patch) -> None:
        real = changes.note
        patch.setattr(
            changes,
            "note",
            lambda session, scope, **said: said["entity"] in entities or real(session, scope, **said),
        )

    return plant


def _dated_by(when: Callable[[Any], datetime]) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(push, "date", lambda said, **_: Dated(when(said), 0.0, False))


class _Right:
    """A hash that is whatever is wanted."""

    def __eq__(self, _other: object) -> bool:
        return True

    def __ne__(self, _other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]  # nobody looks it up


def _hashes_believed(*, whole: bool) -> Callable[[Patch], None]:
    def sha256(data: bytes) -> Any:
        right = _Right()
        return SimpleNamespace(
            digest=lambda: right, hexdigest=lambda: right if whole else hashlib.sha256(data).hexdigest()
        )

    return lambda patch: patch.setattr(uploads, "hashlib", SimpleNamespace(sha256=sha256))


def _word_not_kept(patch: Patch) -> None:
    real = conflicts.note

    def note(session: Any, scope: Any, op: Any, *given: Any, **said: Any) -> Any:
        return real(session, scope, replace(op, args={}), *given, **said)

    patch.setattr(conflicts, "note", note)


def _handling(names: Callable[[str], bool], change: Callable[[Any], Any]) -> Callable[[Patch], None]:
    def plant(patch: Patch) -> None:
        for name, real in list(HANDLERS.items()):
            if names(name):
                patch.setitem(HANDLERS, name, change(real))

    return plant


def _silently(real: Any) -> Any:
    return lambda *given: replace(real(*given), overwritten=None)


def _swallowed(real: Any) -> Any:
    def handle(*given: Any) -> Done:
        try:
            return real(*given)
        except Contradicted:
            return Done(0, is_noop=True)

    return handle


def _office_stands(real: Any) -> Any:
    def handle(session: Any, scope: Any, op: Any, given: Any) -> Done:
        before = work.answer_of(session, scope, order_id=op.id, item=str(op.args.get("item")))
        if before is not None and before.answered_by != scope.actor_id:
            return Done(0, is_noop=True)
        return real(session, scope, op, given)

    return handle


SERVER = [
    Fault("what an answer was lost of is carried out again", _carried_out_again),
    Fault("what was done is not remembered", _not_remembered),
    Fault("an operation is remembered, its effect is not", _without_effect),
    Fault("what it depends on is not waited for",
          lambda patch: patch.setattr(push._Batch, "_missing", lambda _self, _op: [])),
    Fault("the cursor goes by time", _cursor_by_time, needs_commits=True),
    Fault("of several changes the last is told", _only_the_last_change),
    Fault("a change of an order is not noted", _not_noted("work_order")),
    Fault("a change of a van's stock is not noted", _not_noted("store", "stock", "part")),
    Fault("what is no longer mine is not told", lambda patch: patch.setattr(pull, "_leaves", lambda *_: [])),
    Fault("the clock is taken from the phone as it is", _dated_by(lambda said: said.raw_at)),
    Fault("the clock is believed once its offset is added", _dated_by(lambda said: said.raw_at + said.offset)),
    Fault("a name is overwritten silently", lambda patch: patch.setattr(assets, "_others_word", lambda *_: None)),
    Fault("an answer is overwritten silently", _handling("work_order.answer".__eq__, _silently)),
    Fault("the office's answer stands against the field's", _handling("work_order.answer".__eq__, _office_stands)),
    Fault("what contradicts the office is swallowed",
          _handling(lambda name: name.startswith(("visit.", "work_order.")), _swallowed)),
    Fault("the word of a conflict is not kept", _word_not_kept),
    Fault("no hash of a photo is checked", _hashes_believed(whole=True)),
    Fault("no piece of a photo is checked", _hashes_believed(whole=False)),
    Fault("a photo's arrival is not written down",
          lambda patch: patch.setattr(work, "note_arrival", lambda *_, **__: None)),
]  # fmt: skip

PHONE = [
    Fault("the outbox is cleared before the answer", file="push.ts",
          was='put({ ...entry, state: "sending" })', becomes='put({ ...entry, state: "server", ackedAt: env.now() })'),
    Fault("what is sent again has another id", file="push.ts", was="operations: batch.map((entry) => entry.op)",
          becomes='operations: batch.map(({ op, state }) => '
                  '(state === "queued" ? { ...op, op_id: newId(env.now()) } : op))'),
    Fault("what a crash left on its way stays there", file="push.ts",
          was='["saved", "queued", "sending", "held"].includes(entry.state)',
          becomes='["saved", "queued", "held"].includes(entry.state)'),
    Fault("what is held counts as done", file="push.ts", was='case "held":', becomes='case "never":'),
    Fault("a conflict counts as done", file="push.ts", was='case "conflict":', becomes=""),
    Fault("nothing says what it depends on", file="core.ts", was="if (FREE.has(command)) return [];",
          becomes="if (command) return [];"),
    Fault("logging out forgets what waits", file="core.ts", was="await this.store.setMeta({ tokens: undefined });",
          becomes='await this.store.setMeta({ tokens: undefined });\n'
                  '    await this.store.write(["ops"], async (tx) => tx.objectStore("ops").clear());'),
    Fault("what leaves is not forgotten", file="pull.ts", was="if (before) await", becomes="if (!before) await"),
    Fault("the cursor is kept before the rows", file="pull.ts", was="    await keep(env, store, place,",
          becomes="    await store.setMeta({ place: { ...place, cursor: answer.body.cursor, "
                  "epoch: answer.body.scope_epoch } });\n    await keep(env, store, place,"),
    Fault("what was pulled does not show", file="pull.ts", was="await rebuild(tx, changed);", becomes=""),
    Fault("what was refused still shows", file="overlay.ts", was='entry.state !== "needs_you"', becomes="!!entry"),
    Fault("a photo counts as sent when it is begun", file="upload.ts",
          was="await remember(store, blob.sha256, { url, offset });\n    } else",
          becomes="return received(env, store, blob);\n    } else"),
    Fault("a hotel's log-in page counts as the server", file="session.ts",
          was="if (isStrange(response, path))", becomes="if (isStrange(response, path) && response.status !== 200)"),
]  # fmt: skip
