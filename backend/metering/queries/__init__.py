"""Every SELECT of metering, each confined to a scope."""

from backend.metering.queries.amounts import CountedPoint, counted_points, settled_until, usable_readings
from backend.metering.queries.connections import (
    channels,
    connection,
    connection_of_key,
    connections,
    dead_letter,
    dead_letters,
    freshest_batch,
    open_dead_letters,
    plan,
    sighting,
    sightings,
)
from backend.metering.queries.journal import batches_after, cursor, move_cursor
from backend.metering.queries.points import (
    latest,
    owned_keys,
    point,
    points,
    points_by_id,
    positions_of,
    register_events,
    visible,
    zone_of,
)

__all__ = [
    "CountedPoint", "batches_after", "channels", "connection", "connection_of_key", "connections",
    "counted_points", "cursor", "dead_letter", "dead_letters", "freshest_batch", "latest", "move_cursor",
    "open_dead_letters", "owned_keys", "plan", "point", "points", "points_by_id", "positions_of",
    "register_events", "settled_until", "sighting", "sightings", "usable_readings", "visible", "zone_of",
]  # fmt: skip
