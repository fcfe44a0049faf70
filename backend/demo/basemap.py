"""A base map of our own: coast, sea, parks, blocks and streets, all worked out from the networks' lines.

The land is what lies within reach of a cable or pipe, and the country behind it; streets are where pipes lie;
blocks are what streets enclose.
"""

from dataclasses import dataclass

import numpy as np

from backend.demo.networks import Shape
from backend.demo.people import PARKS

_FRAME = (-4200.0, -2600.0, 4200.0, 2900.0)
_SHORE_M = 330.0
_BLOCK_M2 = (6_000.0, 600_000.0)


@dataclass(frozen=True)
class Layer:
    """One piece of the base map in local metres."""

    key: str
    kind: str
    outline: np.ndarray
    name: str | None = None
    is_area: bool = False


def _pieces(geometry) -> list:
    """Return the simple parts of any shapely geometry."""
    return list(geometry.geoms) if hasattr(geometry, "geoms") else [geometry]


def _land(shapes: dict[str, Shape]):
    """Return the land as a polygon: around everything built, and all south of it, with round shores."""
    import shapely
    from shapely.geometry import LineString, box

    built = shapely.union_all(
        [LineString(line).buffer(_SHORE_M) for shape in shapes.values() for line in shape.lines]
    )
    west, south, east, _ = (
        bound + beyond for bound, beyond in zip(_FRAME, (-1500, -1500, 1500, 0), strict=True)
    )
    rows = [built]
    for x in np.arange(west, east, 150.0):
        strip = built.intersection(box(x, south, x + 150, _FRAME[3]))
        top = strip.bounds[3] if not strip.is_empty else 250.0
        rows.append(box(x, south, x + 150, top))
    land = shapely.union_all(rows).buffer(260).buffer(-520).buffer(260).simplify(12)
    return land.intersection(box(*_FRAME))


def _streets(shapes: dict[str, Shape]):
    """Return street lines: the gas, heat and water mains, straightened."""
    import shapely
    from shapely.geometry import LineString

    lines = [LineString(line).simplify(15) for key in ("gas", "heat", "water") for line in shapes[key].lines]
    return shapely.line_merge(shapely.union_all([line for line in lines if line.length > 40]))


def layers(shapes: dict[str, Shape], parks: dict[str, list[np.ndarray]]) -> list[Layer]:
    """Return sea, coast, parks, blocks and streets; areas first, so that lines are drawn over them."""
    import shapely
    from shapely.geometry import MultiPoint, box

    land = _land(shapes)
    found = [
        Layer(f"sea.{n}", "coast", np.array(sea.exterior.coords), name="Hangzhou Bay", is_area=True)
        for n, sea in enumerate(_pieces(box(*_FRAME).difference(land)))
        if sea.area > 40_000
    ]
    for key, spots in sorted(parks.items()):
        hull = MultiPoint(spots).convex_hull.buffer(210).intersection(land).simplify(8)
        found.append(
            Layer(f"park.{key}", "park", np.array(hull.exterior.coords), name=PARKS[key][0], is_area=True)
        )
    streets = _streets(shapes)
    for n, face in enumerate(shapely.polygonize(_pieces(streets)).geoms):
        for m, block in enumerate(_pieces(face.buffer(-14))):
            if _BLOCK_M2[0] < block.area < _BLOCK_M2[1]:
                found.append(Layer(f"block.{n}.{m}", "block", np.array(block.exterior.coords), is_area=True))
    found += [
        Layer(f"street.{n}", "street", np.array(line.coords)) for n, line in enumerate(_pieces(streets))
    ]
    return found
