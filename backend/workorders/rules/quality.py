"""Which closed orders are looked at again: a share of them, drawn by the event that closed each.

The event's id is made by the server and kept for good, so the draw can be repeated by anybody at any time, and nobody
who closes an order can choose whether it is drawn.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

SHARE = 0.1
"""Of a policy that says nothing else."""


def is_drawn(event_id: UUID, share: float) -> bool:
    """Tell whether the order an event closed belongs to the sample of a share 0 to 1."""
    drawn = int.from_bytes(hashlib.sha256(event_id.bytes).digest()[:8], "big")
    return drawn < share * 2**64
