"""Numbers into registers: the inverse of what ingest does, by the same family tables. Pure."""

import struct

from ingest.devices.families import WORDS, Measure

_FORMATS = {
    "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "int64": ">q", "uint64": ">Q",
    "float32": ">f", "float64": ">d",
}  # fmt: skip
EXPONENT = -2
"""Power of ten that our meters write into the registers that scale others: they count in hundredths."""


def encode(value: float, measure: Measure) -> list[int]:
    """Return the registers that show `value`, in the order of their addresses [0..65535].

    Values a fixed-point type cannot hold are cut off at its ends, as meters do.
    """
    exponent = EXPONENT if measure.exponent_register is not None else 0
    raw = (value - measure.offset) / measure.scale / 10.0**exponent
    if measure.type.startswith("float"):
        content = struct.pack(_FORMATS[measure.type], raw)
    else:
        bits = 16 * WORDS[measure.type]
        low, high = (
            (0, 2**bits - 1) if measure.type.startswith("uint") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        )
        content = struct.pack(_FORMATS[measure.type], min(max(round(raw), low), high))
    words = [int.from_bytes(content[i : i + 2], "big") for i in range(0, len(content), 2)]
    if measure.order in ("badc", "dcba"):
        words = [(word & 0xFF) << 8 | word >> 8 for word in words]
    return words[::-1] if measure.order in ("cdab", "dcba") else words
