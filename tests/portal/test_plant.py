"""What the operator's first page says of a unit."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from backend.kernel.units import Carrier, PointKind
from backend.metering import models as metering
from portal import plant

RUNS, STANDS = ("good", "running"), ("idle", "standing still")


def point(name, quantity, unit, kind="instant", direction="out"):
    """What the badge asks of a point."""
    return metering.Point(
        id=name, name=name, quantity=quantity, unit=unit, kind=PointKind(kind), carrier=Carrier.COOLING,
        direction=metering.Direction(direction),
    )  # fmt: skip


ICE = [
    point("release", "cooling power", "kW"), point("level", "level", "%"),
    point("charging", "state", "1", "state"),
]  # fmt: skip
BATTERY = [point("out", "active power", "kW"), point("in", "active power", "kW", direction="in"),
           point("level", "level", "%")]  # fmt: skip
PUMP = [point("power", "active power", "kW"), point("state", "state", "1", "state")]


@pytest.mark.parametrize(
    ("points", "values", "badge"),
    [
        pytest.param(ICE, (219.0, 60.0, 0.0), ("good", "discharging"), id="ice that melts"),
        pytest.param(ICE, (0.0, 60.0, 1.0), ("good", "charging"), id="ice that is made"),
        pytest.param(ICE, (0.0, 60.0, 0.0), STANDS, id="ice that is kept"),
        pytest.param(BATTERY, (0.0, 80.0, 50.0), ("good", "charging"), id="a battery that takes"),
        pytest.param(BATTERY, (80.0, 0.0, 50.0), ("good", "discharging"), id="a battery that gives"),
        pytest.param(PUMP, (0.4, 0.0), STANDS, id="a pump whose panel takes power"),
        pytest.param(PUMP, (12.0, 1.0), RUNS, id="a pump that runs"),
    ],
)
def test_the_badge_of_a_unit_says_what_its_values_say(app, world, points, values, badge):
    latest = {
        one.id: {"value": value, "is_stale": False, "name": one.name, "unit": one.unit}
        for one, value in zip(points, values, strict=True)
    }
    with app.test_request_context():
        place = SimpleNamespace(id=world.east.ids["plant"], name="unit", name_zh=None)
        shown = plant._unit(place, None, points, latest, None)
    assert (shown["state"], shown["state_words"]) == badge
