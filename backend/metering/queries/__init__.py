"""Every SELECT of metering, each confined to a scope."""

from backend.metering.queries.amounts import (
    CountedPoint,
    Stretches,
    counted_points,
    readings_around,
    readings_within,
    settled_until,
)
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
from backend.metering.queries.curves import (
    hours,
    intervals,
    latest,
    latest_arrays,
    progress,
    rates,
    readings,
    revisions,
    roll_ups,
    totals,
    zones,
)
from backend.metering.queries.journal import batches_after, cursor, move_cursor
from backend.metering.queries.points import (
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
    "CountedPoint", "Stretches", "batches_after", "channels", "connection", "connection_of_key", "connections",
    "counted_points", "cursor", "dead_letter", "dead_letters", "freshest_batch", "hours", "intervals",
    "latest", "latest_arrays", "move_cursor", "open_dead_letters", "owned_keys", "plan", "point",
    "points", "points_by_id", "positions_of", "progress", "rates", "readings", "readings_around", "readings_within", "register_events",
    "revisions", "roll_ups", "settled_until", "sighting", "sightings", "totals",
    "visible", "zone_of", "zones",
]  # fmt: skip
