"""Meters and instruments of supply: energy centre, renewables, battery, feeders, intakes, stacks, weather."""

from backend.demo.customers import CUSTOMERS
from backend.demo.points_customers import serial_number
from backend.demo.spec import DeviceSpec, PointSpec

PLANT = "opcua.centre"
FIELD = "mqtt.meters"

# Maker and model of what stands at each position.
MACHINES = {
    "engine": ("Jenbacher", "JMS 620"),
    "absorption": ("Broad", "BH200"),
    "boiler": ("Viessmann", "Vitomax LW"),
    "chiller1": ("Trane", "CVHG 1550"),
    "chiller2": ("Trane", "CVHG 1550"),
    "ice": ("BAC", "TSC-L ice store"),
    "centre": ("Schneider Electric", "PM8000"),
    "heat_net": ("Kamstrup", "MULTICAL 803"),
    "cold_net": ("Kamstrup", "MULTICAL 803"),
    "heat_pumps": ("Schneider Electric", "PM5560"),
    "cold_pumps": ("Schneider Electric", "PM5560"),
    "heat_pump1": ("Grundfos", "NK 150"),
    "heat_pump2": ("Grundfos", "NK 150"),
    "cold_pump1": ("Grundfos", "NK 250"),
    "cold_pump2": ("Grundfos", "NK 250"),
    "pv_terminal": ("Sungrow", "SG250HX"),
    "pv_carpark": ("Sungrow", "SG110CX"),
    "wind": ("Goldwind", "GW 3.2-155"),
    "battery": ("CATL", "EnerOne"),
    "grid": ("Landis+Gyr", "E850"),
    "feeder1": ("Schneider Electric", "PM8000"),
    "feeder2": ("Schneider Electric", "PM8000"),
    "feeder3": ("Schneider Electric", "PM8000"),
    "feeder4": ("Schneider Electric", "PM8000"),
    "gas_intake": ("Elster", "TRZ2"),
    "water_intake": ("Siemens", "SITRANS FM"),
    "boiler_stack": ("SICK", "MCS200HW"),
    "engine_stack": ("SICK", "MCS200HW"),
    "outfall": ("Hach", "EZ7000"),
    "weather": ("Lufft", "WS600"),
}

_UNITS = {
    "active power": ("kW", 0.1, 0.012), "heat power": ("kW", 0.1, 0.01), "cooling power": ("kW", 0.1, 0.01),
    "flow": ("m3/h", 0.01, 0.01), "temperature": ("°C", 0.01, 0.002), "voltage": ("kV", 0.001, 0.001),
    "frequency": ("Hz", 0.001, 0.0002), "reactive power": ("kvar", 0.1, 0.01), "pressure": ("bar", 0.001, 0.003),
    "concentration": ("mg/m3", 0.1, 0.03), "concentration in water": ("mg/L", 0.1, 0.02), "level": ("%", 0.1, 0.0),
    "irradiance": ("W/m2", 0.1, 0.01), "wind speed": ("m/s", 0.1, 0.05), "humidity": ("%", 0.1, 0.004),
    "coefficient of performance": ("1", 0.01, 0.01), "acidity": ("pH", 0.01, 0.003),
}  # fmt: skip
"""Quantity -> (unit, resolution, fast noise as a share)."""


def _register(
    key: str, name: str, name_zh: str, carrier: str, source: str, direction: str, **more
) -> PointSpec:
    """Return a register `<position>.<tail>`; energies in kWh, gas and water in m3."""
    position = key.split(".")[0]
    is_volume = carrier in ("gas", "water", "environment") or key.endswith(".volume")
    quantity = "volume" if is_volume else {"electricity": "active energy"}.get(carrier, f"{carrier} energy")
    defaults = {
        "position": position, "device": position, "connection": PLANT, "interval_minutes": 60, "dial": 1e9,
        "resolution": 0.1 if carrier == "electricity" else 1.0,
    }  # fmt: skip
    return PointSpec(
        key=key, name=name, name_zh=name_zh, carrier=carrier, quantity=quantity, unit="m3" if is_volume else "kWh",
        kind="register", source=source, measure=key.split(".", 1)[1], direction=direction, **(defaults | more),
    )  # fmt: skip


def _instant(
    key: str, name: str, name_zh: str, carrier: str, quantity: str, source: str, **more
) -> PointSpec:
    position = key.split(".")[0]
    unit, resolution, jitter = _UNITS[quantity]
    defaults = {"position": position, "device": position, "connection": PLANT, "direction": "out"}
    return PointSpec(
        key=key, name=name, name_zh=name_zh, carrier=carrier, quantity=quantity, unit=unit, kind="instant",
        source=source, measure=key.split(".", 1)[1], resolution=resolution, jitter=jitter, **(defaults | more),
    )  # fmt: skip


