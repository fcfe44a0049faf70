"""What holds when all is at rest, whatever happened: nothing lost, effects once, words kept, replicas equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

from PIL import Image
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from backend.assets import service as assets
from backend.field.models import FieldConflict, FieldOperation
from backend.field.rules import monotone
from backend.field.service.rows import everything
from backend.kernel import ids
from backend.kernel.audit import AuditEvent
from backend.kernel.changes import Change
from backend.workorders.models import Attachment, ChecklistAnswer, Comment, OrderEvent, PartUse, TimePunch
from backend.workorders.rules.machine import OrderStatus, VisitStatus
from tests.field.office import ENDS, FACTS
from tests.field.run import Run
from tests.field.scene import OPENING, PHONES

DONE = {"applied", "merged"}
NEARLY = timedelta(seconds=1)
"""So much may instants differ that clocks tell in milliseconds; phones' clocks are wrong by days."""
GOALS = {
    "visit": lambda command, status: monotone.is_visit_done(command, VisitStatus(status)),
    "work_order": lambda command, status: monotone.is_done(command, OrderStatus(status)),
}
NEVER = ("not understood", "cannot be read", "there is no command", "too old")
"""No refusal of what these phones say reads so."""


def hold(run: Run) -> None:
    """Raise AssertionError where a law is broken."""
    kept: dict[str, FieldOperation] = {}
    truth: dict[str, dict[tuple[str, str], Any]] = {}
    for letter in ("a", "b"):  # c is the first person's, too
        scope = run.scene.scopes[letter]
        with run.office.database.transaction(scope) as session:
            mine = select(FieldOperation).where(
                FieldOperation.person_id == scope.actor_id, FieldOperation.device_id.in_(_devices(run))
            )
            kept |= {ids.show(row.op_id): row for row in session.scalars(mine)}
            truth[letter] = {(row.entity, row.id): (row.rev, row.row) for row in everything(session, scope)}
    truth["c"] = truth["a"]
    with run.office.database.transaction(run.scene.east.scope) as session:
        nothing_is_lost(run, kept)
        nothing_is_made_up(run, kept)
        facts_are_taken(kept)
        what_comes_first_is_decided_first(run)
        times_are_true(kept)
        effects_happen_once(run, session, kept)
        photos_are_what_was_taken(run, session)
        words_are_kept(run, session, kept)
        nobodys_name_is_lost(run, session, kept)
        what_does_nothing_was_done(session, kept)
    for letter in PHONES:
        replica_is_true(run, letter, truth[letter])


def nothing_is_lost(run: Run, kept: dict[str, FieldOperation]) -> None:
    """What was tapped is at the server, or says on its phone why not; photos are there with their bytes."""
    boxes = {one["op_id"]: one for letter in PHONES for one in run.outbox(letter)}
    for op_id, what in run.tapped.items():
        assert op_id in kept, ("never arrived", what, boxes.get(op_id))
        outcome = kept[op_id].outcome
        assert outcome in ENDS, (outcome, what)
        if outcome in ("conflict", "rejected"):
            shown = boxes.get(op_id)
            assert shown and shown["state"] == "needs_you" and shown["result"]["outcome"] == outcome, what
    photos = set(run.photos)
    for name in run.names.values():
        blobs = run.driver.do("blobs", name)["blobs"]
        assert {one["state"] for one in blobs} <= {"server"}, blobs
        photos -= {one["sha256"] for one in blobs}
    assert not photos, "a photo is gone from its phone before the server had it"


def nothing_is_made_up(run: Run, kept: dict[str, FieldOperation]) -> None:
    """Nothing is at the server that nobody tapped, nor a second time under another id."""
    letters = dict(zip(_devices(run), run.names, strict=True))
    more = Counter(
        (letters[row.device_id], row.body["command"]) for key, row in kept.items() if key not in run.tapped
    )
    assert more <= run.torn, (more, run.torn)


def what_comes_first_is_decided_first(run: Run) -> None:
    """What a phone commands of one thing is decided in its order, whatever overtakes what on the way."""
    assert not run.office.astray, run.office.astray


def times_are_true(kept: dict[str, FieldOperation]) -> None:
    """Whatever a phone's clock was set to, nothing happened after it came, nor before its phone last heard of us."""
    for row in kept.values():
        assert row.occurred_at <= row.received_at, (row.occurred_at, row.received_at, row.body)
        if heard := row.body["heard"]:
            before = timedelta(milliseconds=heard["within_ms"]) + NEARLY
            assert row.occurred_at >= datetime.fromisoformat(heard["at"]) - before, (
                row.occurred_at,
                row.body,
            )


