"""Every SELECT of assets, each confined to a scope."""

from backend.assets.queries import customers, documents, register, search, stock, visible
from backend.assets.queries.devices import (
    device,
    devices_at,
    devices_by_id,
    devices_page,
    find,
    happened_at,
    is_within,
    last_step,
    life,
    of_number,
    parts_of,
    places_of,
    standing,
    standing_at,
    taken_numbers,
)

__all__ = [
    "customers", "device", "devices_at", "devices_by_id", "devices_page", "documents", "find", "happened_at",
    "is_within", "last_step", "life", "of_number", "parts_of", "places_of", "register", "search", "standing",
    "standing_at", "stock", "taken_numbers", "visible",
]  # fmt: skip
