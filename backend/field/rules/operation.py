"""An operation as a phone sends it: read strictly, numbered, with all that its clocks say (dating.py judges them)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from backend.field.rules.dating import Mark, Receipt, Said, Ticks
from backend.kernel import ids
from backend.kernel.errors import Refused

SCHEMA = 1
BEHIND = 2
"""Version of the contract, and how many older ones are taken: a phone that was long away sends what it wrote then."""

MOST_OPERATIONS, MOST_BYTES = 50, 256_000
HELD = timedelta(hours=72)
MOST_MS = 7e12
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""A clock that says less or more says this."""


class Early(Refused):
    """An operation of a newer app than this server, which is about to be brought forward: not now, later."""


@dataclass(frozen=True)
class Operation:
    """What somebody meant on a phone.

    when: what its clocks say
    geo: {lat, lon, acc, age_s} or None; evidence: SHA-256 of photos
    """

    op_id: UUID
    device_id: str
    seq: int
    entity: str
    entity_id: str
    command: str
    args: Mapping[str, Any]
    base_rev: int | None
    deps: tuple[UUID, ...]
    when: Said
    geo: Mapping[str, Any] | None
    evidence: tuple[str, ...]
    app: str | None

    @property
    def id(self) -> UUID:
        """The entity's id."""
        return ids.parse(self.entity_id)

    @property
    def name(self) -> str:
        """Entity and command, as handlers are named."""
        return f"{self.entity}.{self.command}"


def read(body: Mapping[str, Any], *, device_id: str) -> Operation:
    """Return an operation; raises Refused naming the field that is wrong."""
    try:
        _demand_storable(body)
        _demand_schema(body.get("schema", 1))
        if body["device_id"] != device_id:
            raise Refused(
                "an operation of another phone", field="device_id", value=str(body["device_id"])[:80]
            )
        base_rev, geo = body.get("base_rev"), body.get("geo")
        return Operation(
            op_id=ids.parse(str(body["op_id"])), device_id=device_id, seq=_whole(body["seq"]),
            entity=str(body["entity"]), entity_id=str(body["entity_id"])[:80], command=str(body["command"]),
            args=dict(body.get("args") or {}), base_rev=None if base_rev is None else int(base_rev),
            deps=tuple(ids.parse(str(one)) for one in body.get("deps") or ()),
            when=_when(body),
            geo=None if geo is None else _fix(geo),
            evidence=tuple(str(one) for one in body.get("evidence") or ()), app=body.get("app"),
        )  # fmt: skip
    except Refused:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Refused(f"this operation cannot be read: {type(error).__name__}: {error}", field="operations",
                      value=str(body.get("op_id", ""))[:40]) from None  # fmt: skip


def digest(body: Mapping[str, Any]) -> str:
    """Return what tells one content of an operation from another."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _demand_storable(body: Mapping[str, Any]) -> None:
    """Raise ValueError where a value cannot be kept: NUL, half a character, a number that is none."""
    said = json.dumps(body, ensure_ascii=False, allow_nan=False)
    said.encode()
    if re.search(r"(?<!\\)(?:\\\\)*\\u0000", said):
        raise ValueError("a text holds the character NUL")


def _demand_schema(version: Any) -> None:
    """Raise Refused for a version that is too old, Early for one that this server does not know yet."""
    if isinstance(version, bool) or not isinstance(version, int) or version < max(1, SCHEMA - BEHIND):
        raise Refused("this app is too old", field="schema", value=str(version)[:40], remedy="update the app")
    if version > SCHEMA:
        raise Early(
            "this server is older than the app",
            field="schema",
            value=version,
            remedy="nothing: it is sent again",
        )


def _when(body: Mapping[str, Any]) -> Said:
    offset_ms = float(body.get("clock_offset_ms") or 0)
    heard = body.get("heard")
    ticks = ticks_of(body)
    return Said(
        _instant(body["occurred_at"]), timedelta(milliseconds=max(-MOST_MS, min(offset_ms, MOST_MS))), ticks,
        None if heard is None or ticks is None else Mark(
            _instant(heard["at"]), Ticks(ticks.boot_id, float(heard["mono_ms"])),
            timedelta(milliseconds=max(0.0, min(float(heard.get("within_ms") or 0), MOST_MS))),
        ),
    )  # fmt: skip


def receipt(sent: Mapping[str, Any], *, at: datetime) -> Receipt:
    """Return when a batch is here, with what the phone's clocks said as it sent it, where it says so."""
    try:
        return Receipt(at, ticks_of(sent), _instant(sent["sent_at"]))
    except (KeyError, ValueError, Refused):
        return Receipt(at, ticks_of(sent))


def ticks_of(said: Mapping[str, Any]) -> Ticks | None:
    """Return what a phone's monotonic clock counts, of an operation or of a whole batch; None where it does not say."""
    if said.get("boot_id") is None or said.get("mono_ms") is None:
        return None
    return Ticks(str(said["boot_id"])[:80], max(-MOST_MS, min(float(said["mono_ms"]), MOST_MS)))


def _fix(geo: Mapping[str, Any]) -> dict[str, float]:
    return {key: float(geo[key]) for key in ("lat", "lon", "acc") if geo.get(key) is not None}


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**53:
        raise Refused("a phone counts its operations from 1", field="seq", value=str(value)[:40])
    return value


def _instant(text: Any) -> datetime:
    if re.match(r"[+-]\d{6}-", str(text)):  # how JavaScript writes the years before 0 and after 9999
        return LATEST if str(text)[0] == "+" else EARLIEST
    found = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    if found.tzinfo is None:
        raise Refused("a time needs its zone", field="occurred_at", value=str(text))
    return min(max(found, EARLIEST), LATEST)
