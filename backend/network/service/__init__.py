"""What can be done with the network. The caller owns the transaction."""

from backend.network.models import PositionKind
from backend.network.rules import Box
from backend.network.service.keeping import (
    NewPosition,
    change_position,
    change_site,
    create_line,
    create_position,
    create_site,
)
from backend.network.service.looking import (
    children,
    list_positions,
    list_sites,
    nearest_positions,
    position,
    positions_by_id,
    site_of,
    sites,
    way_to,
    zone_of,
)
from backend.network.service.map import MOST_LINES, MOST_PLACES, map_layers
from backend.network.service.supply import (
    agreements_at,
    create_supply_agreement,
    customers_below,
    end_supply_agreement,
    list_supply_agreements,
    supply_agreements,
    visible_periods,
)

__all__ = [
    "MOST_LINES", "MOST_PLACES", "Box", "NewPosition", "PositionKind", "agreements_at", "change_position",
    "change_site", "children", "create_line", "create_position", "create_site", "create_supply_agreement",
    "customers_below", "end_supply_agreement", "list_positions", "list_sites", "list_supply_agreements", "map_layers",
    "nearest_positions", "position", "positions_by_id", "site_of", "sites", "supply_agreements", "visible_periods",
    "way_to", "zone_of",
]  # fmt: skip
