"""The map as the server draws it: our own vectors, fitted to a frame, complete without a script."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from backend.kernel.ids import parse
from backend.network.service import PositionKind
from portal import language
from portal.words import carriers_in_order

WIDTH, HEIGHT = 900.0, 460.0
BASE = ("sea", "park", "block", "street", "shore")
RANK = {"good": 0, "unknown": 1, "attention": 2, "act": 3}
ROUND = {"heap": 11, "plant": 8, "intake": 8, "site": 7}
INDOORS = frozenset({PositionKind.METERING, PositionKind.ROOM, PositionKind.BUILDING})
"""Kinds of positions the map leaves to the page of their site."""
LABELLED = 14
"""Up to so many places carry their names on the drawing; the list beside the map has all of them."""

Feature = dict[str, Any]


def collect(layers: dict[str, Any], states: dict[str, str] | None = None) -> dict[str, Any]:
    """Sort the features of the network into base, lines and positions, as the map page and MapLibre use them.

    states: position id as shown -> 'good', 'attention', 'act' or 'unknown'
    """
    parts: dict[str, list[Feature]] = {"base": [], "lines": [], "positions": []}
    for feature in layers["features"]:
        layer = feature["properties"]["layer"]
        if layer == "heap":
            parts["positions"].append(_heap(feature))
        elif layer == "position":
            if feature["geometry"]["type"] != "Point" or feature["properties"]["kind"] in INDOORS:
                continue
            parts["positions"].append(_position(feature, (states or {}).get(feature["id"], "good")))
        elif feature["properties"].get("carrier") is None:
            parts["base"].append(_plain(feature, {"kind": _base(layer, feature["geometry"]["type"])}))
        else:
            parts["lines"].append(
                _plain(feature, {"kind": layer, "carrier": feature["properties"]["carrier"]})
            )
    places = [tuple(feature["geometry"]["coordinates"][:2]) for feature in parts["positions"]]
    if not places:
        places = [point for feature in parts["lines"] for point in _points(feature["geometry"])]
    return {
        **{name: {"type": "FeatureCollection", "features": found} for name, found in parts.items()},
        "bounds": bounds(places),
        **{name: layers.get(name) for name in ("total", "gathered", "more_lines")},
    }


def _base(layer: str, kind: str) -> str:
    """Return how a piece of the base map is drawn: a coast with an area is the sea itself."""
    if layer == "coast":
        return "sea" if kind.endswith("Polygon") else "shore"
    return layer


def draw(parts: dict[str, Any], source: str) -> dict[str, Any]:
    """Return what the map macro draws, 900 by 460, north up."""
    words = {
        "CooperativeGesturesHandler.WindowsHelpText": str(_words("wheel")),
        "CooperativeGesturesHandler.MacHelpText": str(_words("wheel")),
        "CooperativeGesturesHandler.MobileHelpText": str(_words("touch")),
        "NavigationControl.ZoomIn": str(_words("in")), "NavigationControl.ZoomOut": str(_words("out")),
        "Map.Title": str(_words("map")),
    }  # fmt: skip
    frame = {"width": int(WIDTH), "height": int(HEIGHT), "source": source, "words": words, "shapes": [], "spots": [],
             "carriers": [], "tiles": current_app.settings.tile_url, "total": parts["total"],
             "gathered": parts["gathered"], "more_lines": parts["more_lines"]}  # fmt: skip
    if parts["bounds"] is None:
        return frame
    fit = Fit(parts["bounds"])
    for feature in (*parts["base"]["features"], *parts["lines"]["features"]):
        path = fit.path(feature["geometry"])
        if path:
            kind = feature["properties"]["kind"]
            frame["shapes"].append(
                {"classes": f"{kind} {feature['properties'].get('carrier') or ''}".strip(), "path": path}
            )
    order = {kind: place for place, kind in enumerate(BASE)}
    frame["shapes"].sort(key=lambda shape: order.get(shape["classes"].split()[0], len(BASE)))
    frame["carriers"] = carriers_in_order({f["properties"]["carrier"] for f in parts["lines"]["features"]})
    frame["spots"] = [_spot(feature, fit) for feature in parts["positions"]["features"]]
    if len(frame["spots"]) > LABELLED:
        _label_some(frame["spots"])
    return frame


class Fit:
    """Projects longitude and latitude into the frame, the same scale both ways."""

    def __init__(self, bounds: list[list[float]], *, margin: float = 46.0) -> None:
        (west, south), (east, north) = bounds
        self._shrink = math.cos(math.radians((south + north) / 2))
        wide, high = max((east - west) * self._shrink, 1e-6), max(north - south, 1e-6)
        self._scale = min((WIDTH - 2 * margin) / wide, (HEIGHT - 2 * margin) / high)
        self._west = (west + east) / 2 - WIDTH / 2 / self._scale / self._shrink
        self._north = (south + north) / 2 + HEIGHT / 2 / self._scale

    def xy(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Return the pixel of a place."""
        return (longitude - self._west) * self._shrink * self._scale, (self._north - latitude) * self._scale

    def path(self, geometry: dict[str, Any]) -> str:
        """Return SVG path data of a line or polygon; empty where it lies outside the frame."""
        parts = []
        for ring in _rings(geometry):
            points = _thinned([self.xy(x, y) for x, y, *_h in ring])
            if len(points) < 2 or not _is_near(points):
                continue
            closed = "Z" if geometry["type"].endswith("Polygon") else ""
            parts.append("M" + " ".join(f"{x:.0f},{y:.0f}" for x, y in points) + closed)
        return "".join(parts)


