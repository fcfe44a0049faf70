"""What an operator begins with: hours, service levels, windows of verification, a ladder, codes, check-lists."""

from __future__ import annotations

from typing import Any

OFFICE_HOURS: dict[str, Any] = {str(day): [["08:30", "12:00"], ["13:00", "17:30"]] for day in range(5)}

TARGETS: dict[str, Any] = {
    "1": {"response_min": 15, "restoration_min": 240, "round_the_clock": True},
    "2": {"response_min": 60, "restoration_min": 480, "round_the_clock": True},
    "3": {"response_min": 240, "restoration_min": 1_440, "round_the_clock": False},
    "4": {"response_min": 960, "restoration_min": 4_800, "round_the_clock": False},
}
PAUSING = ("plant_condition", "access", "third_party")
"""Hold reasons that are not the operator's to hurry: the clocks stop meanwhile."""

WINDOWS_S: dict[str | None, float] = {
    "electricity": 900.0, "water": 1_800.0, "gas": 1_800.0, "heat": 7_200.0, "cooling": 7_200.0, "steam": 3_600.0,
    None: 1_800.0,
}  # fmt: skip

LADDER: tuple[tuple[int, int, float, tuple[str, ...], tuple[str, ...]], ...] = (
    (1, 1, 0.0, ("dispatcher",), ("push", "mail")),
    (1, 2, 5.0, ("dispatcher", "manager"), ("push", "mail")),
    (1, 3, 15.0, ("manager", "administrator"), ("push", "mail")),
    (2, 1, 30.0, ("dispatcher",), ("push", "mail")),
    (2, 2, 60.0, ("manager",), ("push", "mail")),
    (3, 1, 240.0, ("dispatcher",), ("mail",)),
    (4, 1, 960.0, ("dispatcher",), ("mail",)),
)
"""priority, rung, minutes without acknowledgement, roles told, ways."""

CODES: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("problem", "NO-SUPPLY", "No supply", "无供应", ("no_supply",)),
    ("problem", "LEAK", "Leak", "泄漏", ("leak", "gas_smell")),
    ("problem", "PRESSURE", "Pressure outside limits", "压力越限", ("low_pressure", "high_pressure")),
    ("problem", "TEMPERATURE", "Temperature outside limits", "温度越限", ("overheating", "too_cold")),
    ("problem", "ELECTRICAL", "Electrical fault", "电气故障", ("power_quality", "overload", "electrocution")),
    ("problem", "NO-DATA", "No data", "无数据", ("silence",)),
    ("problem", "METERING", "Counts wrongly", "计量异常", ("meter_fault",)),
    ("problem", "MECHANICAL", "Mechanical fault", "机械故障", ("plant_fault", "noise")),
    ("problem", "OTHER", "Something else", "其他", ()),
    ("cause", "WEAR", "Wear", "磨损", ()),
    ("cause", "CORROSION", "Corrosion", "腐蚀", ()),
    ("cause", "BLOCKAGE", "Blockage, dirt", "堵塞或脏污", ()),
    ("cause", "LOOSE", "Loose connection", "连接松动", ()),
    ("cause", "SETTING", "Wrong setting", "参数设置错误", ()),
    ("cause", "POWER", "Loss of auxiliary power", "辅助电源失电", ()),
    ("cause", "COMMUNICATION", "Communication", "通信中断", ("silence",)),
    ("cause", "THIRD-PARTY", "Damage by others", "第三方损坏", ()),
    ("cause", "UNKNOWN", "Not found", "原因未明", ()),
    ("remedy", "REPLACED", "Replaced", "更换", ()),
    ("remedy", "REPAIRED", "Repaired", "修复", ()),
    ("remedy", "ADJUSTED", "Adjusted", "调整", ()),
    ("remedy", "CLEANED", "Cleaned", "清洁", ()),
    ("remedy", "RESTARTED", "Restarted", "重启", ()),
    ("remedy", "TIGHTENED", "Tightened, sealed", "紧固或密封", ()),
    ("remedy", "NONE-NEEDED", "Nothing was needed", "无需处理", ()),
)

_SAFETY: tuple[dict[str, Any], ...] = (
    {"key": "ppe", "text": "Protective equipment is on", "text_zh": "已穿戴防护用品", "type": "yes_no"},
    {"key": "area", "text": "The place is safe to work in", "text_zh": "作业区域安全", "type": "yes_no"},
)

