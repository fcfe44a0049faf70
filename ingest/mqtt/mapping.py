"""How MQTT messages become readings: topic and path templates, kept as data, compiled once. Pure.

A connection's `address["messages"]` is a list of message shapes:

    topic     `plant/{device}/telemetry`: placeholders are caught by name, `#` may stand last
    values    path of the object whose members are readings (default: the message itself)
    each      path of an array of readings or samples, instead of one object
    tag, value    within an element of `each`: where its name and its value stand
    time      path of the instant; within an element it is looked for there first, `$.` names the message
    time_unit `iso` (default), `s`, `ms` or `us`
    sequence  path of the message's number; gaps in it are counted as missed
    quality   path of a quality, and `qualities`: {word or number: good | uncertain | bad | substituted}
              besides those words themselves; a word nobody declared is bad

A channel's address names the placeholders it wants and its `path` below `values` (or `tag`):

    {"device": "meter-7", "path": "power"}

Paths are names joined by dots, `[n]` picks an element, quotes keep a dot: `a.b[0]."c.d"`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backend.kernel.errors import Refused
from ingest.fields import Field, check_table

Path = tuple[str | int, ...]

TIME_UNITS_US = {"s": 1_000_000, "ms": 1_000, "us": 1}
QUALITIES = {"good": 0, "uncertain": 1, "bad": 2, "substituted": 3, "manual": 4}

_FIELDS = {
    "topic": Field(str),
    "values": Field(str, ""),
    "each": Field(str, None),
    "tag": Field(str, None),
    "value": Field(str, None),
    "time": Field(str, None),
    "time_unit": Field(str, "iso", among=("iso", *TIME_UNITS_US)),
    "sequence": Field(str, None),
    "quality": Field(str, None),
    "qualities": Field(dict, {}),
}
_STEP = re.compile(r'"((?:[^"\\]|\\.)*)"|\[(\d+)\]|([^.\[\]"]+)')
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Shape:
    """One kind of message, its paths split into steps (see the module's text)."""

    topic: str
    values: Path
    each: Path | None
    tag: Path | None
    value: Path | None
    time: Path | None
    time_in_message: bool
    time_unit: str
    sequence: Path | None
    quality: Path | None
    qualities: Mapping[str, int]

    @classmethod
    def of(cls, where: str, table: Mapping[str, Any]) -> Shape:
        """Build a shape from data; raises Refused naming the field that is wrong."""
        given = check_table(where, table, _FIELDS)
        if (given["tag"] is None) != (given["value"] is None):
            raise Refused(f"{where}: tag and value belong together", field=f"{where}.tag")
        time = given["time"]
        in_message = time is not None and (time.startswith("$.") or given["each"] is None)
        return cls(
            topic=given["topic"],
            values=path(given["values"]),
            each=_maybe(given["each"]),
            tag=_maybe(given["tag"]),
            value=_maybe(given["value"]),
            time=_maybe(time.removeprefix("$.") if time else None),
            time_in_message=in_message,
            time_unit=given["time_unit"],
            sequence=_maybe(given["sequence"]),
            quality=_maybe(given["quality"]),
            qualities=_qualities(where, given["qualities"]),
        )

    @property
    def filter(self) -> str:
        """The topic filter to subscribe to."""
        return _PLACEHOLDER.sub("+", self.topic)


def path(text: str) -> Path:
    """Split a path into its steps; raises Refused where it is none."""
    steps: list[str | int] = []
    rest = text
    while rest:
        found = _STEP.match(rest)
        if found is None:
            raise Refused(f"'{text}' is not a path", field="path", value=text, remedy="write a.b[0].c")
        quoted, index, name = found.groups()
        steps.append(int(index) if index is not None else quoted if quoted is not None else name)
        rest = rest[found.end() :].removeprefix(".")
    return tuple(steps)


def reader(steps: Path) -> Callable[[Any], Any]:
    """Return a function that follows the path into a message; it raises KeyError, IndexError or TypeError.

    Short paths, which nearly all are, cost one or two subscriptions.
    """
    if not steps:
        return lambda message: message
    if len(steps) == 1:
        only = steps[0]
        return lambda message: message[only]
    if len(steps) == 2:
        first, second = steps
        return lambda message: message[first][second]

    def follow(message: Any) -> Any:
        for step in steps:
            message = message[step]
        return message

    return follow


def topic_pattern(topic: str) -> re.Pattern[str]:
    """Return the pattern that catches a template's placeholders in a topic."""
    parts = []
    for level in topic.split("/"):
        if level == "#":
            parts.append("(?P<rest>.*)")
        elif level == "+":
            parts.append("[^/]*")
        else:
            parts.append("".join(_level(level)))
    try:
        return re.compile("/".join(parts) + r"\Z")
    except re.error as error:
        raise Refused(f"'{topic}' is not a topic template: {error}", field="topic", value=topic) from None


def _level(level: str) -> list[str]:
    pieces = _PLACEHOLDER.split(level)
    if len(pieces) > 1 and pieces != ["", pieces[1], ""]:
        raise Refused(
            f"'{level}': a placeholder takes a whole topic level",
            field="topic",
            value=level,
            remedy="{device}",
        )
    return [re.escape(text) if i % 2 == 0 else f"(?P<{text}>[^/]+)" for i, text in enumerate(pieces)]


def _maybe(text: str | None) -> Path | None:
    return None if text is None else path(text)


def _qualities(where: str, table: Mapping[Any, Any]) -> dict[str, int]:
    result = dict(QUALITIES)
    for word, quality in table.items():
        if quality not in QUALITIES:
            raise Refused(
                f"{where}: quality '{quality}'", field=f"{where}.qualities", value=quality,
                remedy="use one of " + ", ".join(QUALITIES),
            )  # fmt: skip
        result[str(word)] = QUALITIES[quality]
    return result
