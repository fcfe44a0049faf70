"""Live values and alarms without reload: one listening connection a process, fanned out to many readers.

The database says `batch` when readings were committed and `alarm` when an alarm changed. What changed
is looked up once for all readers; each reader gets only points found through their own scope when
they subscribed. A slow reader never makes anybody wait: of each point only the newest value is
kept for them. With every heartbeat a reader is admitted anew, as a request would be: a stream ends when
its log-in has ended or what it may see has changed, and in any case after some minutes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import psycopg
import structlog
from flask import Blueprint, Flask, Response, current_app, g, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import MethodNotAllowed

from backend.app import access
from backend.infra import metrics
from backend.kernel import clock, ids
from backend.kernel.db import APP_ROLE, Database, confine
from backend.kernel.errors import EnerfieldError, Refused, Unavailable
from backend.kernel.scope import Scope
from backend.metering.service import live as metering
from backend.tenancy import service as tenancy

MOST_STREAMS = 64
"""Streams of one process; the rest of its threads answer requests."""
MOST_PER_PERSON = 12
MOST_POINTS = 2000
GATHER_S = 0.2
"""Changes within this time travel together [s]."""
HEARTBEAT_S = 15.0
LONGEST_S = 600.0
PROBE_S, PROBES = 0.05, 20
"""Where no place is free, readers that may have gone are written to, and so often looked for room [s]."""

_FEED = Scope.system(frozenset(), "live feed")

_log = structlog.get_logger(__name__)
blueprint = Blueprint("live", __name__)

Value = tuple[str, int, float | None, bool]
"""Point id as the reader wrote it, instant [ms], value in the point's unit, whether it may be trusted."""


@dataclass(eq=False)
class Subscription:
    """One reader: the points they may see, and what waits to be sent to them.

    names: key of each point -> its id as the reader wrote it; points: the same points
    wants_values: otherwise they get news of alarms only, and `points` is empty
    is_admitted: tells whether they may still see what they saw when they came
    """

    hub: Hub
    scope: Scope
    names: Mapping[int, str]
    points: Mapping[int, metering.SeenPoint]
    wants_values: bool
    is_admitted: Callable[[Subscription], bool] = lambda _reader: True
    values: dict[int, Value] = field(default_factory=dict)
    alarms: set[str] = field(default_factory=set)
    sequence: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)
    is_over: bool = False
    probes: int = 0

    def offer(self, sequence: int, values: Iterable[tuple[int, int, float | None, bool]]) -> None:
        """Leave values for the reader; a newer one of the same point replaces it, an older one never.

        What was read before the reader was supplied is the tenant's before them, and left out.
        """
        with self.changed:
            is_old = sequence < self.sequence
            for key, at_ms, value, is_good in values:
                if at_ms >= self.points[key].since_ms and not (is_old and key in self.values):
                    self.values[key] = (self.names[key], at_ms, value, is_good)
            self.sequence = max(sequence, self.sequence)
            self.changed.notify()

    def tell(self, alarms: Iterable[str]) -> None:
        """Leave the news that alarms changed."""
        with self.changed:
            self.alarms.update(alarms)
            self.changed.notify()

    def probe(self) -> None:
        """Write to the reader now, twice: the second time finds a connection broken that the first one reset."""
        with self.changed:
            self.probes = 2
            self.changed.notify()

    def end(self) -> None:
        """Let the stream end."""
        with self.changed:
            self.is_over = True
            self.changed.notify()

    def frames(self) -> Iterator[bytes]:
        """Yield server-sent events until the reader goes or the time is up."""
        now = clock.now().timestamp()
        ends_at, asks_at = now + LONGEST_S, now + HEARTBEAT_S
        try:
            yield b"retry: 3000\n\n"
            while (now := clock.now().timestamp()) < ends_at:
                if now >= asks_at:
                    if not self.is_admitted(self):
                        return
                    asks_at = now + HEARTBEAT_S
                values, alarms, sequence = self._take(min(asks_at, ends_at) - now)
                if self.is_over:
                    return
                if values:
                    yield _frame("values", values, sequence)
                if alarms:
                    yield _frame("alarms", alarms, sequence)
                if not values and not alarms:
                    yield b": alive\n\n"
        finally:
            self.hub.leave(self)

    def _take(self, longest_s: float) -> tuple[list[Value], list[str], int]:
        with self.changed:
            if not self.values and not self.alarms and not self.is_over and not self.probes:
                self.changed.wait(longest_s)
            elif self.probes == 1:
                self.changed.wait(PROBE_S)
            self.probes = max(self.probes - 1, 0)
            values, alarms = list(self.values.values()), sorted(self.alarms)
            self.values.clear()
            self.alarms.clear()
            return values, alarms, self.sequence


