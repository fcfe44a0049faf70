"""What stands on a unit's plate is read in words and with units, never as it is written in the plant's text."""

from __future__ import annotations

import dataclasses
from datetime import time

import pytest

from backend.optimisation.rules.model.document import KINDS
from backend.optimisation.rules.model.flexible import ChargingModel, Stay
from backend.optimisation.rules.model.units import BatteryModel, ChpModel, StoreModel, SupplyModel
from portal.optimisation.plates import FIGURES, LEFT_OUT, plate


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_of_every_kind_has_its_words(kind):
    fields = {one.name for one in dataclasses.fields(KINDS[kind])}
    assert fields <= FIGURES.keys() | LEFT_OUT


def _plate(one, unit="kWh", rate="kW", **names):
    return dict(plate(one, unit, rate, "CNY", names))


def test_shares_are_percentages_and_money_has_its_coin(app):
    engine = ChpModel(name="Engine", power_kw=3300, electric=0.42, thermal=0.44, start_cost=260, cost=0.06)
    with app.test_request_context():
        said = _plate(engine)
    assert said["Electric efficiency"] == "42 %" and said["Each start costs"] == "260 CNY"
    assert said["Power"] == "3,300 kW" and said["Running cost"] == "0.06 CNY/kWh"


def test_a_store_holds_an_amount_and_is_filled_at_a_rate(app):
    tower = StoreModel(name="Tower", carrier="water", capacity=800, charge_most=60, discharge_most=90)
    with app.test_request_context():
        said = _plate(tower, "m3", "m3/h")
    assert said["Capacity"] == "800 m³" and said["Charges at most"] == "60 m³/h"


def test_what_stands_at_its_default_is_left_out(app):
    grid = SupplyModel(name="Grid", carrier="electricity", price=0.7)
    cells = BatteryModel(name="Cells", capacity_kwh=100, power_kw=50, price_per_kwh=800, cycles=6000)
    with app.test_request_context():
        assert _plate(grid) == {"Price": "0.7 CNY/kWh"}
        assert "Depth of a cycle" not in _plate(cells)


def test_vehicles_are_told_one_by_one(app):
    stay = Stay("van", time(18), time(7), 40, 11)
    with app.test_request_context():
        said = _plate(ChargingModel(name="Yard", stays=(stay,)))
    assert said["Vehicles"] == "van 18:00–07:00, 40 kWh, at most 11 kW"
