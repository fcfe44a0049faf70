"""Positions of the demo region: sites, buildings, machines, metering places, as plain values.

Sites stand at the top. A customer's site holds one metering position per carrier, each with its sub-meters
below. The energy centre holds the machines; feeders stand under the grid substation.
"""

import numpy as np

from backend.demo import points_customers
from backend.demo.customers import CUSTOMERS, Customer
from backend.demo.people import REGION
from backend.demo.spec import LonLat, PositionSpec

_METRE_LAT = 1 / 111_320
_METRE_LON = 1 / 96_070
_CARRIER_NAMES = {
    "electricity": ("Electricity metering", "用电计量"), "heat": ("Heat substation", "热力站"),
    "cooling": ("Cooling substation", "供冷站"), "gas": ("Gas metering", "用气计量"),
    "water": ("Water metering", "用水计量"),
}  # fmt: skip
# Each site by its key with its names, carriers and street; then each machine with the position above it.
_SITES = {
    "centre": (
        "Energy Centre",
        "能源中心",
        ("electricity", "heat", "cooling", "gas", "water"),
        "1 Nengyuan Road 能源路1号",
    ),
    "grid": ("Lanwan Substation", "澜湾变电站", ("electricity",), "90 Dongsheng Road 东升路90号"),
    "wind": ("Sea Wall Wind", "海堤风电", ("electricity",), "Sea Wall, mark 12 海堤12号桩"),
    "pv_terminal": ("Ferry Terminal PV", "客运码头光伏", ("electricity",), "2 Matou Road 码头路2号"),
    "pv_carpark": ("Car Park PV", "停车场光伏", ("electricity",), "66 Binhai Avenue 滨海大道66号"),
    "battery": ("Battery Station", "储能电站", ("electricity",), "92 Dongsheng Road 东升路92号"),
    "gas_intake": ("Gas Intake Station", "燃气门站", ("gas",), "5 Xihu Road 西湖路5号"),
    "water_intake": ("Water Intake", "供水站", ("water",), "8 Xihu Road 西湖路8号"),
    "outfall": ("Outfall", "排放口", ("environment",), "Sea Wall, mark 19 海堤19号桩"),
    "weather": ("Weather Station", "气象站", ("environment",), "4 Matou Road 码头路4号"),
}
_MACHINES = {
    "engine": ("centre", "unit", "Gas engine", "燃气内燃机", ("electricity", "heat", "gas")),
    "absorption": ("centre", "unit", "Absorption chiller", "吸收式冷机", ("heat", "cooling")),
    "boiler": ("centre", "unit", "Gas boiler", "燃气锅炉", ("heat", "gas")),
    "chiller1": ("centre", "unit", "Chiller 1", "1号电制冷机", ("electricity", "cooling")),
    "chiller2": ("centre", "unit", "Chiller 2", "2号电制冷机", ("electricity", "cooling")),
    "ice": ("centre", "unit", "Ice store", "冰蓄冷", ("electricity", "cooling")),
    "heat_net": ("centre", "station", "Heat network outlet", "热网出口", ("heat",)),
    "cold_net": ("centre", "station", "Cooling network outlet", "冷网出口", ("cooling",)),
    "heat_pumps": ("centre", "station", "Heat network pumps", "热网循环泵房", ("electricity",)),
    "heat_pump1": ("heat_pumps", "unit", "Heat network pump 1", "热网1号循环泵", ("heat",)),
    "heat_pump2": ("heat_pumps", "unit", "Heat network pump 2", "热网2号循环泵", ("heat",)),
    "cold_pumps": ("centre", "station", "Cooling network pumps", "冷网循环泵房", ("electricity",)),
    "cold_pump1": ("cold_pumps", "unit", "Cooling network pump 1", "冷网1号循环泵", ("cooling",)),
    "cold_pump2": ("cold_pumps", "unit", "Cooling network pump 2", "冷网2号循环泵", ("cooling",)),
    "boiler_stack": ("boiler", "stack", "Boiler stack", "锅炉烟囱", ("environment",)),
    "engine_stack": ("engine", "stack", "Engine stack", "内燃机烟囱", ("environment",)),
    **{
        f"feeder{n}": ("grid", "feeder", f"Feeder {n}", f"{n}号馈线", ("electricity",)) for n in (1, 2, 3, 4)
    },
}  # fmt: skip


def rectangle(middle: LonLat, width_m: float, depth_m: float, turn_deg: float = 8.0) -> tuple[LonLat, ...]:
    """Return a closed rectangle around a place."""
    a = np.radians(turn_deg)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * np.array([width_m, depth_m]) / 2
    turned = corners @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    return tuple(
        (round(middle[0] + float(x) * _METRE_LON, 6), round(middle[1] + float(y) * _METRE_LAT, 6))
        for x, y in turned
    )


def _near(place: LonLat, number: int) -> LonLat:
    """Return a place some 12 m beside another, each number on another side."""
    angle = 2.4 * number
    return (
        round(place[0] + 12 * np.cos(angle).item() * _METRE_LON, 6),
        round(place[1] + 12 * np.sin(angle).item() * _METRE_LAT, 6),
    )


def _of_customer(customer: Customer, place: LonLat, number: int) -> list[PositionSpec]:
    """Return the site of a customer, its building and its metering positions."""
    taken = points_customers.carriers(customer)
    size = 60 + 4 * sum(use.amount for use in customer.electricity) ** 0.4
    found = [
        PositionSpec(
            customer.key, customer.park, "site", customer.name, customer.name_zh, place,
            carriers=tuple(taken), category=customer.trade,
            address=f"{12 + 4 * number} Binhai Avenue 滨海大道{12 + 4 * number}号",
        ),
        PositionSpec(
            f"{customer.key}.building", customer.park, "building", customer.name, customer.name_zh, place,
            parent=customer.key, outline=rectangle(place, size, 0.65 * size),
        ),
    ]  # fmt: skip
    for n, carrier in enumerate(taken):
        name, name_zh = _CARRIER_NAMES[carrier]
        found.append(PositionSpec(
            f"{customer.key}.{carrier}", customer.park, "metering", name, name_zh, _near(place, n),
            parent=customer.key, carriers=(carrier,),
        ))  # fmt: skip
    for n, (carrier, use) in enumerate(points_customers.uses(customer)):
        found.append(PositionSpec(
            f"{customer.key}.{carrier}.{use.key}", customer.park, "metering", use.name, use.name_zh,
            _near(place, n), parent=f"{customer.key}.{carrier}", carriers=(carrier,), category=use.category,
        ))  # fmt: skip
    return found


def positions(spots: dict[str, LonLat]) -> list[PositionSpec]:
    """Return every position, parents first, given where sites stand."""
    found = [
        PositionSpec(
            key, REGION, "site", name, name_zh, spots[key], carriers=taken, category="supply",
            address=street,
        )
        for key, (name, name_zh, taken, street) in _SITES.items()
    ]  # fmt: skip
    for number, (key, (parent, kind, name, name_zh, taken)) in enumerate(_MACHINES.items()):
        site = parent if parent in _SITES else "centre"
        found.append(PositionSpec(
            key, REGION, kind, name, name_zh, _near(spots[site], number), parent=parent, carriers=taken
        ))  # fmt: skip
    found.append(PositionSpec(
        "centre.building", REGION, "building", "Energy Centre", "能源中心", spots["centre"], parent="centre",
        outline=rectangle(spots["centre"], 110, 70),
    ))  # fmt: skip
    for number, customer in enumerate(CUSTOMERS):
        found += _of_customer(customer, spots[customer.key], number)
    return found