def _state(key: str, name: str, name_zh: str, carrier: str, source: str, **more) -> PointSpec:
    position = key.split(".")[0]
    defaults = {"position": position, "device": position, "connection": PLANT, "direction": "out"}
    return PointSpec(
        key=key, name=name, name_zh=name_zh, carrier=carrier, quantity="state", unit="1", kind="state", source=source,
        measure=key.split(".", 1)[1], resolution=1.0, **(defaults | more),
    )  # fmt: skip


def _engine() -> list[PointSpec]:
    return [
        _register("engine.electricity", "Gas engine · electricity", "燃气内燃机 · 发电量", "electricity",
                  "engine.electricity", "out", settlement=True, total=True),
        _instant("engine.power", "Gas engine · power", "燃气内燃机 · 发电功率", "electricity", "active power",
                 "engine.electricity"),
        _register("engine.heat", "Gas engine · heat", "燃气内燃机 · 余热", "heat", "engine.heat", "out", total=True),
        _instant("engine.heat_power", "Gas engine · heat power", "燃气内燃机 · 余热功率", "heat", "heat power",
                 "engine.heat"),
        _register("engine.gas", "Gas engine · gas", "燃气内燃机 · 耗气量", "gas", "engine.gas", "in", total=True,
                  parent="gas_intake.volume", dial=1e7),
        _instant("engine.gas_flow", "Gas engine · gas flow", "燃气内燃机 · 燃气流量", "gas", "flow", "engine.gas",
                 direction="in"),
        _instant("engine.exhaust", "Gas engine · exhaust", "燃气内燃机 · 排烟温度", "heat", "temperature",
                 "engine.exhaust"),
        _state("engine.state", "Gas engine · running", "燃气内燃机 · 运行", "electricity", "engine.state"),
        _register("absorption.heat", "Absorption chiller · heat", "吸收式冷机 · 耗热量", "heat", "absorption.heat", "in",
                  total=True),
        _instant("absorption.heat_power", "Absorption chiller · heat power", "吸收式冷机 · 耗热功率", "heat",
                 "heat power", "absorption.heat", direction="in"),
        _register("absorption.cooling", "Absorption chiller · cooling", "吸收式冷机 · 制冷量", "cooling",
                  "absorption.cooling", "out", total=True),
        _instant("absorption.power", "Absorption chiller · cooling power", "吸收式冷机 · 制冷功率", "cooling",
                 "cooling power", "absorption.cooling"),
        _state("absorption.state", "Absorption chiller · running", "吸收式冷机 · 运行", "cooling", "absorption.state"),
        _register("boiler.heat", "Gas boiler · heat", "燃气锅炉 · 供热量", "heat", "boiler.heat", "out", total=True),
        _instant("boiler.power", "Gas boiler · heat power", "燃气锅炉 · 供热功率", "heat", "heat power", "boiler.heat"),
        _register("boiler.gas", "Gas boiler · gas", "燃气锅炉 · 耗气量", "gas", "boiler.gas", "in", total=True,
                  parent="gas_intake.volume", dial=1e7),
        _instant("boiler.gas_flow", "Gas boiler · gas flow", "燃气锅炉 · 燃气流量", "gas", "flow", "boiler.gas",
                 direction="in"),
        _state("boiler.state", "Gas boiler · running", "燃气锅炉 · 运行", "heat", "boiler.state"),
    ]  # fmt: skip


def _chillers() -> list[PointSpec]:
    found = []
    for number in (1, 2):
        key, name, name_zh = f"chiller{number}", f"Chiller {number}", f"{number}号电制冷机"
        found += [
            _register(f"{key}.electricity", f"{name} · electricity", f"{name_zh} · 耗电量", "electricity",
                      f"{key}.electricity", "in", parent="centre.electricity", category="hvac"),
            _instant(f"{key}.power", f"{name} · power", f"{name_zh} · 电功率", "electricity", "active power",
                     f"{key}.electricity", direction="in"),
            _register(f"{key}.cooling", f"{name} · cooling", f"{name_zh} · 制冷量", "cooling", f"{key}.cooling", "out",
                      total=True),
            _instant(f"{key}.cooling_power", f"{name} · cooling power", f"{name_zh} · 制冷功率", "cooling",
                     "cooling power", f"{key}.cooling"),
            _instant(f"{key}.cop", f"{name} · COP", f"{name_zh} · 性能系数", "cooling", "coefficient of performance",
                     f"{key}.cop"),
            _state(f"{key}.state", f"{name} · running", f"{name_zh} · 运行", "cooling", f"{key}.state"),
        ]  # fmt: skip
    return [
        *found,
        _register("ice.electricity", "Ice making · electricity", "制冰 · 耗电量", "electricity", "ice.electricity", "in",
                  parent="centre.electricity", category="hvac"),
        _register("ice.melted", "Ice store · released", "冰蓄冷 · 释冷量", "cooling", "ice.melted", "out", total=True),
        _instant("ice.power", "Ice store · release power", "冰蓄冷 · 释冷功率", "cooling", "cooling power", "ice.melted"),
        _instant("ice.level", "Ice store · level", "冰蓄冷 · 蓄冰率", "cooling", "level", "ice.level", factor=100.0),
        _state("ice.state", "Ice store · charging", "冰蓄冷 · 制冰中", "cooling", "ice.state"),
    ]  # fmt: skip


