"""Alarm rules of the demo region: a handful that a control room would really have."""

from backend.demo.customers import CUSTOMERS
from backend.demo.spec import AlarmRuleSpec


def _emissions() -> list[AlarmRuleSpec]:
    """Return limits at the stacks (of the order of GB 13271 special limits)."""
    return [
        AlarmRuleSpec(
            "engine_stack.nox", "limit", "Engine stack NOx above limit", "内燃机氮氧化物超标", {"H": 85.0, "HH": 110.0},
            priority=2, deadband=3.0, on_delay_s=60, off_delay_s=60,
            advice="Check the catalyst's urea dosing; reduce engine load until NOx falls.",
        ),
        AlarmRuleSpec(
            "boiler_stack.nox", "limit", "Boiler stack NOx above limit", "锅炉氮氧化物超标", {"H": 45.0, "HH": 50.0},
            priority=2, deadband=2.0, on_delay_s=60, off_delay_s=60, advice="Check burner air and flue-gas return.",
        ),
        AlarmRuleSpec(
            "outfall.cod", "limit", "Effluent COD above limit", "废水化学需氧量超标", {"H": 44.0, "HH": 50.0},
            priority=2, deadband=1.0, on_delay_s=120, off_delay_s=120, advice="Divert to the retention tank.",
        ),
    ]  # fmt: skip


def _supply() -> list[AlarmRuleSpec]:
    """Return limits and states of supply."""
    return [
        AlarmRuleSpec(
            "grid.power", "limit", "Grid import near contracted demand", "下网功率接近合同需量",
            {"H": 7000.0, "HH": 7800.0}, priority=2, deadband=150.0, on_delay_s=60, off_delay_s=120,
            advice="Discharge the battery; ask the charging hub to slow down.",
        ),
        AlarmRuleSpec(
            "grid.frequency", "limit", "Grid frequency outside band", "电网频率越限",
            {"LL": 49.5, "L": 49.8, "H": 50.2, "HH": 50.5}, priority=1, deadband=0.02, on_delay_s=5, off_delay_s=10,
        ),
        AlarmRuleSpec(
            "gas_intake.pressure", "limit", "Gas intake pressure low", "燃气门站压力低", {"LL": 3.3, "L": 3.66},
            priority=1, deadband=0.05, on_delay_s=30, off_delay_s=60, advice="Call the gas company.",
        ),
        AlarmRuleSpec(
            "water_intake.pressure", "limit", "Water intake pressure low", "供水压力低", {"LL": 3.0, "L": 3.7},
            priority=2, deadband=0.1, on_delay_s=60, off_delay_s=60,
        ),
        AlarmRuleSpec(
            "heat_net.supply", "limit", "Heat network supply outside band", "热网供水温度越限",
            {"L": 60.0, "H": 92.0, "HH": 96.0}, priority=2, deadband=1.0, on_delay_s=120, off_delay_s=120,
        ),
        AlarmRuleSpec(
            "cold_net.supply", "limit", "Cooling network supply warm", "冷网供水温度高", {"H": 8.0, "HH": 9.5},
            priority=2, deadband=0.3, on_delay_s=120, off_delay_s=120,
        ),
        AlarmRuleSpec(
            "battery.level", "limit", "Battery state of charge outside band", "储能荷电状态越限",
            {"LL": 3.0, "L": 6.0, "H": 97.0}, priority=3, deadband=1.0, on_delay_s=30, off_delay_s=30,
        ),
        AlarmRuleSpec(
            "heat_net.pressure", "rate", "Heat network pressure falls fast", "热网压力骤降",
            {"falling": 0.3, "per": "min"}, priority=1, on_delay_s=10, off_delay_s=60, advice="Look for a burst pipe.",
        ),
    ]  # fmt: skip


def _customers() -> list[AlarmRuleSpec]:
    """Return what is watched at every customer: voltage, silence; at some: night flow."""
    found = []
    for customer in CUSTOMERS:
        low, high = (207.0, 253.5) if customer.park == "living" else (360.0, 440.0)
        found.append(AlarmRuleSpec(
            f"{customer.key}.electricity.voltage", "limit", f"{customer.name}: voltage outside band",
            f"{customer.name_zh}：电压越限", {"L": low, "H": high}, priority=3, deadband=1.0, on_delay_s=30,
            off_delay_s=30,
        ))  # fmt: skip
        found.append(AlarmRuleSpec(
            f"{customer.key}.electricity.energy", "silence", f"{customer.name}: meter silent",
            f"{customer.name_zh}：电表无数据", {"after_s": 180}, priority=3,
            advice="Look at the connection first, then send a technician.",
        ))  # fmt: skip
    found.append(AlarmRuleSpec(
        "charging.electricity.slow.energy", "silence", "Slow chargers: sub-meter silent", "慢充桩：分表无数据",
        {"after_s": 120}, priority=4, advice="The plug of its data line is loose; send a technician.",
    ))  # fmt: skip
    for key, limit in (("school", 3.5), ("office", 1.8)):
        customer = next(c for c in CUSTOMERS if c.key == key)
        found.append(AlarmRuleSpec(
            f"{key}.water.flow", "night_flow", f"{customer.name}: water flows at night",
            f"{customer.name_zh}：夜间流量异常", {"from": "01:00", "to": "04:00", "limit": limit}, priority=3,
            advice="Look for a running tap, cistern or irrigation valve.",
        ))  # fmt: skip
    return found


def alarm_rules() -> list[AlarmRuleSpec]:
    """Return every alarm rule of the demo region."""
    return _emissions() + _supply() + _customers()
