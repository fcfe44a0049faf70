"""From an MQTT message to readings, by shapes and channels compiled once per topic. Pure.

The usual message (one object, all mapped members present, plain numbers) takes one pass of C code:
`itemgetter` picks the members, numpy converts, scales and checks them. Anything unusual in a message
falls back to looking at each member by itself, and names what it could not use.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from backend.kernel.errors import Refused
from ingest.mqtt.mapping import Path, Shape, topic_pattern
from ingest.mqtt.targets import Group, Row, Target, grouped
from ingest.mqtt.times import instant_us
from ingest.plan import Channel
from ingest.ports import Readings
from ingest.rules import BAD, time_refusal

NO_PLACEHOLDERS = frozenset(("path", "tag", "label", "minutes"))
"""What a channel's address holds besides the placeholders it wants."""

MOST_TOPICS = 100_000
ABSENT = object()
NO_READINGS = Readings.of([])
MOST_SEEN = 100
HIGHEST_SEQUENCE = 2**62
"""Beyond it the database could not say what comes next."""

Seen = tuple[Any, dict[str, str]]
"""A value on the wire, and the address of the channel that would read it."""


@dataclass(slots=True)
class Message:
    """What one MQTT message said.

    readings: those that can be used; refusals: what could not, in words (the rest stands)
    device: who sent it; sequence: its number, if it has one
    read_at_us: its instant [microseconds since the Unix epoch]; has_time: the device said it
    unmapped: what was seen for the first time and no channel reads: name -> (value, address of a channel)
    """

    device: str
    read_at_us: int
    has_time: bool
    sequence: int | None
    readings: Readings = NO_READINGS
    refusals: list[str] = field(default_factory=list)
    unmapped: dict[str, Seen] = field(default_factory=dict)


class Unknown(Refused):
    """No channel reads this device or topic (context: device, sample, and what of it may be adopted: seen)."""


@dataclass(slots=True)
class Route:
    """What to do with the messages of one topic."""

    shape: Shape
    device: str
    caught: dict[str, str]
    targets: list[Target]
    groups: list[Group]
    has_singles: bool
    tags: dict[str, list[Target]]
    seen: set[str] = field(default_factory=set)

    def see(self, name: str, value: Any, found: dict[str, Seen]) -> None:
        """Offer a member or tag that nobody reads, once."""
        if value is ABSENT:
            return
        if name not in self.seen and len(self.seen) < MOST_SEEN:
            self.seen.add(name)
            word = "path" if self.shape.tag is None else "tag"
            said = name if word == "tag" or name.isidentifier() else f'"{name}"'
            found[name] = (value, {**self.caught, **({word: said} if name else {})})


