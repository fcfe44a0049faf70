"""Calls a payment provider signs: HMAC-SHA256 over instant and body, good for a few minutes. Pure.

Keyed hashing as in RFC 2104; the instant is signed with the body, so an old call cannot be sent again as a new one.
"""

from __future__ import annotations

import hashlib
import hmac
import re

HEADER = "X-Enerfield-Signature"
WINDOW_S = 300
"""A call is taken this long before and after its instant, for clocks that differ [s]."""

_SHAPE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def sign(secret: str, at_s: int, body: bytes) -> str:
    """Return the header for a body sent at an instant [seconds since 1970]."""
    return f"t={at_s},v1={_digest(secret, at_s, body)}"


def flaw(secret: str, header: str, body: bytes, now_s: int) -> str | None:
    """Tell why a header does not sign this body at about this time, None where it does: for the log, not the caller."""
    found = _SHAPE.fullmatch(header)
    if found is None:
        return "not signed"
    at_s = int(found[1])
    if not hmac.compare_digest(_digest(secret, at_s, body), found[2]):
        return "not of this body, or by another secret"
    if abs(now_s - at_s) > WINDOW_S:
        return "too old, or ahead of its time"
    return None


def _digest(secret: str, at_s: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