def _position(feature: Feature, state: str) -> Feature:
    said = feature["properties"]
    name = (said.get("name_zh") if language.current() == "zh" else None) or said["name"]
    return _plain(
        feature,
        {"id": feature["id"], "name": name, "kind": said["kind"], "state": state, "rank": RANK[state],
         "carriers": said.get("carriers") or [], "link": url_for("portal.position", position_id=parse(feature["id"]))},
    )  # fmt: skip


def _heap(feature: Feature) -> Feature:
    count = feature["properties"]["count"]
    name = ngettext("%(num)d place", "%(num)d places", count)
    return _plain(
        feature,
        {"name": name, "kind": "heap", "state": "good", "rank": RANK["good"], "count": count, "link": ""},
    )


def _plain(feature: Feature, properties: dict[str, Any]) -> Feature:
    return {"type": "Feature", "geometry": feature["geometry"], "properties": properties}


def _spot(feature: Feature, fit: Fit) -> dict[str, Any]:
    x, y = fit.xy(*feature["geometry"]["coordinates"][:2])
    said = feature["properties"]
    return {"x": x, "y": y, "r": ROUND.get(said["kind"], 5), "name": said["name"], "link": said["link"],
            "state": said["state"], "label": said["name"], "rank": said["rank"]}  # fmt: skip


def _label_some(spots: list[dict[str, Any]]) -> None:
    """Keep labels that do not run into each other, the troubled places first."""
    taken: list[tuple[float, float, float]] = []
    for spot in sorted(spots, key=lambda one: (-one["rank"], -one["r"])):
        wide = 11 + sum(12 if ord(letter) > 0x2E80 else 6.2 for letter in spot["label"])
        box = (spot["x"], spot["y"], wide)
        outside = spot["x"] + wide > WIDTH
        if outside or any(
            abs(y - spot["y"]) < 15 and x < box[0] + wide and box[0] < x + w for x, y, w in taken
        ):
            spot["label"] = ""
            continue
        taken.append(box)


def _rings(geometry: dict[str, Any]) -> Iterable[list[list[float]]]:
    kind, inside = geometry["type"], geometry["coordinates"]
    if kind == "LineString":
        yield inside
    elif kind in {"MultiLineString", "Polygon"}:
        yield from inside
    elif kind == "MultiPolygon":
        for polygon in inside:
            yield from polygon


def _points(geometry: dict[str, Any]) -> Iterable[tuple[float, float]]:
    for ring in _rings(geometry):
        yield from ((x, y) for x, y, *_h in ring)


def bounds(places: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """Return [[west, south], [east, north]] around some places, never narrower than some 200 m; None of none."""
    if not places:
        return None
    longitudes, latitudes = [one[0] for one in places], [one[1] for one in places]
    (west, east), (south, north) = (min(longitudes), max(longitudes)), (min(latitudes), max(latitudes))
    pad = 0.002 if max(east - west, north - south) < 0.002 else 0.0
    return [[west - pad, south - pad], [east + pad, north + pad]]


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Drop points less than a pixel and a half from the one before, but never the last."""
    kept = points[:1]
    for point in points[1:-1]:
        if abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= 1.5:
            kept.append(point)
    return [*kept, points[-1]] if len(points) > 1 else kept


def _is_near(points: list[tuple[float, float]]) -> bool:
    xs, ys = [x for x, _lat in points], [y for _lon, y in points]
    return max(xs) > 0 and min(xs) < WIDTH and max(ys) > 0 and min(ys) < HEIGHT


def _words(key: str) -> str:
    return {
        "wheel": _("Hold Ctrl and turn the wheel to zoom"), "touch": _("Use two fingers to move the map"),
        "in": _("Closer"), "out": _("Further away"), "map": _("Map"),
    }[key]  # fmt: skip