class Hub:
    """Listens to the database for all readers of this process."""

    def __init__(self, database: Database, *, most: int = MOST_STREAMS) -> None:
        self._database, self._most = database, most
        self._readers: set[Subscription] = set()
        self._guard = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._listening = threading.Event()
        self._sequence = 0

    def subscribe(
        self, session: Session, scope: Scope, *, points: Mapping[UUID, str] | None = None,
        organisation_id: UUID | None = None, after: int | None = None,
        is_admitted: Callable[[Subscription], bool] = lambda _reader: True,
    ) -> Subscription:  # fmt: skip
        """Return a new reader's subscription, with what changed since `after` (or everything) waiting.

        points: ids of wanted points -> how the reader writes them; without any, all of the
        organisation's; without both, news of alarms only
        is_admitted: asked with every heartbeat; the stream ends when it says no
        raises Unavailable when too many streams are open
        """
        wants_values = points is not None or organisation_id is not None
        found: dict[int, metering.SeenPoint] = {}
        if wants_values:
            below = None
            if organisation_id is not None:
                below = frozenset(node.id for node in tenancy.subtree(session, scope, organisation_id))
            wanted = None if points is None else list(points)
            found = metering.visible_points(session, scope, point_ids=wanted, organisations=below)
        names = {key: (points or {}).get(point.id) or ids.show(point.id) for key, point in found.items()}
        reader = Subscription(self, scope, names, found, wants_values, is_admitted)
        self._enter(reader)
        try:
            if wants_values:
                self._catch_up(session, reader, after)
        except BaseException:
            self.leave(reader)
            raise
        return reader

    def leave(self, reader: Subscription) -> None:
        """Forget a reader."""
        with self._guard:
            self._readers.discard(reader)
            metrics.STREAMS.set(len(self._readers))

    def close(self) -> None:
        """End every stream and stop listening."""
        self._stopped.set()
        with self._guard:
            readers = list(self._readers)
        for reader in readers:
            reader.end()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _in_the_way(self, reader: Subscription) -> list[Subscription]:
        """Return those whose leaving would make room for a reader; none where there is room. Asked under the guard."""
        mine = [other for other in self._readers if other.scope.actor_id == reader.scope.actor_id]
        if len(mine) >= MOST_PER_PERSON:
            return mine
        return list(self._readers) if len(self._readers) >= self._most else []

    def _make_room(self, reader: Subscription) -> None:
        """Find out whose page was left: nothing tells before the next heartbeat that a browser has gone on."""
        with self._guard:
            others = self._in_the_way(reader)
        for other in others:
            other.probe()
        for _ in range(PROBES if others else 0):
            self._stopped.wait(PROBE_S)
            with self._guard:
                if not self._in_the_way(reader):
                    return

    def _enter(self, reader: Subscription) -> None:
        self._make_room(reader)
        with self._guard:
            if self._in_the_way(reader):
                raise Unavailable(
                    "too many live pages are open", remedy="close some, or load the page again later"
                )
            self._readers.add(reader)
            metrics.STREAMS.set(len(self._readers))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live feed", daemon=True)
                self._thread.start()
        self._listening.wait(timeout=5)

    def _catch_up(self, session: Session, reader: Subscription, after: int | None) -> None:
        """Give a new reader the present values, or only those that changed since they were cut off."""
        sequence = metering.newest_sequence(session, _FEED)
        keys: Iterable[int] = reader.names
        if after is not None and 0 <= sequence - after <= 200:
            keys = metering.changed_keys(session, _FEED, after)[1] & reader.names.keys()
        reader.offer(sequence, metering.live_values(session, _FEED, list(keys)))

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except Exception as error:  # the feed outlives whatever happens to the database
                if self._listening.is_set():
                    _log.warning("live feed interrupted", error=str(error))
                self._listening.clear()
                self._stopped.wait(1.0)

    def _listen(self) -> None:
        with psycopg.connect(_plain(self._database.url), autocommit=True) as connection:
            connection.execute(f"SET ROLE {APP_ROLE}")
            connection.execute("LISTEN batch")
            connection.execute("LISTEN alarm")
            if not self._sequence:
                with self._database.transaction(Scope.public()) as session:
                    self._sequence = metering.newest_sequence(session, _FEED)
            self._listening.set()
            self._spread_values()
            while not self._stopped.is_set():
                notices = list(connection.notifies(timeout=1.0, stop_after=1))
                if notices:
                    self._stopped.wait(GATHER_S)
                    notices += connection.notifies(timeout=0)
                if any(notice.channel == "batch" for notice in notices):
                    self._spread_values()
                if alarms := {notice.payload for notice in notices if notice.channel == "alarm"}:
                    self._spread_alarms(alarms)

    def _spread_values(self) -> None:
        """Look up once what changed since last time, and leave each reader their part."""
        with self._guard:
            readers = [reader for reader in self._readers if reader.wants_values]
        with self._database.transaction(Scope.public()) as session:
            sequence, changed = metering.changed_keys(session, _FEED, self._sequence)
            self._sequence = sequence
            wanted = changed & frozenset().union(*(reader.names.keys() for reader in readers))
            latest = (
                {row[0]: row for row in metering.live_values(session, _FEED, list(wanted))} if wanted else {}
            )
        for reader in readers:
            if mine := latest.keys() & reader.names.keys():
                reader.offer(sequence, [latest[key] for key in mine])

    def _spread_alarms(self, changes: set[str]) -> None:
        """Tell the readers who may see an alarm's point that something about it changed.

        changes: payloads of the alarms' notices: alarm id, a blank, point id
        """
        told = [(UUID(alarm), UUID(point)) for alarm, point in (c.split() for c in changes if " " in c)]
        with self._guard:
            readers = list(self._readers)
        seen: dict[Scope, frozenset[UUID]] = {}
        for reader in readers:
            if reader.wants_values:
                points = frozenset(point.id for point in reader.points.values())
            else:
                if reader.scope not in seen:
                    seen[reader.scope] = self._seen(reader.scope, {point for _alarm, point in told})
                points = seen[reader.scope]
            if mine := [ids.show(alarm) for alarm, point in told if point in points]:
                reader.tell(mine)

    def _seen(self, scope: Scope, points: set[UUID]) -> frozenset[UUID]:
        """Return which of some points a scope may see now."""
        with self._database.transaction(scope) as session:
            found = metering.visible_points(session, scope, point_ids=sorted(points))
        return frozenset(point.id for point in found.values())


