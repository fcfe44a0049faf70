"""What can be done with meters. The caller owns the transaction; bulk paths work on arrays."""

from backend.metering.rules import Quality, ReadingBatch
from backend.metering.service import journal
from backend.metering.service.connections import (
    ChannelPlan,
    ConnectionPlan,
    ConnectionView,
    NewChannel,
    NewConnection,
    Refusal,
    add_dead_letters,
    add_sightings,
    adopt_sighting,
    channels_of,
    count_open_dead_letters,
    create_channel,
    create_connection,
    dead_letter,
    dismiss_sighting,
    enable_connection,
    freshest_batch,
    gateway,
    ingest_plan,
    issue_gateway_key,
    list_connections,
    list_dead_letters,
    list_sightings,
    note_contact,
    settle_dead_letter,
)
from backend.metering.service.follow import RollUpFollower
from backend.metering.service.points import (
    NewPoint,
    create_point,
    list_points,
    point,
    record_register_event,
)
from backend.metering.service.store import Stored, store_readings

__all__ = [
    "ChannelPlan", "ConnectionPlan", "ConnectionView", "NewChannel", "NewConnection", "NewPoint", "Quality",
    "ReadingBatch", "Refusal", "RollUpFollower", "Stored", "add_dead_letters", "add_sightings", "adopt_sighting",
    "channels_of", "count_open_dead_letters", "create_channel", "create_connection", "create_point", "dead_letter",
    "dismiss_sighting", "enable_connection", "freshest_batch", "gateway", "ingest_plan", "issue_gateway_key",
    "journal", "list_connections", "list_dead_letters", "list_points", "list_sightings", "note_contact", "point",
    "record_register_event", "settle_dead_letter", "store_readings",
]  # fmt: skip
