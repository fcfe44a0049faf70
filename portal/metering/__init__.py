"""Pages about what was measured: overviews, lists, points, and the wires it came by."""

from portal.metering import (
    channels,
    commissioning,
    connections,
    device_form,
    exceptions,
    overview,
    point_forms,
    points,
    shut,
    vee_settings,
)

__all__ = [
    "channels",
    "commissioning",
    "connections",
    "device_form",
    "exceptions",
    "overview",
    "point_forms",
    "points",
    "shut",
    "vee_settings",
]
