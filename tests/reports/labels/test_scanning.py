"""An independent decoder reads our labels, however they are seen; what it could read once, it must go on reading."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.reports.labels import scanning

FLOOR = json.loads(Path(__file__).with_name("floor.json").read_text())
"""Surroundings -> axis -> level -> share of labels read, as recorded by `script/bench scan --record`."""

MUST = {
    ("size", "1.6"): 1.0, ("blur", "3"): 1.0, ("noise", "100"): 1.0, ("light", "0.1"): 1.0, ("tilt", "45"): 1.0,
    **{("rotation", f"{degrees:g}"): 1.0 for degrees in scanning.LEVELS["rotation"]},
}  # fmt: skip
"""What a phone meets every day, whatever was recorded."""


@pytest.mark.parametrize("axis", scanning.LEVELS)
def test_labels_are_read_as_well_as_ever(axis):
    found = scanning.curve(axes=(axis,))[axis]
    recorded = FLOOR["indoors"][axis]
    assert found.keys() == recorded.keys()
    lost = {level: share for level, share in found.items() if share < recorded[level]}
    assert lost == {}, f"recorded: {recorded}"
    for (of, level), least in MUST.items():
        if of == axis:
            assert found[level] >= least, level


@pytest.mark.parametrize("surroundings", ["outdoors", "harsh"])
def test_labels_for_dirty_places_bear_dirt_as_well_as_ever(surroundings):
    found = scanning.curve(surroundings=surroundings, axes=("dirt",))["dirt"]
    recorded = FLOOR[surroundings]["dirt"]
    assert {level: share for level, share in found.items() if share < recorded[level]} == {}


def test_the_harsher_the_place_the_more_dirt_a_label_bears():
    borne = [sum(FLOOR[surroundings]["dirt"].values()) for surroundings in ("indoors", "outdoors", "harsh")]
    assert borne == sorted(borne)
    assert borne[0] < borne[-1]
