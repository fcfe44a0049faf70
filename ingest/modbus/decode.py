"""How registers become numbers. Pure: no socket, no clock."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.devices.families import WORDS
from ingest.rules import BAD, judge

FORMATS = {
    "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "int64": ">q", "uint64": ">Q",
    "float32": ">f", "float64": ">d",
}  # fmt: skip

NO_VALUE = (math.nan, BAD)


@dataclass(frozen=True)
class Encoding:
    """How one value is stored in its registers, and what it can be.

    type: int16, uint32, float64, bcd32, mod10_4, bit, ...
    order: abcd (most significant byte first), badc, cdab or dcba
    scale, offset: value = raw * scale + offset [the point's unit]
    low, high: what the quantity can be [the point's unit]
    absent: raw bit patterns that mean "no value"
    bit: which bit, 0 the least significant, for type `bit`
    """

    type: str
    order: str = "abcd"
    scale: float = 1.0
    offset: float = 0.0
    low: float | None = None
    high: float | None = None
    absent: tuple[int, ...] = ()
    bit: int = 0

    @property
    def words(self) -> int:
        """How many registers the value fills."""
        return WORDS[self.type]


def decode(words: Sequence[int], encoding: Encoding, *, exponent: int | None = 0) -> tuple[float, int]:
    """Return value and quality of what stands in the registers.

    words: registers as read, in the order of their addresses [0..65535]
    exponent: power of ten from the value's exponent register, 0 without one, None where that holds none
    returns: (value, quality); NaN and bad where the device has none, bad where the quantity cannot be so
    """
    raw_bytes = ordered(words, encoding.order)
    if encoding.absent and int.from_bytes(raw_bytes, "big") in encoding.absent:
        return NO_VALUE
    raw = _raw(raw_bytes, encoding)
    if raw is None or exponent is None or not math.isfinite(raw):
        return NO_VALUE
    if exponent:
        raw = scaled(raw, 10.0**exponent)
    value = scaled(raw, encoding.scale) + encoding.offset
    return value, judge(value, low=encoding.low, high=encoding.high)


def scaled(raw: float, scale: float) -> float:
    """Return raw * scale, dividing where that is exact: 3 * 0.1 is not 0.3, 3 / 10 is."""
    if 0 < abs(scale) < 1:
        whole = round(1 / scale)
        if abs(whole * scale - 1) < 1e-12:
            return raw / whole
    return raw * scale


def ordered(words: Sequence[int], order: str) -> bytes:
    """Return the value's bytes, most significant first.

    order: `abcd` as transmitted; `cdab` least significant word first; `badc` bytes swapped within
    words; `dcba` both. Of a value of four words the words are reversed as a whole.
    """
    if order in ("cdab", "dcba"):
        words = words[::-1]
    raw = struct.pack(f">{len(words)}H", *words)
    if order in ("badc", "dcba"):
        return b"".join(raw[i + 1 : i + 2] + raw[i : i + 1] for i in range(0, len(raw), 2))
    return raw


def _raw(raw: bytes, encoding: Encoding) -> float | None:
    if encoding.type in FORMATS:
        return struct.unpack(FORMATS[encoding.type], raw)[0]
    if encoding.type == "bit":
        return float(int.from_bytes(raw, "big") >> encoding.bit & 1)
    if encoding.type.startswith("bcd"):
        return _bcd(raw)
    return _mod10(raw)


def _bcd(raw: bytes) -> float | None:
    """Return a packed decimal, two digits a byte; None where a half-byte is no digit."""
    digits = raw.hex()
    return int(digits) if digits.isdecimal() else None


def _mod10(raw: bytes) -> float | None:
    """Return a number of four decimal digits a register (ION meters: MOD10K); None where one exceeds 9999."""
    parts = struct.unpack(f">{len(raw) // 2}h", raw)
    if any(abs(part) > 9999 for part in parts):
        return None
    total = 0
    for part in parts:
        total = total * 10_000 + part
    return total