def _networks() -> list[PointSpec]:
    found = []
    for net, carrier, name, name_zh, pumps in (
        ("heat_net", "heat", "Heat network", "热网", "heat_pump"),
        ("cold_net", "cooling", "Cooling network", "冷网", "cold_pump"),
    ):
        found += [
            _register(f"{net}.energy", f"{name} · sent out", f"{name_zh} · 总供量", carrier, net, "out"),
            _instant(f"{net}.flow", f"{name} · flow", f"{name_zh} · 流量", carrier, "flow", f"{net}.volume"),
            _instant(f"{net}.supply", f"{name} · supply", f"{name_zh} · 供水温度", carrier, "temperature",
                     f"{net}.supply"),
            _instant(f"{net}.return", f"{name} · return", f"{name_zh} · 回水温度", carrier, "temperature",
                     f"{net}.return"),
            _instant(f"{net}.pressure", f"{name} · pressure", f"{name_zh} · 供水压力", carrier, "pressure",
                     f"{net}.pressure"),
            _register(f"{pumps}s.electricity", f"{name} pumps · electricity", f"{name_zh}循环泵 · 耗电量", "electricity",
                      f"{pumps}s.electricity", "in", parent="centre.electricity", category="power"),
            *(
                _state(f"{pumps}{number}.state", f"{name} pump {number} · running", f"{name_zh}{number}号泵 · 运行",
                       carrier, f"{pumps}{number}.state")
                for number in (1, 2)
            ),
        ]  # fmt: skip
    return found


def _renewables() -> list[PointSpec]:
    found = []
    for key, name, name_zh in (
        ("pv_terminal", "Ferry terminal PV", "客运码头光伏"),
        ("pv_carpark", "Car park PV", "停车场光伏"),
        ("wind", "Sea wall wind turbine", "海堤风机"),
    ):
        found += [
            _register(f"{key}.energy", f"{name} · electricity", f"{name_zh} · 发电量", "electricity",
                      f"{key}.electricity", "out", settlement=True, total=True, connection=FIELD, dial=1e8),
            _instant(f"{key}.power", f"{name} · power", f"{name_zh} · 发电功率", "electricity", "active power",
                     f"{key}.electricity", connection=FIELD),
            _state(f"{key}.state", f"{name} · running", f"{name_zh} · 运行", "electricity", f"{key}.state",
                   connection=FIELD),
        ]  # fmt: skip
    return [
        *found,
        _instant("pv_terminal.module", "Ferry terminal PV · module", "客运码头光伏 · 组件温度", "electricity",
                 "temperature", "pv_terminal.module", connection=FIELD),
        _instant("wind.speed", "Sea wall wind turbine · wind", "海堤风机 · 轮毂风速", "environment", "wind speed",
                 "wind.speed", connection=FIELD),
        _register("battery.charged", "Battery · charged", "储能 · 充电量", "electricity", "battery.charged", "in",
                  total=True, connection=FIELD, dial=1e8),
        _register("battery.discharged", "Battery · discharged", "储能 · 放电量", "electricity", "battery.discharged",
                  "out", total=True, connection=FIELD, dial=1e8),
        _instant("battery.power", "Battery · discharge power", "储能 · 放电功率", "electricity", "active power",
                 "battery.discharged", connection=FIELD),
        _instant("battery.charging", "Battery · charge power", "储能 · 充电功率", "electricity", "active power",
                 "battery.charged", connection=FIELD, direction="in"),
        _instant("battery.level", "Battery · state of charge", "储能 · 荷电状态", "electricity", "level",
                 "battery.level", factor=100.0, connection=FIELD),
    ]  # fmt: skip


