"""Pages about what was measured: overviews, lists, points, and the wires it came by."""

from portal.metering import connections, overview, points

__all__ = ["connections", "overview", "points"]
