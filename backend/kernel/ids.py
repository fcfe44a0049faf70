"""Identifiers: UUIDv7 (RFC 9562), shown to people as 26 Crockford base-32 characters."""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID

from backend.kernel.errors import Refused

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}


_lock = threading.Lock()
_last = (0, 0)
"""Milliseconds and random bits of the last id of this process."""


def new_id() -> UUID:
    """Return a new UUIDv7: 48 bits of Unix milliseconds, then 74 random bits, so that ids sort by birth.

    Within a millisecond, or when the clock steps back, the random bits of a process go up by a random step
    (RFC 9562, 6.2, method 2): what one transaction writes is read back in the order in which it was written.
    """
    global _last
    with _lock:
        milliseconds = time.time_ns() // 1_000_000 & (1 << 48) - 1
        random = int.from_bytes(os.urandom(10), "big") >> 7  # the highest bit stays free for steps up
        if milliseconds <= _last[0]:
            milliseconds, random = _last[0], _last[1] + 1 + (random & (1 << 40) - 1)
        _last = milliseconds, random
    value = (
        milliseconds << 80 | 0x7 << 76 | (random >> 62 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    )
    return UUID(int=value)


def show(identifier: UUID) -> str:
    """Return the 26 characters people read and type."""
    value = identifier.int
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))


def parse(text: str) -> UUID:
    """Read an id from its 26 characters or from the usual hexadecimal form.

    Small letters, and O for 0, I and L for 1 are forgiven.
    """
    compact = text.strip().replace("-", "").upper()
    try:
        if len(compact) == 32:
            return UUID(compact)
        if len(compact) != 26:
            raise ValueError(compact)
        value = 0
        for letter in compact:
            value = value << 5 | _VALUES[letter]
        return UUID(int=value)
    except (ValueError, KeyError):
        raise Refused(
            f"'{text}' is not an identifier", field="id", value=text, remedy="use the 26 characters shown"
        ) from None