def facts_are_taken(kept: dict[str, FieldOperation]) -> None:
    """What somebody saw or did is never refused, and nothing these phones say is beyond the server."""
    for row in kept.values():
        if row.outcome == "rejected":
            assert row.body["command"] not in FACTS, (row.body, row.result)
            assert not any(words in row.result["message"] for words in NEVER), (row.body, row.result)


def effects_happen_once(run: Run, session: Session, kept: dict[str, FieldOperation]) -> None:
    """Each operation that was applied did what it does exactly once, however often it came."""
    done = [row for row in kept.values() if row.outcome in DONE]
    every = [row.op_id for row in kept.values()]
    theirs = [one.id for one in run.scene.people]
    for command, table, by in (
        ("comment", Comment, Comment.author_id.in_(theirs)),
        ("punch", TimePunch, TimePunch.person_id.in_(theirs)),
        ("use_part", PartUse, PartUse.work_order_id.in_(run.scene.orders)),
        ("attach", Attachment, Attachment.taken_by.in_(theirs)),
    ):
        wanted = Counter(row.op_id for row in done if row.body["command"] == command)
        found = session.scalars(select(table.op_id).where(or_(table.op_id.in_(every), by)))
        assert Counter(found) == wanted, command
    used = Counter(dict.fromkeys(map(ids.show, run.scene.vans), 0))
    for row in done:
        if row.body["command"] == "use_part":
            used[row.body["args"]["store_id"]] += row.body["args"]["quantity"]
    for van in run.scene.vans:
        lines = assets.stock_in(session, run.scene.east.scope, van, limit=200).items
        assert [float(one.quantity) for one in lines] == [OPENING - used[ids.show(van)]]
    arrived = select(func.count()).where(
        Attachment.op_id.in_([row.op_id for row in done]), Attachment.arrived_at.is_(None)
    )
    assert session.scalar(arrived) == 0, "a photo's bytes came, its row does not say so"


def photos_are_what_was_taken(run: Run, session: Session) -> None:
    """What the server keeps under the hash of a photo shows what the phone photographed."""
    found = session.scalars(select(Attachment).where(Attachment.sha256.in_(run.photos)))
    for stored, colour in {(one.stored_sha256, run.photos[one.sha256]) for one in found if one.stored_sha256}:
        with run.office.files.open(stored) as file, Image.open(file) as picture:
            shown = [picture.getpixel((x, y)) for x in range(0, 60, 6) for y in range(0, 40, 6)]
        assert all(abs(a - b) < 12 for one in shown for a, b in zip(one, colour, strict=True)), (
            stored,
            colour,
        )


def words_are_kept(run: Run, session: Session, kept: dict[str, FieldOperation]) -> None:
    """Every answer stands once in the history, the last one stands; what gave way or was refused waits for a judge."""
    told = select(OrderEvent).where(
        OrderEvent.work_order_id.in_(run.scene.orders), OrderEvent.command == "answer"
    ).order_by(OrderEvent.id)  # fmt: skip
    events = session.scalars(told).all()
    theirs = {one.id for one in run.scene.people}
    assert not [one.evidence for one in events if one.op_id is None and one.actor_id in theirs]
    by_op = Counter(one.op_id for one in events if one.op_id is not None)
    last = {(one.work_order_id, one.evidence["item"]): one.evidence["value"] for one in events}
    for row in kept.values():
        if row.body["command"] == "answer" and row.outcome in DONE:
            assert by_op[row.op_id] == (0 if row.result.get("is_noop") else 1), (row.body, row.result)
    answers = session.scalars(
        select(ChecklistAnswer).where(ChecklistAnswer.work_order_id.in_(run.scene.orders))
    )
    assert {(one.work_order_id, one.item): one.value for one in answers} == last
    answers_are_told(kept, events)
    judged = {row.op_id: row.mine for row in session.scalars(
        select(FieldConflict).where(FieldConflict.op_id.in_([row.op_id for row in kept.values()])))}  # fmt: skip
    for row in kept.values():
        is_doubtful = row.outcome == "conflict" or (
            row.outcome == "merged" and row.body["command"] == "rename"
        )
        assert (row.op_id in judged) == is_doubtful, (row.body, row.result)
        assert not is_doubtful or judged[row.op_id] == row.body["args"]


