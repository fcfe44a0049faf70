"""Tariffs of the demo region, made up: their shape is what Chinese operators publish, their prices are nobody's."""

from typing import Any

ZONE, SINCE, DEARER = "Asia/Shanghai", "2024-01-01", "2026-06-01"
TOU: dict[str, Any] = {
    "periods": {
        "sharp": {"en": "Sharp peak", "zh": "尖峰"}, "peak": {"en": "Peak", "zh": "高峰"},
        "flat": {"en": "Flat", "zh": "平段"}, "valley": {"en": "Valley", "zh": "低谷"},
    },
    "rules": [
        {"period": "sharp", "months": [1, 7, 8, 12], "hours": "18:00-20:00"},
        {"period": "valley", "hours": ["00:00-08:00", "11:00-13:00"]},
        {"period": "peak", "hours": ["08:00-11:00", "15:00-17:00", "18:00-22:00"]},
        {"period": "flat"},
    ],
}  # fmt: skip
VAT = {"en": "VAT, included", "zh": "其中增值税"}


def documents() -> list[dict[str, Any]]:
    """Return the region's tariffs, as their texts would say them."""
    return [
        _tariff("lanwan-power", "Lanwan power, time of use", "澜湾分时电价", "electricity",
                _power(SINCE, (1.32, 1.05, 0.71, 0.33), 38), _power(DEARER, (1.38, 1.08, 0.72, 0.32), 39.5)),
        _tariff("lanwan-home-power", "Lanwan power for homes", "澜湾居民电价", "electricity", _home_power()),
        _tariff("lanwan-water", "Lanwan water and sewage", "澜湾供水排水", "water", _water()),
        _tariff("lanwan-gas", "Lanwan gas", "澜湾燃气", "gas", _plain("m3", 3.45, "Gas", "燃气费", 0.09)),
        _tariff("lanwan-heat", "Lanwan heat", "澜湾供热", "heat", _plain("kWh", 0.42, "Heat", "热量费", 0.09)),
        _tariff("lanwan-cooling", "Lanwan cooling", "澜湾供冷", "cooling",
                _plain("kWh", 0.38, "Cooling", "冷量费", 0.09)),
        _tariff("grid-intake", "Grid intake, 110 kV", "电网下网电价（110 kV）", "electricity", _intake()),
        _tariff("gas-intake", "Pipeline gas intake", "管道天然气门站价", "gas",
                _plain("m3", 2.86, "Gas", "燃气费", 0.09)),
    ]  # fmt: skip


def bought() -> list[dict[str, Any]]:
    """Return the tariffs the region itself buys at."""
    return [
        _tariff("bought-power", "Power from the grid, bought", "外购电价（电网）", "electricity",
                _power(SINCE, (0.98, 0.82, 0.55, 0.25), 32)),
        _tariff("bought-gas", "Gas from the city gate, bought", "外购气价（门站）", "gas",
                _plain("m3", 2.75, "Gas", "燃气费", 0.09)),
    ]  # fmt: skip


def _tariff(code: str, name: str, name_zh: str, carrier: str, *versions: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": code, "name": {"en": name, "zh": name_zh}, "carrier": carrier, "currency": "CNY", "zone": ZONE,
        "versions": list(versions),
    }  # fmt: skip


def _named(kind: str, code: str, name: str, name_zh: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "code": code, "name": {"en": name, "zh": name_zh}, **more}


def _power(since: str, prices: tuple[float, ...], demand: float) -> dict[str, Any]:
    """Time of use in four periods, the highest hour of the month, a surcharge, and the tax within."""
    by_period = dict(zip(TOU["periods"], prices, strict=True))
    return {
        "from": since, "schedules": {"tou": TOU},
        "components": [
            _named("energy", "energy", "Energy", "电度电费", unit="kWh", by="tou", price=by_period),
            _named("demand", "demand", "Highest demand", "需量电费", minutes=60, price=demand),
            _named("energy", "funds", "Funds and surcharges", "政府性基金及附加", unit="kWh", price=0.0295),
            _named("share", "vat", VAT["en"], VAT["zh"], of=["energy", "demand"], rate=0.13, included=True),
        ],
    }  # fmt: skip


def _intake() -> dict[str, Any]:
    """What the district itself pays the grid: time of use, and the month's highest quarter hour."""
    by_period = dict(zip(TOU["periods"], (1.16, 0.93, 0.61, 0.28), strict=True))
    return {
        "from": SINCE, "schedules": {"tou": TOU},
        "components": [
            _named("energy", "energy", "Energy", "电度电费", unit="kWh", by="tou", price=by_period),
            _named("demand", "demand", "Highest demand", "需量电费", minutes=15, price=36),
        ],
    }  # fmt: skip


def _home_power() -> dict[str, Any]:
    """Three steps a month, as homes pay: of a whole block of flats."""
    limits = [90_000, 150_000]
    return {
        "from": SINCE,
        "components": [
            _named("energy", "energy", "Energy", "电度电费", unit="kWh", price={"": [0.538, 0.588, 0.838]},
                   blocks={"limits": limits, "per": "month"}),
            _named("share", "vat", VAT["en"], VAT["zh"], of="energy", rate=0.13, included=True),
        ],
    }  # fmt: skip


def _water() -> dict[str, Any]:
    """Two steps a month, and sewage."""
    return {
        "from": SINCE,
        "components": [
            _named("energy", "water", "Water", "水费", unit="m3", price={"": [2.9, 3.85]},
                   blocks={"limits": [4_000], "per": "month"}),
            _named("energy", "sewage", "Sewage", "污水处理费", unit="m3", price=1.0),
            _named("standing", "standing", "Meter", "水表维护费", per="month", price=30),
        ],
    }  # fmt: skip


def _plain(unit: str, price: float, name: str, name_zh: str, tax: float) -> dict[str, Any]:
    return {
        "from": SINCE,
        "components": [
            _named("energy", "energy", name, name_zh, unit=unit, price=price),
            _named("standing", "standing", "Standing charge", "固定费", per="month", price=200),
            _named("share", "vat", VAT["en"], VAT["zh"], of=["energy", "standing"], rate=tax, included=True),
        ],
    }  # fmt: skip
