"""What all files of the Australian market have in common: its time, its quality flags, its units."""

from __future__ import annotations

from datetime import timedelta

MARKET_OFFSET = timedelta(hours=10)
QUALITY = {"A": 0, "E": 3, "F": 3, "S": 3, "N": 2}
"""Method flags: actual, estimated, final substitute, substitute, null (no data)."""

UNITS = {
    "kwh": ("kWh", "energy"), "wh": ("Wh", "energy"), "mwh": ("MWh", "energy"), "kvarh": ("kvarh", "reactive energy"),
    "varh": ("varh", "reactive energy"), "kw": ("kW", "power"), "w": ("W", "power"), "kvar": ("kvar", "reactive power"),
    "v": ("V", "voltage"), "a": ("A", "current"), "kva": ("kVA", "apparent power"),
}  # fmt: skip
