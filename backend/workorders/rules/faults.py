"""Classes of fault: what each asks of those who come, and how grave it usually is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FaultClass:
    """A class of fault.

    priority: usual one; skills: what the visitor must be able to do; permit: kind of permit demanded, or None
    needs_isolation: a lead confirms that the plant part is locked off before work starts
    is_danger: life is at risk: priority 1 whatever else, safety words first
    """

    code: str
    name: str
    name_zh: str
    priority: int = 3
    skills: tuple[str, ...] = ()
    permit: str | None = None
    needs_isolation: bool = False
    is_danger: bool = False
    duration_min: int = 60


CATALOGUE: tuple[FaultClass, ...] = (
    FaultClass("gas_smell", "Smell of gas", "燃气异味", 1, ("gas",), "gas", True, True, 90),
    FaultClass("electrocution", "Electric shock or live metal", "触电或外壳带电", 1, ("electricity",), "electrical",
               True, True, 90),
    FaultClass("fire_risk", "Smoke, burning smell, scorching", "冒烟或焦味", 1, (), "hot_work", True, True, 90),
    FaultClass("no_supply", "No supply", "供应中断", 1, duration_min=90),
    FaultClass("leak", "Leak", "泄漏", 2, duration_min=90),
    FaultClass("low_pressure", "Pressure too low", "压力过低", 2),
    FaultClass("high_pressure", "Pressure too high", "压力过高", 2, (), "pressure", True),
    FaultClass("overheating", "Too hot", "温度过高", 2),
    FaultClass("too_cold", "Not warm enough", "温度过低", 3),
    FaultClass("power_quality", "Voltage, frequency or power factor", "电能质量异常", 3, ("electricity",)),
    FaultClass("overload", "Overload", "过载", 2, ("electricity",)),
    FaultClass("plant_fault", "Plant fault", "设备故障", 2),
    FaultClass("emission", "Emission above limit", "排放超标", 2),
    FaultClass("silence", "Meter or sensor silent", "表计或传感器无数据", 3, ("metering",), duration_min=45),
    FaultClass("meter_fault", "Meter counts wrongly", "表计计量异常", 3, ("metering",), duration_min=45),
    FaultClass("damage", "Damage, missing cover, vandalism", "损坏或缺失", 3),
    FaultClass("noise", "Noise or vibration", "异响或振动", 4),
    FaultClass("other", "Something else", "其他", 4),
)  # fmt: skip
BY_CODE = {one.code: one for one in CATALOGUE}


def priority_of(fault_class: str, *, customers_affected: int = 0, health: float | None = None) -> int:
    """Return the priority P1..P4 of a fault.

    customers_affected: who loses supply; 20 or more raise it by one, 200 or more by two
    health: of the asset, 0 (worst) to 100; below 30 raises it by one: it may not last until the visit
    """
    found = BY_CODE[fault_class]
    if found.is_danger:
        return 1
    raised = (customers_affected >= 20) + (customers_affected >= 200) + (health is not None and health < 30)
    return max(1, found.priority - raised)


_OF_QUANTITY = (
    ("pressure", "low", "low_pressure"), ("pressure", "high", "high_pressure"), ("temperature", "high", "overheating"),
    ("temperature", "low", "too_cold"), ("voltage", "", "power_quality"), ("frequency", "", "power_quality"),
    ("power factor", "", "power_quality"), ("nox", "", "emission"), ("so2", "", "emission"), ("dust", "", "emission"),
    ("cod", "", "emission"), ("power", "high", "overload"), ("flow", "high", "leak"),
)  # fmt: skip


def of_alarm(kind: str, quantity: str, level: str) -> str:
    """Return the class of fault an alarm speaks of. kind: of the rule; level: LL, L, H, HH or the rule's own."""
    if kind == "silence":
        return "silence"
    if kind == "night_flow":
        return "leak"
    if kind == "state":
        return "plant_fault"
    side = "low" if level in ("L", "LL") else "high" if level in ("H", "HH") else ""
    for part, wanted, fault in _OF_QUANTITY:
        if part in quantity.lower() and wanted in ("", side):
            return fault
    return "plant_fault"
