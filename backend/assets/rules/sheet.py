"""Positions and devices as rows of a table: which columns there are and what may stand in them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.assets.rules.life import DeviceStatus
from backend.kernel.sheets import (
    MOST_ROWS,
    Formula,
    Parsed,
    Problem,
    Reader,
    Row,
    amount,
    currency,
    day,
    identifier,
    number,
    one_of,
    parse,
    text,
    words_of,
)
from backend.kernel.units import Carrier

__all__ = [
    "DEVICES", "MOST_ROWS", "POSITIONS", "Formula", "Parsed", "Problem", "Reader", "Row", "Sheet", "device_columns",
    "parse", "position_columns",
]  # fmt: skip

POSITIONS, DEVICES = "Positions", "Devices"


@dataclass(frozen=True)
class Sheet:
    """Both tables."""

    positions: Sequence[Row] = ()
    devices: Sequence[Row] = ()


def position_columns(kinds: Sequence[str]) -> dict[str, Reader]:
    """Return the columns of positions. kinds: which there are."""
    return {
        "id": identifier, "parent": text(60), "code": text(60), "name": text(200), "name_zh": text(200),
        "kind": one_of(kinds), "carriers": words_of([one.value for one in Carrier]), "category": text(60),
        "longitude": number(-180, 180), "latitude": number(-90, 90), "timezone": text(60), "currency": currency,
    }  # fmt: skip


def device_columns() -> dict[str, Reader]:
    """Return the columns of devices."""
    return {
        "id": identifier, "position": text(60), "manufacturer": text(200), "model": text(200),
        "serial_number": text(200), "family": text(60), "status": one_of([one.value for one in DeviceStatus]),
        "purchased_on": day, "purchase_cost": amount, "purchase_currency": currency, "supplier": text(200),
        "warranty_until": day,
    }  # fmt: skip
