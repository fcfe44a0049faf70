"""How arrays stand in columns: float32 and int16, deflated. Pure."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Shorts = NDArray[np.int16]
NONE = -1
"""The version of an interval that was not there."""


def pack_floats(values: Floats) -> bytes:
    """Return numbers as bytes; NaN stays NaN. Seven digits are kept."""
    return zlib.compress(np.ascontiguousarray(values, dtype="<f4").tobytes(), 6)


def unpack_floats(raw: bytes, columns: int) -> Floats:
    """Return what `pack_floats` packed, as rows of so many columns."""
    return np.frombuffer(zlib.decompress(raw), dtype="<f4").astype(np.float64).reshape(-1, columns)


def pack_versions(versions: Shorts) -> bytes:
    """Return the versions of intervals (terms × intervals, NONE where there is none) as bytes."""
    return zlib.compress(np.ascontiguousarray(versions, dtype="<i2").tobytes(), 6)


def unpack_versions(raw: bytes, terms: int) -> Shorts:
    """Return what `pack_versions` packed, one row a term."""
    flat = np.frombuffer(zlib.decompress(raw), dtype="<i2").astype(np.int16)
    return flat.reshape(terms, -1)
