"""The customers' meters: positions' keys, devices and points, made from the table of customers.

Main meters of the harbour and the innovation park hang on a Modbus gateway each, those of the living park on
a Sparkplug edge node; sub-meters send JSON over MQTT.
"""

from backend.demo.customers import CUSTOMERS, Customer, Use
from backend.demo.spec import DeviceSpec, PointSpec

CONNECTION_OF_PARK = {
    "harbour": "modbus.harbour",
    "innovation": "modbus.innovation",
    "living": "sparkplug.living",
}
_ELECTRIC_FAMILY = {
    "harbour": "schneider_pm5000",
    "innovation": "schneider_iem3155",
    "living": "acrel_adl3000",
}
MAKERS = {
    "schneider_pm5000": ("Schneider Electric", "PM5560"),
    "schneider_iem3155": ("Schneider Electric", "iEM3255"),
    "acrel_adl3000": ("Acrel", "ADL3000-E"),
    "acrel_adw300": ("Acrel", "ADW300"),
    "eastron_sdm630": ("Eastron", "SDM630 Modbus V2"),
    "sontex_supercal531": ("Sontex", "Supercal 531"),
    "sick_flowsic500": ("SICK", "FLOWSIC500"),
    "xylem_magflux": ("Xylem", "MagFlux"),
}
_THERMAL = {
    "heat": ("Heat", "热量", "heat energy", "heat_net"),
    "cooling": ("Cooling", "冷量", "cooling energy", "cold_net"),
}


def serial_number(key: str) -> str:
    """Return a serial number that looks like one and stays the same."""
    import zlib

    return f"{zlib.crc32(key.encode()) % 90_000_000 + 10_000_000}"


def device(key: str, family: str) -> DeviceSpec:
    """Return the device of a family standing at the position of the same key."""
    maker, model = MAKERS[family]
    return DeviceSpec(key, key, maker, model, serial_number(key), family)


def _point(customer: Customer, meter: str, tail: str, name: str, name_zh: str, **more) -> PointSpec:
    """Return a point of a customer's main meter `<customer>.<carrier>`."""
    return PointSpec(
        key=f"{meter}.{tail}", position=meter, device=meter,
        name=f"{customer.name} · {name}", name_zh=f"{customer.name_zh} · {name_zh}",
        connection=CONNECTION_OF_PARK[customer.park], **more,
    )  # fmt: skip


def _main_register(customer: Customer, meter: str, name: str, name_zh: str, **more) -> PointSpec:
    defaults = {
        "kind": "register",
        "source": meter,
        "settlement": True,
        "total": True,
        "interval_minutes": 60,
    }
    return _point(customer, meter, "energy", name, name_zh, **(defaults | more))


def electricity(customer: Customer) -> list[PointSpec]:
    """Return the points of the main electricity meter."""
    meter = f"{customer.key}.electricity"
    voltage = "voltage_l1_l2" if customer.park != "living" else "voltage_l1"
    instant = {"carrier": "electricity", "kind": "instant", "resolution": 0.1}
    return [
        _main_register(
            customer, meter, "electricity", "电量", carrier="electricity", quantity="active energy", unit="kWh",
            measure="active_energy_in", parent=f"feeder{customer.feeder}.energy", resolution=0.1, dial=1e7,
        ),
        _point(
            customer, meter, "power", "power", "功率", source=meter, quantity="active power", unit="kW",
            measure="active_power", jitter=0.012, **instant,
        ),
        _point(
            customer, meter, "voltage", "voltage", "电压", source=f"{meter}.voltage", quantity="voltage", unit="V",
            measure=voltage, jitter=0.002, factor=1.0 if customer.park != "living" else 1 / 3**0.5, **instant,
        ),
        _point(
            customer, meter, "current", "current", "电流", source=f"{meter}.current", quantity="current", unit="A",
            measure="current_l1", jitter=0.015, **instant,
        ),
    ]  # fmt: skip


def thermal(customer: Customer, carrier: str) -> list[PointSpec]:
    """Return the points of a heat or cooling meter."""
    meter = f"{customer.key}.{carrier}"
    name, name_zh, quantity, net = _THERMAL[carrier]
    word = name.lower()

    def instant(tail: str, what: str, what_zh: str, **more) -> PointSpec:
        return _point(
            customer,
            meter,
            tail,
            f"{word} {what}",
            f"{name_zh[0]}{what_zh}",
            carrier=carrier,
            kind="instant",
            **more,
        )

    return [
        _main_register(
            customer, meter, word, name_zh, carrier=carrier, quantity=quantity, unit="kWh", measure="heat_energy",
            parent=f"{net}.energy", resolution=1.0, dial=1e7,
        ),
        _point(
            customer, meter, "volume", f"{word} water", f"{name_zh[0]}水量", carrier=carrier, quantity="volume",
            unit="m3", kind="register", source=f"{meter}.volume", measure="volume", resolution=1.0, dial=1e7,
            interval_minutes=60,
        ),
        instant("power", "power", "功率", quantity="heat power", unit="kW", source=meter, measure="heat_power",
                jitter=0.01, resolution=0.1),
        instant("flow", "flow", "流量", quantity="flow", unit="m3/h", source=f"{meter}.volume", measure="flow",
                jitter=0.01, resolution=0.01),
        instant("supply", "supply", "供水温度", quantity="temperature", unit="°C", source=f"{meter}.supply",
                measure="supply_temperature", jitter=0.002, resolution=0.01),
        instant("return", "return", "回水温度", quantity="temperature", unit="°C", source=f"{meter}.return",
                measure="return_temperature", jitter=0.002, resolution=0.01),
    ]  # fmt: skip