def answers_are_told(kept: dict[str, FieldOperation], events: Sequence[OrderEvent]) -> None:
    """An answer gives way to none but a later one from the field; who loses to another person is told so."""
    answers = [row for row in kept.values() if row.body["command"] == "answer" and row.outcome in DONE]
    for row in answers:
        if row.result.get("is_noop"):
            later = [one for one in answers if _about(one) == _about(row) and one.occurred_at > row.occurred_at
                     and not one.result.get("is_noop")]  # fmt: skip
            assert later, row.body
            is_anothers = all(one.person_id != row.person_id for one in later)
            assert not is_anothers or row.outcome == "merged", (row.body, row.result)
    silent = {row.op_id for row in answers if row.outcome == "applied"}

    def about(event: OrderEvent) -> tuple[str, str, int]:
        return str(event.work_order_id), event.evidence["item"], event.cycle

    for _, told in groupby(sorted(events, key=lambda one: (*about(one), one.id)), about):
        for before, after in pairwise(told):
            is_others = (
                before.actor_id != after.actor_id and before.evidence["value"] != after.evidence["value"]
            )
            assert not (is_others and after.op_id in silent), (before.evidence, after.evidence)


def nobodys_name_is_lost(run: Run, session: Session, kept: dict[str, FieldOperation]) -> None:
    """A name that a phone overwrote without having seen it waits for a judge."""
    renames = [row for row in kept.values() if row.body["command"] == "rename" and row.outcome in DONE]
    if not renames:
        return
    told = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.entity_id == str(run.scene.place), AuditEvent.before.has_key("name"))
        .order_by(AuditEvent.id)
    )
    noted = session.execute(
        select(Change.at, Change.sequence)
        .where(Change.entity_id == run.scene.place)
        .order_by(Change.sequence)
    ).all()
    for before, after in pairwise(one for one in told if one.entity == "position"):
        saying = [row for row in renames if row.person_id == after.actor_id
                  and row.body["args"]["name"] == after.after["name"]]  # fmt: skip
        if not saying or before.actor_id == after.actor_id or before.after["name"] == after.after["name"]:
            continue
        place = next(sequence for at, sequence in noted if at >= before.at)
        seen = [row.body["base_rev"] is None or row.body["base_rev"] >= place for row in saying]
        assert any(seen) or any(row.outcome == "merged" for row in saying), (
            before.after, [(row.body, row.result) for row in saying])  # fmt: skip


def what_does_nothing_was_done(session: Session, kept: dict[str, FieldOperation]) -> None:
    """A command that is taken and changes nothing had reached its goal already: it is no contradiction swallowed."""
    idle = [row for row in kept.values() if row.body["entity"] in GOALS and row.body["command"] not in FACTS
            and row.outcome == "applied" and row.result.get("is_noop")]  # fmt: skip
    for row in idle:
        thing, reached = ids.parse(row.body["entity_id"]), GOALS[row.body["entity"]]
        about = (
            OrderEvent.visit_id == thing
            if row.body["entity"] == "visit"
            else and_(OrderEvent.work_order_id == thing, OrderEvent.visit_id.is_(None))
        )
        moves = session.execute(select(OrderEvent.before, OrderEvent.after).where(about)).all()
        been = {status for move in moves for status in move if status}
        assert any(reached(row.body["command"], status) for status in been), (row.body, been)


def replica_is_true(run: Run, letter: str, there: dict[tuple[str, str], Any]) -> None:
    """A phone shows what the server would tell it from the beginning, and none of what is no longer its person's."""
    for side in ("base", "shown"):
        here = {(one["entity"], one["id"]): (one["rev"], one["row"]) for one in run.rows(letter, side)
                if not one["readonly"]}  # fmt: skip
        for key, said in there.items():
            assert here.get(key) == said, (side, letter, key, here.get(key), said)
        over = {key for key in here if key not in there and key[0] in ("work_order", "visit", "permit")}
        assert not over, (side, letter, over)


def _about(row: FieldOperation) -> tuple[Any, ...]:
    return row.body["entity_id"], row.body["args"]["item"]


def _devices(run: Run) -> list[str]:
    return [f"device {name}" for name in run.names.values()]
