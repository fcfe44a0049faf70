"""What the documents of efficiency, intensity, benefit and benchmarks say, in English and Chinese."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from backend.kernel.units import Carrier
from reports import figures
from reports.tabular.content import Cell

CARRIERS = {
    Carrier.ELECTRICITY: ("Electricity", "电"), Carrier.HEAT: ("Heat", "热"), Carrier.COOLING: ("Cooling", "冷"),
    Carrier.STEAM: ("Steam", "蒸汽"), Carrier.GAS: ("Gas", "燃气"), Carrier.WATER: ("Water", "水"),
    Carrier.FUEL: ("Fuel", "燃料"),
}  # fmt: skip

SHOWN = {"m3": "m³"}
PERS = {"area": ("m²", "m²"), "heads": ("head", "人")}
"""What use is told per: basis -> as it stands behind a unit."""
SAID: dict[str, tuple[str, str]] = {
    "days": ("Days", "日期"),
    "whose": ("Organisation", "单位"),
    "carrier": ("Carrier", "能源"),
    "plant": ("Plant", "设备"),
    "make": ("Kind", "类型"),
    "in": ("In [kWh]", "输入 [kWh]"),
    "out": ("Out [kWh]", "输出 [kWh]"),
    "ratio": ("Efficiency or COP", "效率或 COP"),
    "full": ("Full load [kW]", "满负荷 [kW]"),
    "efficiency": ("Efficiency", "能效分析"),
    "plants": ("Plant", "设备能效"),
    "networks": ("Networks", "管网与线路"),
    "fed": ("Fed in", "供入"),
    "taken": ("Taken out", "用去"),
    "unit": ("Unit", "单位量"),
    "arrived": ("Arrived", "送达比例"),
    "specifics": ("Use per area, head and product", "单位面积、人均与单位产品用量"),
    "basis": ("Per", "按"),
    "amount": ("Amount", "数量"),
    "size": ("Divided by", "除以"),
    "value": ("Value", "数值"),
    "bands": ("Efficiency by load", "部分负荷能效"),
    "load": ("Load", "负荷率"),
    "hours": ("Hours", "小时数"),
    "none": ("Nothing of this is measured in these days.", "这段时间没有相应的计量数据。"),
    "area": ("m²", "平方米"),
    "heads": ("head", "人"),
    "product": ("unit of product", "单位产品"),
    "boiler": ("Boiler", "锅炉"),
    "chp": ("Combined heat and power", "热电联产"),
    "chiller": ("Chiller", "冷水机组"),
    "absorption": ("Absorption chiller", "吸收式冷机"),
    "heat_pump": ("Heat pump", "热泵"),
    "same": ("Store, transformer or network", "储能、变压器或管网"),
    "other": ("Other", "其他"),
    "intensity": ("Intensity", "能耗强度"),
    "fit": ("Fit", "拟合"),
    "form": ("Form", "形式"),
    "fitted": ("Fitted on", "拟合区间"),
    "terms": ("What use depends on", "用量取决于"),
    "term": ("Term", "项"),
    "error": ("Standard error", "标准误"),
    "t": ("t value", "t 值"),
    "r2": ("R²", "R²"),
    "adjusted_r2": ("Adjusted R²", "调整 R²"),
    "cv_rmse": ("CV(RMSE)", "CV(RMSE)"),
    "nmbe": ("NMBE", "NMBE"),
    "used": ("Used", "实际用量"),
    "expected": ("Expected", "基准预期"),
    "saved": ("Saved", "节约量"),
    "cusum": ("Saved, summed up", "累计节约量"),
    "day": ("Day", "日"),
    "normalised": (
        "Used, as in the weather and with the production of the baseline",
        "按基准期气候与产量折算的用量",
    ),
    "band": ("Band of 90 %", "90% 置信半宽"),
    "heating_days": ("Heating degree days (18 °C)", "采暖度日 HDD18"),
    "cooling_days": ("Cooling degree days (26 °C)", "空调度日 CDD26"),
    "by_day": ("Day by day", "逐日"),
    "base": ("base", "基础"),
    "heating": ("heating, per K below %(c).1f °C", "采暖，每低于 %(c).1f °C 一度"),
    "cooling": ("cooling, per K above %(c).1f °C", "制冷，每高于 %(c).1f °C 一度"),
    "slope": ("per K", "每度"),
    "workday": ("working day", "工作日"),
    "no_fit": ("No baseline: too little is known of the year before.", "没有基准：此前一年的数据太少。"),
    "doubts": ("Doubts", "存疑之处"),
    "loose": ("it is off by more than 30 %", "误差超过 30%"),
    "biased": ("it is off to one side", "存在单边偏差"),
    "beyond": ("the days lie outside what it was fitted on", "所看日期超出拟合范围"),
    "short": ("it has not seen three seasons", "拟合数据不足三个季节"),
    "old": ("it is older than three years", "已超过三年"),
    "constant": ("it knows neither weather nor production", "未含气候与产量"),
    "valid": ("It holds.", "拟合有效。"),
    "benefit": ("Benefit", "效益分析"),
    "income": ("Income", "收入"),
    "cost": ("Cost", "成本"),
    "profit": ("Profit", "利润"),
    "money": ("Money", "收支"),
    "currency": ("Currency", "币种"),
    "bill": ("Bill", "账单"),
    "contract": ("Contract", "合同"),
    "starts": ("From", "起"),
    "ends": ("Until", "止"),
    "net": ("Without taxes", "不含税金额"),
    "counted": ("In these days", "计入本期"),
    "so_far": ("not billed yet", "尚未开票"),
    "bills": ("Bills issued", "开出的账单"),
    "billed": ("Bills got", "收到的账单"),
    "bought": ("Bought", "购能"),
    "meter": ("Meter", "表计"),
    "missing": ("Intervals missing", "缺失区间数"),
    "coal": ("Standard coal and CO2", "标准煤与二氧化碳"),
    "calorific": ("Standard coal, calorific [tce]", "标准煤（当量值）[tce]"),
    "equivalent": ("Standard coal, equivalent [tce]", "标准煤（等价值）[tce]"),
    "co2": ("CO2 [t]", "二氧化碳 [t]"),
    "kind": ("Counted as", "折算为"),
    "factor": ("Factor", "系数"),
    "source": ("Source", "来源"),
    "year": ("Year", "年份"),
    "no_factor": ("no factor is known", "没有可用系数"),
    "older": ("factor of %(year)s, the latest known", "沿用 %(year)s 年系数（最新已知）"),
    "measures": ("Measures", "节能措施"),
    "measure": ("Measure", "措施"),
    "outlay": ("Outlay", "投资"),
    "yearly": ("Saved a year", "年节约额"),
    "payback": ("Payback [years]", "静态回收期 [年]"),
    "npv": ("Net present value", "净现值"),
    "irr": ("Internal rate", "内部收益率"),
    "not_yours": ("Income and cost are told to who keeps the accounts.", "收支仅对财务人员可见。"),
    "benchmark": ("Benchmark", "对标排名"),
    "rank": ("Rank", "名次"),
    "percentile": ("Percentile", "百分位"),
    "quota": ("Quota", "定额"),
    "against": ("Against the quota", "与定额之比"),
    "ranking": ("Ranking", "排名"),
    "weathered": ("Heat and cold are as in the weather most had.", "冷热用量已按多数单位的气候折算。"),
    "no_places": (
        "No ranking is made of these days: it is made of whole months and years that are over.",
        "这段时间没有排名：排名按已结束的整月和整年生成。",
    ),
}


def say(key: str, locale: str, **values: Any) -> str:
    """Return a text in 'zh' or 'en'."""
    text = SAID[key][locale == "zh"]
    return text % values if values else text


def unit_name(unit: str, per: str = "", locale: str = "en") -> str:
    """Return a unit as it is read: m³, kWh/m², m³/head; per: a basis (area, heads), or a product."""
    shown = SHOWN.get(unit, unit)
    return f"{shown}/{PERS[per][locale == 'zh'] if per in PERS else per}" if per else shown


def carrier_name(carrier: Carrier, locale: str) -> str:
    """Return what a carrier is called."""
    return CARRIERS[carrier][locale == "zh"]


def called(thing: Any, locale: str) -> str:
    """Return the name of an organisation, position or meter."""
    return (thing.name_zh if locale == "zh" else None) or thing.name


def over(first: date, until: date, locale: str) -> str:
    """Return local days [first, until) as they are read."""
    return f"{figures.day(first, locale)} – {figures.day(until - timedelta(days=1), locale)}"


def plain(value: float | None, places: int = 3) -> Decimal | None:
    """Return a number as a cell, in so many places; None stays None."""
    return None if value is None else round(Decimal(str(value)), places)


def shortly(value: float | None) -> Cell:
    """Return a number in four digits."""
    return None if value is None else Decimal(f"{value:.4g}")
