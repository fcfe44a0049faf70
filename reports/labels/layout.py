"""Where everything on a label stands, in millimetres. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from backend.kernel.errors import Refused
from reports.labels.qr import QUIET
from reports.labels.sheets import Sheet

LEAST_MODULE = 0.5
"""The smallest module phones read well from an arm's length [mm]."""
MOST_MODULE = 1.0
EDGE = 1.0
"""Printers and cutters are this far off [mm]: nothing that matters is nearer to the label's edge."""
LINES = 9.0
"""Height of the words below the picture on labels that are not wide [mm]."""
RULER = 50.0
"""Length of the ruler that shows whether the printer kept the size [mm]."""
RULER_ROOM = 6.0


@dataclass(frozen=True)
class Layout:
    """The picture and the words on a label, from its upper left corner [mm].

    module: side of a module; code: (x, y, side) of the picture without its quiet zone; quiet zone: 4 modules;
    words: (x, y, width, height); is_beside: words stand right of the picture, not below
    """

    module: float
    code: tuple[float, float, float]
    words: tuple[float, float, float, float]
    is_beside: bool


def lay_out(sheet: Sheet, size: int) -> Layout:
    """Return the layout of labels whose codes have `size` modules a side; raises Refused where they do not fit."""
    width, height = sheet.label_width, sheet.label_height
    is_beside = width >= 1.4 * height
    room = height - 2 * EDGE if is_beside else min(width - 2 * EDGE, height - LINES - EDGE)
    module = min(math.floor(room / (size + 2 * QUIET) * 1000) / 1000, MOST_MODULE)
    if module < LEAST_MODULE:
        needed = LEAST_MODULE * (size + 2 * QUIET) + 2 * EDGE
        raise Refused(
            f"these codes need labels at least {needed:.1f} mm high", field="sheet", value=sheet.key,
            remedy="take larger labels, a shorter host name for tags, or a lower error correction",
        )  # fmt: skip
    quiet, side = QUIET * module, size * module
    if is_beside:
        top = (height - side) / 2
        left = EDGE + quiet
        start = left + side + quiet
        words = (start, 1.5 * EDGE, width - start - 1.5 * EDGE, height - 3 * EDGE)
    else:
        left, top = (width - side) / 2, EDGE + quiet
        words = (EDGE, top + side + quiet, width - 2 * EDGE, height - top - side - quiet - EDGE)
    return Layout(module, (left, top, side), words, is_beside)


def ruler_place(sheet: Sheet) -> tuple[float, float] | None:
    """Return where the ruler begins on a sheet [mm]: in its lower or upper margin; None where neither has room."""
    bottom = sheet.top + sheet.rows * sheet.label_height + (sheet.rows - 1) * sheet.gap_y
    left = (sheet.page_width - RULER) / 2
    if sheet.page_height - bottom >= RULER_ROOM + 4:
        return left, bottom + 1.5
    if sheet.top >= RULER_ROOM + 4:
        return left, sheet.top - RULER_ROOM - 1.0
    return None
