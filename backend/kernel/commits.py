"""What a transaction writes last of all, just before its commit: where order must be that of the commits.

Such a writer takes a lock that is held until the commit is done; taken earlier, everybody else would wait for the
rest of the transaction. What was put down within a savepoint that is rolled back is dropped with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

Writer = Callable[[Session, list[Any]], None]
_WAITING, _MARKS = "commits.waiting", "commits.marks"
_writers: dict[str, Writer] = {}


def writes(kind: str) -> Callable[[Writer], Writer]:
    """Name the function that writes what was put down of a kind; kinds are written in the order of their names, so
    that two transactions take the locks of two kinds in the same order."""

    def register(writer: Writer) -> Writer:
        _writers[kind] = writer
        return writer

    return register


def put_down(session: Session, kind: str, what: Any) -> None:
    """Have something written at the commit."""
    session.info.setdefault(_WAITING, []).append((kind, what))


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction() or not session.info.get(_WAITING):
        return
    session.flush()
    waiting = session.info.pop(_WAITING)
    for kind in sorted(_writers):
        some = [what for its, what in waiting if its == kind]
        if some:
            _writers[kind](session, some)


@event.listens_for(Session, "after_transaction_create")
def _remember(session: Session, transaction: SessionTransaction) -> None:
    """Mark where a savepoint begins."""
    if transaction.nested:
        marks = session.info.setdefault(_MARKS, WeakKeyDictionary())
        marks[transaction] = len(session.info.get(_WAITING, ()))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    """Drop what did not happen: since the savepoint, or all."""
    waiting: list[Any] = session.info.get(_WAITING, [])
    del waiting[session.info.get(_MARKS, {}).get(transaction, 0) :]