def _grid() -> list[PointSpec]:
    found = [
        _register("grid.imported", "Grid · imported", "电网 · 下网电量", "electricity", "grid.imported", "out",
                  settlement=True, total=True),
        _register("grid.exported", "Grid · exported", "电网 · 上网电量", "electricity", "grid.exported", "in",
                  settlement=True, total=True),
        _instant("grid.power", "Grid · power", "电网 · 交换功率", "electricity", "active power", "grid.power"),
        _instant("grid.reactive", "Grid · reactive power", "电网 · 无功功率", "electricity", "reactive power",
                 "grid.reactive"),
        _instant("grid.voltage", "Grid · voltage", "电网 · 母线电压", "electricity", "voltage", "grid.voltage"),
        _instant("grid.frequency", "Grid · frequency", "电网 · 频率", "electricity", "frequency", "grid.frequency"),
        _state("grid.breaker", "Grid · breaker closed", "电网 · 进线断路器合", "electricity", "grid.breaker"),
        _register("centre.electricity", "Energy centre · own use", "能源中心 · 自用电量", "electricity",
                  "centre.electricity", "in", total=True),
        _instant("centre.power", "Energy centre · power", "能源中心 · 自用功率", "electricity", "active power",
                 "centre.electricity", direction="in"),
    ]  # fmt: skip
    for number in sorted({customer.feeder for customer in CUSTOMERS}):
        key, name, name_zh = f"feeder{number}", f"Feeder {number}", f"{number}号馈线"
        found += [
            _register(f"{key}.energy", f"{name} · electricity", f"{name_zh} · 电量", "electricity", key, "in"),
            _instant(f"{key}.power", f"{name} · power", f"{name_zh} · 功率", "electricity", "active power", key,
                     direction="in"),
            _state(f"{key}.breaker", f"{name} · breaker closed", f"{name_zh} · 断路器合", "electricity",
                   f"{key}.breaker"),
        ]  # fmt: skip
    return found


def _intakes() -> list[PointSpec]:
    found = []
    for key, carrier, name, name_zh in (
        ("gas_intake", "gas", "Gas intake", "燃气门站"), ("water_intake", "water", "Water intake", "供水总表"),
    ):  # fmt: skip
        found += [
            _register(f"{key}.volume", f"{name} · volume", f"{name_zh} · 总量", carrier, key, "out", settlement=True,
                      total=True, dial=1e8),
            _instant(f"{key}.flow", f"{name} · flow", f"{name_zh} · 流量", carrier, "flow", key),
            _instant(f"{key}.pressure", f"{name} · pressure", f"{name_zh} · 压力", carrier, "pressure",
                     f"{key}.pressure", factor=0.01 if carrier == "gas" else 1.0),
        ]  # fmt: skip
    return [
        *found,
        _register("centre.water", "Energy centre · make-up water", "能源中心 · 补水量", "water", "centre.water", "in",
                  total=True, parent="water_intake.volume", resolution=0.01, dial=1e6),
        _instant("centre.water_flow", "Energy centre · make-up flow", "能源中心 · 补水流量", "water", "flow",
                 "centre.water", direction="in"),
    ]  # fmt: skip


def _environment() -> list[PointSpec]:
    found = []
    for key, name, name_zh in (
        ("boiler", "Boiler stack", "锅炉烟囱"),
        ("engine", "Engine stack", "内燃机烟囱"),
    ):
        for gas, word, word_zh in (
            ("nox", "NOx", "氮氧化物"),
            ("so2", "SO2", "二氧化硫"),
            ("dust", "dust", "颗粒物"),
        ):
            found.append(_instant(f"{key}_stack.{gas}", f"{name} · {word}", f"{name_zh} · {word_zh}", "environment",
                                  "concentration", f"{key}.{gas}"))  # fmt: skip
    return [
        *found,
        _register("outfall.volume", "Outfall · effluent", "排放口 · 废水量", "environment", "centre.effluent", "out",
                  resolution=0.01, dial=1e7),
        _instant("outfall.cod", "Outfall · COD", "排放口 · 化学需氧量", "environment", "concentration in water",
                 "effluent.cod"),
        _instant("outfall.ph", "Outfall · pH", "排放口 · 酸碱度", "environment", "acidity", "effluent.ph"),
        *(
            _instant(f"weather.{tail}", f"Weather · {name}", f"气象 · {name_zh}", "environment", quantity,
                     f"weather.{tail}", connection=FIELD)
            for tail, name, name_zh, quantity in (
                ("temperature", "temperature", "气温", "temperature"), ("humidity", "humidity", "湿度", "humidity"),
                ("irradiance", "irradiance", "太阳辐照度", "irradiance"), ("wind", "wind", "风速", "wind speed"),
            )
        ),
    ]  # fmt: skip


def points() -> list[PointSpec]:
    """Return every point of supply and surroundings, parents first."""
    return _grid() + _intakes() + _networks() + _engine() + _chillers() + _renewables() + _environment()


def devices() -> list[DeviceSpec]:
    """Return the machines and instruments of supply, one at each position."""
    return [
        DeviceSpec(key, key, maker, model, serial_number(key)) for key, (maker, model) in MACHINES.items()
    ]
