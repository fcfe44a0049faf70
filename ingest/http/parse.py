"""From the body of a push to readings and refusals. Pure."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from backend.kernel.errors import Refused
from ingest.mqtt.mapping import QUALITIES
from ingest.mqtt.times import instant_us
from ingest.plan import Channel
from ingest.ports import Readings
from ingest.rules import BAD, judge, time_refusal

MOST_READINGS = 10_000
MOST_BYTES = 8_000_000
"""Largest body, unpacked [bytes]."""

FIELDS = frozenset(("point", "tag", "read_at", "time", "value", "quality"))
TIMES = ("read_at", "time")
"""Two names for the instant of a reading: what the rest of the API calls it, and what many gateways send."""


@dataclass
class Push:
    """What one request holds.

    positions: place in the request of each reading; refused: what cannot be taken, by place
    """

    count: int
    readings: Readings = field(default_factory=lambda: Readings.of([]))
    positions: list[int] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)


def unpacked(body: bytes, encoding: str) -> bytes:
    """Return the body without its compression; raises Refused beyond MOST_BYTES, however small it came."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Refused(
            f"content encoding '{encoding}'",
            field="Content-Encoding",
            value=encoding,
            remedy="use gzip or none",
        )
    machine = zlib.decompressobj(wbits=31)
    try:
        result = machine.decompress(body, MOST_BYTES + 1)
    except zlib.error as error:
        raise Refused(f"the body is not gzip: {error}", field="body") from None
    if len(result) > MOST_BYTES:
        raise Refused("the body is too large when unpacked", field="body", remedy="send it in parts")
    if not machine.eof:
        raise Refused("the gzip body ends too early", field="body")
    return result


def items_of(body: bytes, content_type: str) -> list[Any]:
    """Return the items of a body: a JSON array, {"readings": array}, or a JSON object per line (NDJSON)."""
    try:
        if content_type in ("application/x-ndjson", "application/ndjson", "application/jsonl"):
            items = [orjson.loads(line) for line in body.splitlines() if line.strip()]
        else:
            said = orjson.loads(body)
            items = said.get("readings") if isinstance(said, dict) else said
    except orjson.JSONDecodeError as error:
        raise Refused(f"the body is not JSON: {error}", field="body") from None
    if not isinstance(items, list):
        raise Refused(
            "the body holds no list of readings", field="readings", remedy='send {"readings": [...]}'
        )
    if len(items) > MOST_READINGS:
        raise Refused(
            f"{len(items)} readings in one request", field="readings", value=len(items),
            remedy=f"send at most {MOST_READINGS} at once",
        )  # fmt: skip
    return items


def parse(items: list[Any], channels: Mapping[tuple[str, str], Channel], *, now_us: int) -> Push:
    """Return what can be stored of the items, and why the rest cannot.

    channels: ('point', id) and ('tag', name) -> channel; now_us: the present [µs since the Unix epoch]
    """
    push = Push(len(items))
    rows = []
    for position, item in enumerate(items):
        try:
            rows.append(_row(item, channels, now_us))
        except Refused as error:
            push.refused.append({"index": position, **_shown(error.as_dict())})
        else:
            push.positions.append(position)
    push.readings = Readings.of(rows)
    return push


def _row(item: Any, channels: Mapping[tuple[str, str], Channel], now_us: int) -> tuple[int, int, float, int]:
    if not isinstance(item, dict):
        raise Refused("a reading is an object", remedy='{"tag": ..., "read_at": ..., "value": ...}')
    strange = item.keys() - FIELDS
    if strange:
        name = min(strange)
        raise Refused(f"unknown field '{name}'", field=name, remedy="use " + ", ".join(sorted(FIELDS)))
    channel = _channel(item, channels)
    name, said = _time(item)
    try:
        at_us = instant_us(said, "iso" if isinstance(said, str) else "ms")
    except Refused as error:
        error.field = name
        raise
    refusal = time_refusal(at_us, now_us=now_us)
    if refusal is not None:
        raise Refused(refusal, field=name, value=said)
    minutes = channel.address.get("minutes", 0) if channel.address.get("label") == "end" else 0
    value, quality = _value(item, channel)
    return channel.point_key, at_us - int(minutes * 60_000_000), value, quality


def _time(item: dict[str, Any]) -> tuple[str, Any]:
    """Return when an item was read, as it was sent, with the name it was sent under."""
    said = {name: item[name] for name in TIMES if item.get(name) is not None}
    if not said:
        raise Refused(
            "a reading needs its time", field="read_at", remedy="2026-01-31T12:00:00Z or Unix milliseconds"
        )
    if len(said) > 1 and said["read_at"] != said["time"]:
        raise Refused(
            "read_at and time differ",
            field="read_at",
            value=str(said["read_at"])[:100],
            remedy="send one of them",
        )
    return next(iter(said.items()))


def _channel(item: dict[str, Any], channels: Mapping[tuple[str, str], Channel]) -> Channel:
    kind = "tag" if "tag" in item else "point"
    name = item.get(kind)
    if not isinstance(name, str):
        raise Refused("a reading names its tag or its point", field=kind, value=name)
    channel = channels.get((kind, name.upper() if kind == "point" else name))
    if channel is None:
        raise Refused(
            f"this gateway has no {kind} '{name[:60]}'", field=kind, value=name[:200],
            remedy="add a channel for it on the connections page",
        )  # fmt: skip
    return channel


def _value(item: dict[str, Any], channel: Channel) -> tuple[float, int]:
    said = item.get("value")
    if said is not None and (isinstance(said, bool) or not isinstance(said, int | float)):
        raise Refused("a value is a number or null", field="value", value=str(said)[:100])
    word = item.get("quality")
    if word is not None and (not isinstance(word, str) or word not in QUALITIES):
        raise Refused(
            f"unknown quality '{str(word)[:40]}'", field="quality", value=str(word)[:40],
            remedy="use one of " + ", ".join(QUALITIES),
        )  # fmt: skip
    value = math.nan if said is None else said * channel.scale + channel.offset
    judged = judge(value, low=channel.low, high=channel.high)
    return value if math.isfinite(value) else math.nan, judged if judged == BAD else QUALITIES[word or "good"]


def _shown(said: dict[str, Any]) -> dict[str, Any]:
    """Return a refusal as it is answered: with what stood there only where that is short."""
    value = said.get("value")
    if isinstance(value, str):
        said["value"] = value[:200]
    elif not isinstance(value, int | float):
        said.pop("value", None)
    return said
