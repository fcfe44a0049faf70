"""Look things up: the register as a list, nearest first, and by words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import queries
from backend.assets.models import Device, DeviceStatus, Document, Installation, Part
from backend.assets.queries.register import Asset, DeviceFilter
from backend.assets.rules import search as rules
from backend.kernel import paging
from backend.kernel.scope import Scope
from backend.network import service as network
from backend.network.models import Position
from backend.tenancy.models import Organisation

KINDS = ("device", "position", "document", "part", "organisation")


@dataclass(frozen=True)
class Found:
    """Something that fits what was looked for. kind: one of KINDS."""

    kind: str
    id: UUID
    row: Device | Position | Document | Part | Organisation


def list_assets(
    session: Session, scope: Scope, wanted: DeviceFilter = DeviceFilter(), *, text: str | None = None,
    under: UUID | None = None, cursor: str | None = None, limit: int = 50,
) -> paging.Page[Asset]:  # fmt: skip
    """Return a page of devices by serial number, each with where it stands.

    text: part of maker, model or serial number; under: only what stands at a position or below it
    """
    wanted = _narrowed(session, scope, wanted, text, under)
    return queries.register.assets(session, scope, wanted, cursor=cursor, limit=limit)


def nearest_assets(
    session: Session, scope: Scope, wanted: DeviceFilter = DeviceFilter(), *, longitude: float, latitude: float,
    text: str | None = None, limit: int = 50,
) -> Sequence[Asset]:  # fmt: skip
    """Return devices that stand somewhere, nearest to a place first, each with its distance [m]."""
    wanted = _narrowed(session, scope, wanted, text, None)
    return queries.register.nearest(session, scope, wanted, longitude, latitude, min(limit, paging.MOST))


def status_counts(session: Session, scope: Scope, organisations: frozenset[UUID]) -> dict[DeviceStatus, int]:
    """Return how many devices there are of each status, those there are none of included."""
    counted = queries.register.counts(session, scope, organisations)
    return {status: counted.get(status, 0) for status in DeviceStatus}


def families(session: Session, scope: Scope) -> Sequence[str]:
    """Return the families of devices there are."""
    return queries.register.families(session, scope)


def search(
    session: Session, scope: Scope, *, text: str, kinds: Sequence[str] = KINDS, limit: int = 20
) -> list[Found]:
    """Return devices, positions, documents, parts and organisations by words, those that begin so first."""
    question = rules.ask(text)
    if question is None:
        return []
    hits = queries.search.matches(session, scope, question, kinds, min(limit, paging.MOST))
    of_kind: dict[str, list[UUID]] = {}
    for kind, identifier in hits:
        of_kind.setdefault(kind, []).append(identifier)
    rows: dict[tuple[str, UUID], Any] = {}
    for kind, identifiers in of_kind.items():
        for row in _rows(session, scope, kind, identifiers):
            rows[kind, row.id] = row
    return [Found(kind, one, rows[kind, one]) for kind, one in hits if (kind, one) in rows]


def find_devices(
    session: Session, scope: Scope, *, text: str, limit: int = 20
) -> Sequence[tuple[Device, Installation | None]]:
    """Return devices by a part of maker, model or serial number, with where each stands now."""
    question = rules.ask(text)
    if question is None:
        return []
    hits = queries.search.matches(session, scope, question, ["device"], limit)
    return queries.find(session, scope, [identifier for _kind, identifier in hits])


def _rows(session: Session, scope: Scope, kind: str, identifiers: list[UUID]) -> Sequence[Any]:
    if kind == "device":
        return queries.devices_by_id(session, scope, identifiers)
    if kind == "position":
        return list(network.positions_by_id(session, scope, identifiers).values())
    if kind == "document":
        return queries.search.documents(session, scope, identifiers)
    if kind == "part":
        return queries.search.parts(session, scope, identifiers)
    return queries.search.organisations(session, scope, identifiers)


def _narrowed(
    session: Session, scope: Scope, wanted: DeviceFilter, text: str | None, under: UUID | None
) -> DeviceFilter:
    if under is not None:
        wanted = replace(wanted, under_path=str(network.position(session, scope, under).path))
    if text:
        question = rules.ask(text)
        hits = queries.search.matches(session, scope, question, ["device"], paging.MOST) if question else []
        wanted = replace(wanted, device_ids=tuple(identifier for _kind, identifier in hits))
    return wanted