def piped(customer: Customer, carrier: str) -> list[PointSpec]:
    """Return the points of a gas or water meter."""
    meter = f"{customer.key}.{carrier}"
    name, name_zh, intake = {"gas": ("gas", "燃气", "gas_intake"), "water": ("water", "水", "water_intake")}[
        carrier
    ]
    is_gas = carrier == "gas"
    points = [
        _main_register(
            customer, meter, name, f"{name_zh}量", carrier=carrier, quantity="volume", unit="m3",
            measure="volume_base" if is_gas else "volume_in", parent=f"{intake}.volume", resolution=0.01,
            dial=1e6 if is_gas else 1e5, exchanged=meter == "hotel.water",
        ),
        _point(
            customer, meter, "flow", f"{name} flow", f"{name_zh}流量", carrier=carrier, quantity="flow", unit="m3/h",
            kind="instant", source=meter, measure="flow_base" if is_gas else "flow", jitter=0.03, resolution=0.01,
        ),
    ]  # fmt: skip
    if is_gas:
        points.append(_point(
            customer, meter, "pressure", "gas pressure", "燃气压力", carrier=carrier, quantity="pressure", unit="bar",
            kind="instant", source=f"{meter}.pressure", measure="pressure", factor=0.01, jitter=0.002,
            resolution=0.001,
        ))  # fmt: skip
    return points


def sub_meter(customer: Customer, carrier: str, use: Use) -> PointSpec:
    """Return the register of one sub-metered use, sent as JSON over MQTT."""
    key = f"{customer.key}.{carrier}.{use.key}"
    is_electric = carrier == "electricity"
    return PointSpec(
        key=f"{key}.energy", position=key, device=key,
        name=f"{customer.name} · {use.name}", name_zh=f"{customer.name_zh} · {use.name_zh}",
        carrier=carrier, quantity="active energy" if is_electric else "volume", unit="kWh" if is_electric else "m3",
        kind="register", source=key, measure="total", category=use.category, parent=f"{customer.key}.{carrier}.energy",
        interval_minutes=60, dial=1e7 if is_electric and use.amount > 1500 else 1e6, resolution=0.01,
        connection="mqtt.meters",
    )  # fmt: skip


AIR_CONDITIONING = Use("hvac", "hvac", "Air conditioning", "空调通风", 0, "")


def uses(customer: Customer) -> list[tuple[str, Use]]:
    """Return (carrier, use) of each sub-meter. Gas has none: one use, one meter."""
    electric = [("electricity", use) for use in (*customer.electricity, AIR_CONDITIONING)]
    return electric + [("water", use) for use in customer.water]


def carriers(customer: Customer) -> list[str]:
    """Return the carriers a customer takes."""
    found = ["electricity", "water"]
    found += ["heat"] if customer.heating_kw_k or customer.hot_water_kw else []
    found += ["cooling"] if customer.cooling_kw_k or customer.cooling_kw else []
    return found + (["gas"] if customer.gas else [])


def devices() -> list[DeviceSpec]:
    """Return every meter at the customers."""
    found = []
    for customer in CUSTOMERS:
        family = {
            "electricity": _ELECTRIC_FAMILY[customer.park], "heat": "sontex_supercal531",
            "cooling": "sontex_supercal531", "gas": "sick_flowsic500", "water": "xylem_magflux",
        }  # fmt: skip
        found += [device(f"{customer.key}.{carrier}", family[carrier]) for carrier in carriers(customer)]
        for carrier, use in uses(customer):
            sub = "acrel_adw300" if carrier == "electricity" else "xylem_magflux"
            found.append(device(f"{customer.key}.{carrier}.{use.key}", sub))
    return found


def points() -> list[PointSpec]:
    """Return every point at the customers, main meters before the sub-meters under them."""
    found: list[PointSpec] = []
    for customer in CUSTOMERS:
        found += electricity(customer)
        for carrier in carriers(customer):
            if carrier in ("heat", "cooling"):
                found += thermal(customer, carrier)
            elif carrier in ("gas", "water"):
                found += piped(customer, carrier)
        found += [sub_meter(customer, carrier, use) for carrier, use in uses(customer)]
    found.append(PointSpec(
        key="charging.electricity.fast.interval", position="charging.electricity.fast",
        device="charging.electricity.fast", name="Lanwan Charging Hub · sold energy", name_zh="澜湾充电站 · 售电量",
        carrier="electricity", quantity="active energy", unit="kWh", kind="interval", direction="out",
        source="charging.electricity.fast", measure="sold", category="special", interval_minutes=15,
        resolution=0.01, factor=0.93, connection="mqtt.meters",
    ))  # fmt: skip
    return found
