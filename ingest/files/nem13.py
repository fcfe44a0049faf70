"""NEM13's 250 records: what an accumulation meter showed at two visits, and what was used in between. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

import numpy as np

from backend.kernel import clock
from ingest.files.market import MARKET_OFFSET, QUALITY, UNITS
from ingest.files.series import Report, Series

PREVIOUS, CURRENT, QUANTITY, UNIT = 8, 13, 18, 19
"""Where a 250 record says the two visits (value, time, method) and the use between them, and its unit."""


def read_accumulation(
    record: list[str], row: int, serials: dict[str, str], report: Report
) -> Iterator[Series]:
    """Yield the two register readings of a 250 record; nothing, with the reason told, where it cannot be used.

    A register that counted past its dial is told by the number of digits it is written with. A record whose
    readings do not differ by the quantity it states says two things at once, and nothing tells which is right.

    serials: tag -> serial number of the meter seen first; another meter's readings are not the same register's
    """
    try:
        nmi, suffix, serial = (record[place].strip() for place in (1, 4, 6))
        before, after = _visit(record, PREVIOUS), _visit(record, CURRENT)
        used, unit = Decimal(record[QUANTITY].strip()), record[UNIT].strip()
    except (IndexError, ValueError, KeyError, InvalidOperation) as error:
        report.add(row, "250", ",".join(record)[:60], f"the register readings cannot be read: {error!r}")
        return
    tag = f"{nmi}.{suffix}"
    if serials.setdefault(tag, serial) != serial:
        report.add(
            row, "meter serial", serial,
            f"another meter than {serials[tag]}: record the exchange at the point, then import its file alone",
        )  # fmt: skip
        return
    digits = max(len(record[place].strip().partition(".")[0]) for place in (PREVIOUS, CURRENT))
    dial = Decimal(10) ** digits
    moved = after[0] - before[0] + (dial if after[0] < before[0] else 0)
    if abs(moved - abs(used)) > Decimal("0.05"):
        report.add(
            row,
            "quantity",
            record[QUANTITY],
            f"the register moved by {moved} {unit}: ask for a corrected record",
        )
        return
    name, quantity = UNITS.get(unit.lower(), (unit or "1", "unknown"))
    yield Series(
        tag, np.array([before[1], after[1]], np.int64), np.array([float(before[0]), float(after[0])]),
        np.array([before[2], after[2]], np.int16), np.full(2, row, np.int64), name, "register",
        quantity=quantity, dial=float(dial),
    )  # fmt: skip


def _visit(record: list[str], place: int) -> tuple[Decimal, int, int]:
    """Return value, instant [us] and quality of one visit."""
    said, at, method = (record[place + offset].strip() for offset in range(3))
    value = Decimal(said)
    if value < 0 or not value.is_finite():
        raise ValueError(f"{said} is no register reading")
    instant = datetime.strptime(at, "%Y%m%d%H%M%S").replace(tzinfo=UTC) - MARKET_OFFSET
    return value, clock.to_us(instant), QUALITY[method[:1]]