def register(app: Flask) -> None:
    """Give the application its hub and the pages their feed."""
    app.extensions["live"] = Hub(app.database)  # type: ignore[attr-defined]
    app.register_blueprint(blueprint)


@blueprint.get("/live")
def feed() -> Response:
    """Stream to a page, by the browser's session."""
    return stream()


def stream() -> Response:
    """Stream what is asked for: `points` (ids, commas between) or an `organisation`; else alarms only."""
    if request.method != "GET":  # Flask answers HEAD by GET, but nobody would read the stream
        raise MethodNotAllowed(valid_methods=["GET"])
    hub: Hub = current_app.extensions["live"]
    organisation = request.args.get("organisation")
    reader = hub.subscribe(
        g.session, g.scope, points=_wanted_points(request.args.get("points")), after=_last_event_id(),
        organisation_id=ids.parse(organisation) if organisation else None, is_admitted=_admission(),
    )  # fmt: skip
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = Response(
        reader.frames(), mimetype="text/event-stream", headers=headers, direct_passthrough=True
    )
    response.call_on_close(lambda: hub.leave(reader))  # also when nobody ever read a frame
    return response


def _admission() -> Callable[[Subscription], bool]:
    """Return what tells, long after this request, whether its log-in holds and sees what it saw.

    Points seen through an agreement are looked up again; owned ones stay as long as the roles do.
    """
    database: Database = current_app.database  # type: ignore[attr-defined]
    application = access.application_of(request.endpoint or "")
    token, family_id, person_id = g.get("session_token"), g.get("family_id"), g.person.id

    def is_admitted(reader: Subscription) -> bool:
        supplied = {key: point for key, point in reader.points.items() if point.since_ms}
        try:
            with database.transaction(Scope.public()) as session:
                if family_id is not None:
                    scope = tenancy.use_device(
                        session, family_id=family_id, person_id=person_id, application=application
                    )[1]
                else:
                    scope = tenancy.use_session(session, token, application=application)[2]
                if scope != reader.scope or not supplied:
                    return scope == reader.scope
                confine(session, scope)
                wanted = [point.id for point in supplied.values()]
                return metering.visible_points(session, scope, point_ids=wanted) == supplied
        except EnerfieldError:
            return False

    return is_admitted


def _wanted_points(text: str | None) -> dict[UUID, str] | None:
    if text is None:
        return None
    names = [name for name in text.split(",") if name]
    if len(names) > MOST_POINTS:
        raise Refused(f"at most {MOST_POINTS} points at once", field="points", value=len(names))
    return {ids.parse(name): name for name in names}


def _last_event_id() -> int | None:
    text = request.headers.get("Last-Event-ID", "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _frame(event: str, data: Any, sequence: int) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (sequence, event.encode(), orjson.dumps(data))


def _plain(url: str) -> str:
    """Return the address as psycopg itself takes it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