class Decoder:
    """Turns the messages of one connection into readings."""

    def __init__(self, shapes: Iterable[Shape], channels: Iterable[Channel]) -> None:
        """Compile. refused: channels that cannot be used, in words; the others are read."""
        self._patterns = [(shape, topic_pattern(shape.topic)) for shape in shapes]
        self._routes: dict[str, Route] = {}
        self._index: dict[tuple[str, ...], dict[tuple[str, ...], list[Target]]] = {}
        self.refused: list[str] = []
        for channel in channels:
            try:
                target = Target.of(channel)
            except Refused as error:
                self.refused.append(f"channel of point {channel.point_key}: {error.message}")
                continue
            names = tuple(sorted(channel.address.keys() - NO_PLACEHOLDERS))
            by_value = self._index.setdefault(names, {})
            values = tuple(str(channel.address[name]) for name in names)
            by_value.setdefault(values, []).append(target)

    def decode(self, topic: str, payload: bytes, *, now_us: int) -> Message:
        """Return what a message says.

        now_us: the present [microseconds since the Unix epoch]
        raises Unknown where no channel reads the topic's device, Refused where nothing can be used
        """
        route = self._routes.get(topic) or self._route(topic)
        try:
            said = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            raise Refused(f"the payload is not JSON: {error}") from None
        if not route.targets:
            raise Unknown(
                f"no channel reads {route.device}",
                device=route.device,
                sample=said,
                seen=_all_of(route, said),
            )
        shape = route.shape
        message = Message(route.device, now_us, False, None)
        message.sequence = _sequence(shape, said, message.refusals)
        in_message = shape.time if shape.time_in_message else None
        try:
            when = _instant(in_message, shape.time_unit, said, now_us, (now_us, False))
        except Refused as error:
            message.refusals.append(error.message)
        else:
            message.read_at_us, message.has_time = when
            _read(route, said, message, now_us)
        if not len(message.readings) and message.refusals and message.sequence is None:
            raise Refused("; ".join(message.refusals[:5]))
        return message

    def _route(self, topic: str) -> Route:
        fits = ((shape, pattern.match(topic)) for shape, pattern in self._patterns)
        shape, found = next(((shape, found) for shape, found in fits if found), (None, None))
        if shape is None or found is None:
            raise Unknown(f"no template fits the topic {topic}", device=topic, sample=None, seen={})
        caught = found.groupdict()
        targets = [
            target
            for names, by_value in self._index.items()
            if caught.keys() >= set(names)
            for target in by_value.get(tuple(caught[name] for name in names), ())
        ]
        tags: dict[str, list[Target]] = defaultdict(list)
        for target in targets:
            tags[str(target.channel.address.get("tag", ""))].append(target)
        device = caught.get("device") or "/".join(caught.values()) or topic
        route = Route(shape, device, caught, targets, *grouped(targets), tags=dict(tags))
        if len(self._routes) < MOST_TOPICS:
            self._routes[topic] = route
        return route


def shapes_of(address: Mapping[str, Any]) -> list[Shape]:
    """Build the shapes of a connection; raises Refused naming the field that is wrong."""
    tables = address.get("messages")
    if not isinstance(tables, list) or not tables:
        raise Refused("the connection has no message templates", field="address.messages", remedy="give one")
    return [Shape.of(f"messages[{i}]", table) for i, table in enumerate(tables)]


def _read(route: Route, said: Any, message: Message, now_us: int) -> None:
    if route.shape.each is None:
        _members(route, said, message)
    else:
        _elements(route, said, message, now_us)


def _members(route: Route, said: Any, message: Message) -> None:
    """Read one object whose members are readings."""
    values = _follow(route.shape.values, said)
    if values is ABSENT:
        message.refusals.append("the message holds no values where the template looks for them")
        return
    quality = _quality(route.shape, said)
    whole = _all_at_once(route, values, message) if quality is None else None
    if whole is not None:
        message.readings = whole
    else:
        rows: list[Row] = []
        _each_target(route.targets, values, message, rows, (message.read_at_us, message.has_time), quality)
        message.readings = Readings.of(rows)
    _notice(route, values, message)
    if not len(message.readings) and not message.refusals:
        message.refusals.append("the message holds none of the members that are mapped")


def _all_at_once(route: Route, values: Any, message: Message) -> Readings | None:
    if route.has_singles or len(route.groups) != 1:
        return None
    group = route.groups[0]
    if group.needs_time and not message.has_time:
        return None
    try:
        members = group.read(values)
    except (KeyError, IndexError, TypeError):
        return None
    return group.at_once(members, message.read_at_us) if type(members) is dict else None


def _elements(route: Route, said: Any, message: Message, now_us: int) -> None:
    """Read an array of readings or samples."""
    shape = route.shape
    elements = _follow(shape.each or (), said)
    if not isinstance(elements, list):
        message.refusals.append("the message holds no array where the template looks for it")
        return
    own_time = None if shape.time_in_message else shape.time
    rows: list[Row] = []
    for number, element in enumerate(elements):
        try:
            when = _instant(
                own_time, shape.time_unit, element, now_us, (message.read_at_us, message.has_time)
            )
        except Refused as error:
            message.refusals.append(f"element {number}: {error.message}")
            continue
        if shape.tag is None:
            targets, values = route.targets, _follow(shape.values, element)
        else:
            targets, values = _tagged(route, element, message)
        _each_target(targets, values, message, rows, when, _quality(shape, element))
    message.readings = Readings.of(rows)
    if not rows and elements and not message.refusals:
        message.refusals.append("no element of the array is mapped")


