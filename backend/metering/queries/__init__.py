"""Every SELECT of metering, each confined to a scope."""

from backend.metering.queries.amounts import CountedPoint, counted_points, settled_until, usable_readings
from backend.metering.queries.journal import batches_after, cursor, move_cursor
from backend.metering.queries.points import owned_keys

__all__ = [
    "CountedPoint", "batches_after", "counted_points", "cursor", "move_cursor", "owned_keys", "settled_until",
    "usable_readings",
]  # fmt: skip
