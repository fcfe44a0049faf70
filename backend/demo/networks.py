"""Real network shapes from packages, moved to the district: cables, pipes and mains as lines in local metres.

- electricity: pandapower `mv_oberrhein` (medium-voltage grid with coordinates; Thurner et al. 2018,
  pandapower)
- gas: pandapipes `schutterwald_gas`; heat: pandapipes `schutterwald_heat` (Lohmeier et al. 2020, pandapipes)
- cooling: laid beside the heat network, as district cooling usually is
- water: EPANET example Net3, which comes with wntr (Klise et al. 2017; Rossman 2000)

Local metres: x east and y north of the district's centre.
"""

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

XY = tuple[float, float]
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True)
class Shape:
    """A network on the ground: polylines [m] and where it is fed from [m]."""

    lines: tuple[np.ndarray, ...]
    source: XY

    @property
    def nodes(self) -> np.ndarray:
        """Every vertex once: (n, 2) [m]."""
        return np.unique(np.concatenate(self.lines).round(1), axis=0)


def _turn(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (centre, rotation) that lay the long axis of some points from west to east."""
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    _, axes = np.linalg.eigh(np.cov((points - points.mean(axis=0)).T))
    long = axes[:, 1] * np.sign(axes[0, 1] or 1)
    return centre, np.array([[long[0], long[1]], [-long[1], long[0]]])


def fit(lines: list[np.ndarray], source: XY, *, width_m: float, middle: XY, squeeze: float = 1.0) -> Shape:
    """Turn, scale and move lines so that they span `width_m` from west to east around `middle`.

    squeeze: extra factor from south to north, to fit the narrow strip behind the coast
    """
    every = np.concatenate(lines)
    centre, rotation = _turn(every)
    turned = (every - centre) @ rotation.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    scale = width_m / (high[0] - low[0])

    def move(points: np.ndarray) -> np.ndarray:
        local = (points - centre) @ rotation.T - (low + high) / 2
        return local * scale * np.array([1.0, squeeze]) + np.array(middle)

    return Shape(tuple(move(line) for line in lines), tuple(move(np.array([source], dtype=float))[0]))


def merged(lines: list[np.ndarray]) -> list[np.ndarray]:
    """Join lines that meet end to end without a branch into longer polylines."""
    import shapely

    joined = shapely.line_merge(shapely.MultiLineString([line for line in lines if len(line) > 1]))
    parts = joined.geoms if hasattr(joined, "geoms") else [joined]
    return [np.array(part.coords)[:, :2] for part in parts]


def _flat(lonlat: np.ndarray) -> np.ndarray:
    """Return longitudes and latitudes as metres on a plane that is good enough for a town."""
    stretch = np.cos(np.radians(lonlat[:, 1].mean()))
    return lonlat * _METRES_PER_DEGREE * np.array([stretch, 1.0])


def electricity() -> Shape:
    """Return the medium-voltage grid."""
    import pandapower.networks

    net = pandapower.networks.mv_oberrhein()
    lines = [np.array(json.loads(geo)["coordinates"]) for geo in net.line.geo]
    feed = json.loads(net.bus.geo.at[net.trafo.lv_bus.iloc[0]])["coordinates"]
    sizes = np.cumsum([len(line) for line in lines])[:-1]
    flat = _flat(np.concatenate([*lines, np.array([feed])]))
    return fit(
        merged(np.split(flat[:-1], sizes)), tuple(flat[-1]), width_m=5200, middle=(0, -150), squeeze=0.62
    )


def gas() -> Shape:
    """Return the gas network without the house connections."""
    import pandapipes.networks

    net = pandapipes.networks.schutterwald_gas()
    place = net.junction_geodata[["x", "y"]]
    ends = net.pipe[["from_junction", "to_junction"]].to_numpy()
    degree = np.bincount(ends.ravel(), minlength=ends.max() + 1)
    mains = ends[(degree[ends] > 1).all(axis=1)]
    lines = [place.loc[list(pair)].to_numpy() for pair in mains]
    feed = place.loc[net.ext_grid.junction.iloc[0]].to_numpy()
    return fit(merged(lines), tuple(feed), width_m=4300, middle=(-80, -250), squeeze=0.85)


def heat() -> Shape:
    """Return the heat network's flow pipes."""
    import pandapipes.networks

    net = pandapipes.networks.schutterwald_heat()
    lines = [np.array(coords) for coords in net.pipe_geodata.coords]
    once = {tuple(sorted(map(tuple, line.round(2)))): line for line in lines}
    lines = [line for line in once.values() if len(line) > 1 and np.isfinite(line).all()]
    feed = net.junction_geodata.loc[net.circ_pump_pressure.flow_junction.iloc[0]].to_numpy()
    return fit(merged(lines), tuple(feed), width_m=3600, middle=(0, -150), squeeze=1.35)


def water() -> Shape:
    """Return the water mains."""
    import wntr

    net = wntr.network.WaterNetworkModel("Net3")
    lines = []
    for _, pipe in net.pipes():
        ends = [pipe.start_node.coordinates, *pipe.vertices, pipe.end_node.coordinates]
        lines.append(np.array(ends, dtype=float))
    feed = net.get_node("River").coordinates
    return fit(merged(lines), tuple(feed), width_m=4800, middle=(60, -100), squeeze=0.8)


def beside(shape: Shape, *, metres: float) -> Shape:
    """Return the same network laid some metres to the side."""
    shift = np.array([metres, -metres])
    return Shape(tuple(line + shift for line in shape.lines), tuple(np.array(shape.source) + shift))


def all_networks() -> dict[str, Shape]:
    """Return the shape of each carrier's network."""
    with _quiet():
        pipes = heat()
        return {
            "electricity": electricity(),
            "gas": gas(),
            "heat": pipes,
            "cooling": beside(pipes, metres=7.0),
            "water": water(),
        }


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what the packages say about solving networks: we only take their shapes."""
    log = logging.getLogger("pandapower")
    level = log.level
    log.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    log.setLevel(level)
