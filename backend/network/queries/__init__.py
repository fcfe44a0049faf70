"""Every SELECT of the network, each confined to a scope."""

from backend.network.queries import map
from backend.network.queries.positions import (
    ancestors,
    covered_positions,
    nearest,
    owned_or_covered,
    position,
    positions,
    positions_by_id,
    site,
    site_names_taken,
    sites,
    sites_page,
    visible,
    zone_of,
)
from backend.network.queries.supply import (
    agreement,
    agreements,
    agreements_at,
    agreements_covering,
    agreements_page,
    customers_below,
)

__all__ = [
    "agreement", "agreements", "agreements_at", "agreements_covering", "agreements_page", "ancestors",
    "covered_positions", "customers_below", "map", "nearest", "owned_or_covered", "position", "positions",
    "positions_by_id", "site", "site_names_taken", "sites", "sites_page", "visible", "zone_of",
]  # fmt: skip