def _tagged(route: Route, element: Any, message: Message) -> tuple[list[Target], Any]:
    tag = str(_follow(route.shape.tag or (), element))
    value = _follow(route.shape.value or (), element)
    targets = route.tags.get(tag, [])
    if not targets:
        route.see(tag, value, message.unmapped)
    return targets, value


def _each_target(
    targets: list[Target], values: Any, message: Message, rows: list[Row], when: tuple[int, bool],
    quality: int | None,
) -> None:  # fmt: skip
    """Add the reading of each channel that finds its value; name what cannot be used."""
    at_us, has_time = when
    for target in targets:
        try:
            value = target.read(values)
        except (KeyError, IndexError, TypeError):
            continue
        if value is ABSENT:
            continue
        if target.needs_time and not has_time:
            message.refusals.append(f"{target.name}: an interval needs the device's own time")
            continue
        row = target.row(value, at_us, quality)
        if row is None:
            message.refusals.append(f"{target.name}: {str(value)[:40]!r} is not a number")
        else:
            rows.append(row)


def _all_of(route: Route, said: Any) -> dict[str, Seen]:
    """Return what an unknown device says that could be a point."""
    shape, found = route.shape, dict[str, Seen]()
    elements = said if shape.each is None else _follow(shape.each, said)
    for element in elements[:MOST_SEEN] if isinstance(elements, list) else [elements]:
        if shape.tag is not None:
            route.see(str(_follow(shape.tag, element)), _follow(shape.value or (), element), found)
            continue
        values = _follow(shape.values, element)
        members = values if isinstance(values, dict) else {"": values}
        own = {steps[0] for steps in (shape.time, shape.sequence, shape.quality) if steps}
        for name, value in members.items():
            if isinstance(value, int | float) and name not in own:
                route.see(name, value, found)
    return found


def _notice(route: Route, values: Any, message: Message) -> None:
    """Find members that no channel reads, each once."""
    own = {steps[0] for steps in (route.shape.time, route.shape.sequence, route.shape.quality) if steps}
    for group in route.groups:
        try:
            members = group.read(values)
        except (KeyError, IndexError, TypeError):
            continue
        if type(members) is not dict or len(members) <= len(group.names):
            continue
        for name in members.keys() - group.names - route.seen - own:
            if isinstance(members[name], int | float):
                route.see(name, members[name], message.unmapped)


def _instant(
    steps: Path | None, unit: str, said: Any, now_us: int, otherwise: tuple[int, bool]
) -> tuple[int, bool]:
    """Return the instant the device wrote, and that it did; raises Refused for one that cannot be."""
    value = _follow(steps, said) if steps is not None else None
    if value is None or value is ABSENT:
        return otherwise
    read_at_us = instant_us(value, unit)
    refusal = time_refusal(read_at_us, now_us=now_us)
    if refusal is not None:
        raise Refused(refusal, field="time", value=value)
    return read_at_us, True


def _sequence(shape: Shape, said: Any, refusals: list[str]) -> int | None:
    number = _follow(shape.sequence, said) if shape.sequence is not None else None
    if type(number) is not int or number < 0:
        return None
    if number >= HIGHEST_SEQUENCE:
        refusals.append(f"{number} is too high to be a message's number")
        return None
    return number


def _quality(shape: Shape, said: Any) -> int | None:
    """Return the quality a message or element states; a word the template does not know is bad."""
    value = _follow(shape.quality, said) if shape.quality is not None else None
    return None if value is None or value is ABSENT else shape.qualities.get(str(value), BAD)


def _follow(steps: Path, value: Any) -> Any:
    try:
        for step in steps:
            value = value[step]
    except (KeyError, IndexError, TypeError):
        return ABSENT
    return value
