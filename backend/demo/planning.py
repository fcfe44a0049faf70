"""The energy centre as a plant to be planned: its machines, bound to the points that measure them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.demo import balance, plant
from backend.demo.founding import Ground
from backend.demo.renewables import PV_PLANTS, WIND_KW
from backend.forecasting import service as forecasting
from backend.forecasting.service import weather as skies
from backend.kernel.ids import show
from backend.metering.models import Point
from backend.optimisation import service as optimisation

SITE = "centre"
SINCE = datetime(2023, 12, 31, 16, tzinfo=UTC)
"""1 January 2024, as the district reads it."""
PUMPS = ("heat_pumps.electricity", "cold_pumps.electricity")
RENEWABLES = (
    ("pv_terminal", "Ferry Terminal PV", "客运码头光伏", "Ferry terminal PV"),
    ("pv_carpark", "Car Park PV", "停车场光伏", "Car park PV"),
    ("wind", "Sea Wall Wind", "海堤风电", "Sea wall wind turbine"),
)  # fmt: skip
TOWERS = 0.92
"""Of a chiller's performance what is left when cooling towers are counted in (1.6 % of the heat rejected)."""


@dataclass(frozen=True)
class Foreseen:
    """What forecasting knows here: targets by name, and the place whose weather is foretold, as ids are shown."""

    targets: Mapping[str, str]
    place: str


def describe(session: Session, ground: Ground, made: Mapping[str, Point]) -> None:
    """Keep the plant's document, in the caller's transaction, after what is forecast was said."""
    targets = forecasting.list_targets(session, ground.scope, limit=200).items
    (place,) = skies.list_places(session, ground.scope).items
    foreseen = Foreseen({one.name: show(one.id) for one in targets}, show(place.id))
    optimisation.store_plant(
        session, ground.scope, site_id=ground.positions[SITE], document=document(ground, made, foreseen),
        valid_from=SINCE,
    )  # fmt: skip


def document(ground: Ground, made: Mapping[str, Point], foreseen: Foreseen) -> dict[str, Any]:
    """Return what the plant is, as its text would say it."""
    return {
        "name": "Lanwan Energy Centre", "name_zh": "澜湾能源中心",
        "demands": _demands(made, foreseen),
        "units": [*_traded(ground, made, foreseen), *_machines(ground, made), *_stores(ground, made)],
        "disposable": ["heat"], "kept": {"heat": 0.9, "cooling": 0.9}, "co2_price": 60,
        "outdoor": {"place": foreseen.place, "thermometer": show(made["weather.temperature"].id)},
        "hours": 24, "fine_h": 8,
    }  # fmt: skip


def _demands(made: Mapping[str, Point], foreseen: Foreseen) -> list[dict[str, Any]]:
    feeders = [show(made[f"feeder{n}.energy"].id) for n in balance.FEEDERS]
    return [
        {"carrier": "electricity", "name": "Feeders", "name_zh": "馈线", "meters": feeders,
         "target": foreseen.targets["District electricity"]},
        {"carrier": "electricity", "name": "Network pumps", "name_zh": "循环泵与辅机", "base": 30,
         "meters": [show(made[key].id) for key in PUMPS]},
        {"carrier": "heat", "name": "Heat network", "name_zh": "热网", "meters": show(made["heat_net.energy"].id),
         "target": foreseen.targets["District heat"]},
        {"carrier": "cooling", "name": "Cooling network", "name_zh": "冷网", "meters": show(made["cold_net.energy"].id),
         "target": foreseen.targets["District cooling"]},
    ]  # fmt: skip


