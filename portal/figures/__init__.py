"""What pages say in numbers: of an organisation, of a position, of a point."""

from portal.figures.organisation import balance, balance_csv, balance_json, known_carriers, rows_of, tiles
from portal.figures.place import of_position
from portal.figures.point import around, curve_of, facts_of, latest_of, point_of, readings_of, shown_value

__all__ = [
    "around", "balance", "balance_csv", "balance_json", "curve_of", "facts_of", "known_carriers", "latest_of",
    "of_position", "point_of", "readings_of", "rows_of", "shown_value", "tiles",
]  # fmt: skip
