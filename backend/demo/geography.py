"""The district on the ground: local metres to degrees, where things stand, the lines that feed them.

The place is the south shore of Hangzhou Bay; the district itself is made up.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from backend.demo import basemap, networks
from backend.demo.customers import CUSTOMERS
from backend.demo.points_customers import carriers
from backend.demo.spec import LineSpec, LonLat
from backend.demo.weather import LATITUDE, LONGITUDE

_METRES_PER_DEGREE = 111_320.0
_APART_M = 260.0
SUPPLY_SPOTS = {
    "centre": (-150.0, -520.0),
    "wind": (-2100.0, 1060.0),
    "pv_terminal": (650.0, 980.0),
    "pv_carpark": (1500.0, -350.0),
    "battery": (2350.0, -60.0),
    "outfall": (-700.0, 1120.0),
    "weather": (250.0, 900.0),
}
"""Where supply stands that no network places [m east, m north]."""


def degrees(local: np.ndarray) -> tuple[LonLat, ...]:
    """Return local metres as WGS 84 longitude and latitude, to about 10 cm."""
    local = np.atleast_2d(np.asarray(local, dtype=float))
    lon = LONGITUDE + local[:, 0] / (_METRES_PER_DEGREE * np.cos(np.radians(LATITUDE)))
    lat = LATITUDE + local[:, 1] / _METRES_PER_DEGREE
    return tuple((round(float(x), 6), round(float(y), 6)) for x, y in zip(lon, lat, strict=True))


def length_m(local: np.ndarray) -> float:
    """Return the length of a polyline [m]."""
    return round(float(np.linalg.norm(np.diff(local, axis=0), axis=1).sum()), 1)


def _nearest(nodes: np.ndarray, spot: Iterable[float]) -> np.ndarray:
    return nodes[np.argmin(np.linalg.norm(nodes - np.array(spot), axis=1))]


def customer_spots(shapes: dict[str, networks.Shape]) -> dict[str, np.ndarray]:
    """Return where each customer stands: the free network node nearest to its spot."""
    nodes = np.concatenate([shapes["heat"].nodes, shapes["electricity"].nodes])
    taken = [np.array(spot) for spot in SUPPLY_SPOTS.values()]
    spots = {}
    for customer in CUSTOMERS:
        wanted = np.array([-2000 + 4000 * customer.spot[0], -1150 + 1950 * customer.spot[1]])
        free = np.min([np.linalg.norm(nodes - other, axis=1) for other in taken], axis=0) > _APART_M
        spots[customer.key] = _nearest(nodes[free], wanted) + np.array([0.0, 35.0])
        taken.append(spots[customer.key])
    return spots


def _network_lines(shapes: dict[str, networks.Shape]) -> list[LineSpec]:
    """Return every line of every network."""
    return [
        LineSpec(
            f"{carrier}.{number}", "feeder" if carrier == "electricity" else "pipe", degrees(line),
            carrier=carrier, length_m=length_m(line),
        )
        for carrier, shape in shapes.items()
        for number, line in enumerate(shape.lines)
    ]  # fmt: skip


def _connection(
    shapes, carrier: str, source: tuple[str, np.ndarray], target: tuple[str, np.ndarray]
) -> LineSpec:
    """Return the last stretch from the network to a position, at right angles like a street."""
    start, end = _nearest(shapes[carrier].nodes, target[1]), target[1]
    path = np.array([start, [end[0], start[1]], end])
    return LineSpec(
        f"{carrier}.to.{target[0]}", "feeder" if carrier == "electricity" else "pipe", degrees(path),
        carrier=carrier, from_position=source[0], to_position=target[0], length_m=length_m(path),
    )  # fmt: skip


def survey() -> dict:
    """Work out places and lines of the district: {'spots': {key: (lon, lat)}, 'lines': [LineSpec]}."""
    shapes = networks.all_networks()
    spots = {key: np.array(spot) for key, spot in SUPPLY_SPOTS.items()}
    spots |= {
        "grid": np.array(shapes["electricity"].source),
        "gas_intake": np.array(shapes["gas"].source),
        "water_intake": np.array(shapes["water"].source),
    }
    spots |= customer_spots(shapes)
    lines = _network_lines(shapes)
    source = {
        "electricity": "grid", "gas": "gas_intake", "water": "water_intake",
        "heat": "centre", "cooling": "centre",
    }  # fmt: skip
    needs = {c.key: carriers(c) for c in CUSTOMERS} | {
        "centre": ["electricity", "gas", "water", "heat", "cooling"],
        **{key: ["electricity"] for key in ("wind", "pv_terminal", "pv_carpark", "battery")},
    }
    for key, wanted in needs.items():
        for carrier in wanted:
            feed = source[carrier]
            lines.append(_connection(shapes, carrier, (feed, spots[feed]), (key, spots[key])))
    parks = {
        park: [spots[c.key] for c in CUSTOMERS if c.park == park] for park in {c.park for c in CUSTOMERS}
    }
    lines += [
        LineSpec(area.key, area.kind, degrees(area.outline), name=area.name, is_area=area.is_area,
                 length_m=length_m(area.outline))
        for area in basemap.layers(shapes, parks)
    ]  # fmt: skip
    return {"spots": {key: degrees(spot)[0] for key, spot in spots.items()}, "lines": lines}


def surveyed(home: Path | None = None) -> dict:
    """Return the survey, kept in `home/region/geography.json` because its packages take seconds to import."""
    kept = home / "region" / "geography.json" if home else None
    if kept and kept.exists():
        found = json.loads(kept.read_text())
        lines = [
            LineSpec(**{**line, "coordinates": tuple(map(tuple, line["coordinates"]))})
            for line in found["lines"]
        ]
        return {"spots": {key: tuple(spot) for key, spot in found["spots"].items()}, "lines": lines}
    found = survey()
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(
            json.dumps({"spots": found["spots"], "lines": [vars(line) for line in found["lines"]]})
        )
    return found