CHECKLISTS: tuple[tuple[str, str, str, tuple[str, ...], tuple[dict[str, Any], ...]], ...] = (
    ("repair", "Repair", "通用检修", ("plant_fault", "other", "damage", "noise", "emission"), (
        *_SAFETY,
        {"key": "found", "text": "What did you find", "text_zh": "现场情况", "type": "text"},
        {"key": "tested", "text": "Tested under load", "text_zh": "带负荷试运行正常", "type": "yes_no"},
    )),
    ("electrical", "Electrical repair", "电气检修", ("power_quality", "overload", "electrocution", "no_supply"), (
        *_SAFETY,
        {"key": "isolated", "text": "Isolated, locked, proved dead, earthed", "text_zh": "已停电、验电、接地、挂牌",
         "type": "yes_no"},
        {"key": "insulation", "text": "Insulation resistance", "text_zh": "绝缘电阻", "type": "number", "unit": "MΩ",
         "low": 0.5},
        {"key": "hot_joint", "text": "Hottest joint", "text_zh": "接头最高温度", "type": "number", "unit": "°C",
         "high": 90},
        {"key": "joint_tight", "text": "Joint tightened", "text_zh": "接头已紧固", "type": "yes_no",
         "shown_if": {"item": "isolated", "equals": True}},
    )),
    ("leak", "Leak and pressure", "泄漏与压力", ("leak", "gas_smell", "low_pressure", "high_pressure"), (
        *_SAFETY,
        {"key": "gas", "text": "Gas in the air", "text_zh": "空气中可燃气体浓度", "type": "number", "unit": "% LEL",
         "high": 10},
        {"key": "leak_found", "text": "Leak found", "text_zh": "已找到泄漏点", "type": "yes_no", "failing": None},
        {"key": "where", "text": "Where", "text_zh": "泄漏位置", "type": "text",
         "shown_if": {"item": "leak_found", "equals": True}},
        {"key": "pressure", "text": "Pressure after the work", "text_zh": "处理后压力", "type": "reading",
         "unit": "bar", "low": 0},
    )),
    ("temperature", "Heat and cooling", "供热供冷", ("overheating", "too_cold"), (
        *_SAFETY,
        {"key": "flow", "text": "Flow temperature", "text_zh": "供水温度", "type": "reading", "unit": "°C"},
        {"key": "return", "text": "Return temperature", "text_zh": "回水温度", "type": "reading", "unit": "°C"},
        {"key": "strainer", "text": "Strainer clean", "text_zh": "过滤器清洁", "type": "yes_no"},
    )),
    ("meter", "Meter and communication", "表计与通信", ("silence", "meter_fault"), (
        *_SAFETY,
        {"key": "display", "text": "Display shows a reading", "text_zh": "表计有显示", "type": "yes_no"},
        {"key": "shown", "text": "Reading shown", "text_zh": "表计读数", "type": "reading",
         "shown_if": {"item": "display", "equals": True}},
        {"key": "seals", "text": "Seals whole", "text_zh": "封印完好", "type": "yes_no"},
        {"key": "signal", "text": "Signal", "text_zh": "通信信号", "type": "choice",
         "choices": ["good", "weak", "none"], "failing": ["none"]},
    )),
    ("round", "Inspection round", "巡检", (), (
        *_SAFETY,
        {"key": "clean", "text": "Clean, dry, accessible", "text_zh": "环境清洁干燥、通道畅通", "type": "yes_no",
         "fault_class": "damage"},
        {"key": "leaks", "text": "Free of leaks", "text_zh": "无渗漏", "type": "yes_no", "fault_class": "leak"},
        {"key": "noise", "text": "Free of unusual noise", "text_zh": "无异响", "type": "yes_no",
         "fault_class": "noise"},
        {"key": "temperature", "text": "Surface temperature", "text_zh": "表面温度", "type": "number", "unit": "°C",
         "high": 80, "fault_class": "overheating", "is_mandatory": False},
        {"key": "photo", "text": "Photo of the plate", "text_zh": "铭牌照片", "type": "photo", "is_mandatory": False},
    )),
)  # fmt: skip
