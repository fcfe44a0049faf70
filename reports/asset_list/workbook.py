"""The workbook: one sheet of positions, one of devices."""

from __future__ import annotations

from backend.assets.rules.sheet import DEVICES, POSITIONS, Sheet, device_columns, position_columns
from reports import workbook


def write(sheet: Sheet) -> bytes:
    """Return the workbook of a sheet; read() gives the same rows back."""
    pages = {
        POSITIONS: (list(position_columns(())), sheet.positions),
        DEVICES: (list(device_columns()), sheet.devices),
    }
    return workbook.write(pages, wide=("id", "parent"))


def read(data: bytes) -> Sheet:
    """Return the rows of a workbook; raises Refused where it is none, or holds neither sheet."""
    found = workbook.read(data, (POSITIONS, DEVICES))
    return Sheet(found.get(POSITIONS, ()), found.get(DEVICES, ()))
