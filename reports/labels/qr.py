"""The QR code of a payload as modules, and as a picture of one path."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import qrcode
from numpy.typing import NDArray
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.util import MODE_ALPHA_NUM, QRData

LEVELS = {"L": ERROR_CORRECT_L, "M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}
QUIET = 4
"""Modules that stay empty around the code (ISO/IEC 18004)."""


@lru_cache(maxsize=1024)
def modules(payload: str, level: str) -> NDArray[np.bool_]:
    """Return the modules of a payload in the 45-character alphabet, true for dark, without quiet zone."""
    code = qrcode.QRCode(error_correction=LEVELS[level], border=0)
    code.add_data(QRData(payload, mode=MODE_ALPHA_NUM), optimize=0)
    code.make(fit=True)
    return np.array(code.get_matrix(), dtype=bool)


def svg(dark: NDArray[np.bool_]) -> str:
    """Return modules as an SVG of one path, a unit a module: each row's runs as rectangles."""
    size = len(dark)
    edges = np.diff(np.pad(dark, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    path = "".join(
        f"M{start} {row}h{end - start}v1h{start - end}z"
        for row, line in enumerate(edges)
        for start, end in zip(*(np.flatnonzero(line == way).tolist() for way in (1, -1)), strict=True)
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{path}"/></svg>'
