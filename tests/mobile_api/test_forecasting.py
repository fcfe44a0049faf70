"""Forecasts over the API: quantiles, made again, models, accuracy, weather by file."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from backend.kernel import clock
from backend.kernel.ids import show
from tests.forecasting import foresee

CSV = """issued_at,valid_at,temperature_c
2026-01-01T00:00Z,2026-01-01T00:00Z,4.5
2026-01-01T00:00Z,2026-01-01T01:00Z,4
"""


@pytest.fixture(scope="module")
def named(world):
    foresee(world, world.east)
    return {name: show(value) for name, value in world.east.ids.items()}


def window(hours: int) -> dict[str, str]:
    now = clock.now()
    return {"start": now.isoformat(), "end": (now + timedelta(hours=hours)).isoformat()}


def test_the_newest_forecast_has_a_row_of_quantiles_a_step(phone, world, named):
    operator = phone(world.east, "operator")
    told = operator.get(f"/forecast-targets/{named['target']}/forecast", **window(10)).json
    assert told["id"] == named["forecast"]
    assert (told["unit"], told["method"], told["step_minutes"]) == ("kWh", "last_week", 60)
    assert len(told["values"]) == 10 and all(len(row) == len(told["levels"]) == 11 for row in told["values"])
    assert all(row == sorted(row) for row in told["values"])
    assert {one["why"] for one in told["passed"]} == {"no_model"}
    before = window(10) | {"known_at": (clock.now() - timedelta(days=1)).isoformat()}
    assert operator.get(f"/forecast-targets/{named['target']}/forecast", **before).status_code == 404


def test_a_forecast_is_made_again_from_what_was_known(phone, world, named):
    manager = phone(world.east, "manager")
    once, again = (
        manager.get(f"/forecasts/{named['forecast']}{tail}").json["values"] for tail in ("", "/replay")
    )
    assert once == again


def test_something_new_is_forecast_and_no_more(phone, world, named):
    operator = phone(world.east, "operator")
    body = {"position_id": named["plant"], "name": "half", "terms": [{"point_id": named["load"]}]}
    made = operator.ask("POST", "/forecast-targets", json=body)
    assert (made.status_code, made.json["unit"], made.json["carrier"]) == (201, "kWh", "electricity")
    assert operator.ask("POST", "/forecast-targets", json=body).status_code == 422
    fine = operator.ask("POST", "/forecast-targets", json={**body, "name": "fine", "step_minutes": 15})
    assert (fine.status_code, fine.json["field"]) == (422, "step_minutes")
    path = f"/forecast-targets/{made.json['id']}"
    changed = operator.ask("PATCH", path, json={"name": "whole", "ceiling": 250.0})
    assert (changed.json["name"], changed.json["ceiling"], changed.json["horizon_hours"]) == (
        "whole",
        250.0,
        48,
    )
    assert operator.ask("PATCH", path, json={"floor": 300.0}).json["field"] == "floor"
    assert operator.ask("PATCH", path, json={"step_minutes": 30}).status_code == 422
    assert phone(world.east, "dispatcher").ask("PATCH", path, json={"name": "mine"}).status_code == 403
    names = [one["name"] for one in operator.get("/forecast-targets").json["items"]]
    assert "whole" in names
    assert operator.ask("PUT", f"/forecast-targets/{made.json['id']}/end").json["ended_at"]
    assert "whole" not in [one["name"] for one in operator.get("/forecast-targets").json["items"]]
    assert operator.ask("PATCH", path, json={"name": "again"}).status_code == 422


def test_a_model_is_asked_for_and_models_and_accuracy_are_told(phone, world, named):
    target = named["target"]
    assert (
        phone(world.east, "dispatcher").ask("PUT", f"/forecast-targets/{target}/training").status_code == 403
    )
    manager = phone(world.east, "manager")
    assert manager.ask("PUT", f"/forecast-targets/{target}/training").json["retrain_asked_at"]
    assert manager.get(f"/forecast-targets/{target}/models").json == {"items": [], "next": None}
    assert manager.get(f"/forecast-targets/{target}/accuracy", **window(10)).json == []


def test_weather_comes_by_file_and_its_error_is_told(phone, world, named):
    manager, place = phone(world.east, "manager"), named["weather_place"]
    for count in (1, 0):
        data = {"file": (io.BytesIO(CSV.encode()), "w.csv")}
        assert manager.ask("POST", f"/weather-places/{place}/files", data=data).json == {"deliveries": count}
    now = clock.now()
    about = {"start": (now - timedelta(days=12)).isoformat(), "end": now.isoformat()}
    told = manager.get(f"/weather-places/{place}/errors", **about).json
    assert {(one["variable"], round(one["bias"], 3)) for one in told} == {("temperature_c", 1.0)}
    assert [one["lead_h"] for one in told][:3] == [6, 24, 72]


def test_customers_see_no_forecasts(phone, world, named):
    customer = phone(world.east, "customer")
    assert customer.get("/forecast-targets").json["items"] == []
    assert customer.get(f"/forecasts/{named['forecast']}").status_code == 404