def _traded(ground: Ground, made: Mapping[str, Point], foreseen: Foreseen) -> list[dict[str, Any]]:
    """Return what is bought and sold, and sun and wind.

    co2_kg: of grid power the national mean of 2023 (MEE and NBS, announced 2025), of gas 56.1 t/TJ (IPCC 2006, vol. 2)
    """
    peaks = {one.key: one.peak_kw for one in PV_PLANTS} | {"wind": WIND_KW}
    sun = [
        {"kind": "renewable", "name": name, "name_zh": name_zh, "most": peaks[key],
         "position": show(ground.positions[key]), "meters": show(made[f"{key}.energy"].id),
         "target": foreseen.targets[target]}
        for key, name, name_zh, target in RENEWABLES
    ]  # fmt: skip
    return [
        *sun,
        {"kind": "supply", "name": "Grid", "name_zh": "电网", "carrier": "electricity", "tariff": "grid-intake",
         "most": 30_000, "co2_kg": 0.5306, "position": show(ground.positions["grid"]),
         "meters": show(made["grid.imported"].id)},
        {"kind": "sale", "name": "Feed-in", "name_zh": "上网", "carrier": "electricity", "price": 0.24, "most": 12_000,
         "against": "Grid", "position": show(ground.positions["grid"]), "meters": show(made["grid.exported"].id)},
        {"kind": "supply", "name": "Gas", "name_zh": "天然气", "carrier": "gas", "tariff": "gas-intake",
         "per_billed": plant.GAS_KWH_M3, "most": 40_000, "co2_kg": round(56.1 * 0.0036, 4),
         "meters": [show(made["engine.gas"].id), show(made["boiler.gas"].id)]},
    ]  # fmt: skip


def _machines(ground: Ground, made: Mapping[str, Point]) -> list[dict[str, Any]]:
    def at(key: str, counts: str) -> dict[str, Any]:
        return {
            "position": show(ground.positions[key]), "meters": show(made[f"{key}.{counts}"].id),
            "state": show(made[f"{key}.state"].id),
        }  # fmt: skip

    chillers = [
        {"kind": "electric_chiller", "name": f"Chiller {n}", "name_zh": f"{n}号电制冷机", "cold_kw": plant.CHILLER_KW,
         "performance": round(6.0 * TOWERS, 2), "falls_per_k": 0.015, "at_c": 26,
         "least_load": 0.15, "start_cost": 20, "min_up_h": 1,
         **at(f"chiller{n}", "cooling")}
        for n in (1, 2)
    ]  # fmt: skip
    return [
        {"kind": "chp", "name": "Gas engine", "name_zh": "燃气内燃机", "power_kw": plant.ENGINE_KW, "electric": 0.42,
         "thermal": 0.44, "electric_at_least": 0.389, "least_load": 0.5, "start_cost": 260, "min_up_h": 3,
         "min_down_h": 2, "cost": 0.06, **at("engine", "electricity")},
        {"kind": "absorption_chiller", "name": "Absorption chiller", "name_zh": "吸收式冷机",
         "cold_kw": plant.ABSORPTION_KW, "performance": plant.ABSORPTION_COP, **at("absorption", "cooling")},
        {"kind": "boiler", "name": "Gas boiler", "name_zh": "燃气锅炉", "heat_kw": 7000, "efficiency": 0.94,
         **at("boiler", "heat")},
        *chillers,
    ]  # fmt: skip


def _stores(ground: Ground, made: Mapping[str, Point]) -> list[dict[str, Any]]:
    return [
        {"kind": "battery", "name": "Battery", "name_zh": "储能电池", "capacity_kwh": balance.BATTERY_KWH,
         "power_kw": 1500, "price_per_kwh": 800, "cycles": 8000, "depth": 0.9, "efficiency": 0.954,
         "position": show(ground.positions["battery"]), "meters": show(made["battery.discharged"].id),
         "taken": show(made["battery.charged"].id), "level": show(made["battery.level"].id)},
        {"kind": "ice_storage", "name": "Ice store", "name_zh": "冰蓄冷", "capacity_kwh": plant.ICE_KWH,
         "power_kw": plant.ICE_KW, "making_ice": 3.7, "making_water": round(6.0 * TOWERS, 2), "loss_per_h": 0.002,
         "position": show(ground.positions["ice"]), "meters": show(made["ice.melted"].id),
         "level": show(made["ice.level"].id)},
    ]  # fmt: skip
