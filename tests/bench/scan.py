"""Measure how well labels can be read: `python -m tests.bench.scan` prints one JSON line a level of each axis.

Value: share of labels that zxing-cpp reads off the printer's own pages, spoiled in one way; limit: the recorded
floor. `--record` writes what was found as the new floor (look at the difference before committing it). Speed:
milliseconds until a label that fills half of a 1280 × 720 frame is read, median.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from tests.bench.common import say
from tests.reports.labels import scanning

FLOOR = Path(__file__).parents[1] / "reports" / "labels" / "floor.json"
AXES = {"indoors": tuple(scanning.LEVELS), "outdoors": ("dirt",), "harsh": ("dirt",)}


def main() -> None:
    """Print the curves, and the time of a read."""
    found = {place: scanning.curve(surroundings=place, axes=axes) for place, axes in AXES.items()}
    if "--record" in sys.argv:
        FLOOR.write_text(json.dumps(found, indent=1) + "\n")
    floor = json.loads(FLOOR.read_text())
    for place, axes in found.items():
        for axis, levels in axes.items():
            for level, share in levels.items():
                least = floor[place][axis][level]
                say("scan", f"{place} {axis} {level}", share, "share", goal=least, met=share >= least)
    say("scan", "one frame", _frame_ms(), "ms", goal=100.0, met=_frame_ms() <= 100.0)


def _frame_ms() -> float:
    """Return how long it takes to read a label out of a whole frame [ms], median."""
    from reports.labels import sheets

    some = scanning.labels(12)
    took = []
    for picture in scanning.printed(some, sheets()["a4-3x8-63x34"], 8.0):
        frame = np.full((720, 1280), 170, np.uint8)
        height, width = min(picture.shape[0], 720), min(picture.shape[1], 1280)
        frame[:height, :width] = picture[:height, :width]
        began = time.perf_counter()
        assert scanning.read(frame) is not None
        took.append((time.perf_counter() - began) * 1000)
    return float(np.median(took))


if __name__ == "__main__":
    main()
