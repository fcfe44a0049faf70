"""The words of analysis on paper, in English and Chinese: written for their readers, not translated word for word."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from backend.analysis.rules import measures
from backend.analysis.rules.asking import Ask, By, Compare
from backend.analysis.rules.periods import Stretches
from backend.kernel.units import Carrier
from reports import figures

WORDS = {
    "consumption": ("Consumption", "用能分析"),
    "flows": ("Energy flows", "能流分析"),
    "habits": ("Habits", "用能规律"),
    "period": ("Period", "统计期间"),
    "against": ("Compared with", "对比期间"),
    "place": ("Place", "位置"),
    "nothing": ("nothing", "不对比"),
    "told_by": ("Told apart by", "分项方式"),
    "carrier": ("Carrier", "能源介质"),
    "all": ("all carriers", "全部能源"),
    "zone": ("Times", "时区"),
    "row": ("What", "分项"),
    "unit": ("Unit", "单位"),
    "now": ("This period", "本期"),
    "before": ("Compared period", "对比期"),
    "change": ("Change", "变化量"),
    "percent": ("Change, %", "变化率"),
    "share": ("Share", "占比"),
    "gj": ("In GJ", "折合 GJ"),
    "kwh": ("In kWh", "折合 kWh"),
    "estimated": ("Estimated", "估算占比"),
    "covered": ("Covered by meters", "数据完整率"),
    "no_data": ("no data", "无数据"),
    "rest": ("not told apart", "未分项"),
    "here": ("at the organisation itself", "本单位直属"),
    "unlike": ("meters not read throughout both periods", "两期数据不全的计量点"),
    "total": ("Total", "合计"),
    "totals": ("Totals", "汇总"),
    "what_made": ("What made the difference", "变化来自哪里"),
    "use": ("Use", "用量"),
    "time": ("Time", "时间"),
    "hour": ("Hour", "小时"),
    "day": ("Day", "日期"),
    "month": ("Month", "月份"),
    "from": ("From", "来源"),
    "to": ("To", "去向"),
    "amount": ("Amount", "数量"),
    "of_source": ("Share of source", "占来源比例"),
    "map": ("Hours of each day", "逐日逐时热力图"),
    "days": ("Days", "逐日用量"),
    "calendar": ("Calendar", "日历"),
    "duration": ("Load duration", "负荷持续曲线"),
    "hours_above": ("Hours at this load or more", "累计小时数"),
    "load": ("Load", "负荷"),
    "base": ("Base load (median of the days' lowest hours)", "基荷（逐日最低小时的中位数）"),
    "peak": ("Peak hour", "峰值小时"),
    "low": ("Lowest hour", "最低小时"),
    "mean": ("Mean", "平均负荷"),
    "factor": ("Load factor (mean / peak)", "负荷率（平均/峰值）"),
    "figure": ("Figure", "指标"),
    "value": ("Value", "数值"),
    "when": ("When", "发生时间"),
    "water": ("Water flows", "水流向"),
    "key": ("Key figures", "关键指标"),
    "empty": ("Nothing was measured in this period.", "该期间没有计量数据。"),
    "weather": ("Weather", "天气影响"),
    "heating": ("Heating degree days, K·d", "采暖度日数，K·d"),
    "cooling": ("Cooling degree days, K·d", "空调度日数，K·d"),
    "by_weather": ("Change by the weather", "天气带来的变化"),
    "other": ("Change not by the weather", "非天气因素的变化"),
    "fit": ("Fit (R²)", "拟合优度 R²"),
    "week": ("Week of", "周（起始日）"),
    "weekday": ("Weekday", "星期"),
    "not_told": ("cannot be told", "无法判断"),
}
CARRIERS = {
    "electricity": ("Electricity", "电"),
    "heat": ("Heat", "热"),
    "cooling": ("Cooling", "冷"),
    "gas": ("Gas", "燃气"),
    "water": ("Water", "水"),
    "steam": ("Steam", "蒸汽"),
    "fuel": ("Fuel", "燃料"),
    "environment": ("Environment", "环境"),
}
CATEGORIES = {
    "lighting": ("Lighting and sockets", "照明插座"),
    "hvac": ("Air conditioning", "空调"),
    "power": ("Lifts and pumps", "动力（电梯水泵）"),
    "special": ("Special uses", "特殊用能"),
    "domestic": ("Domestic", "生活"),
    "process": ("Process", "工艺"),
    "cooking": ("Cooking", "炊事"),
    "heating": ("Heating", "采暖"),
    "hot water": ("Hot water", "生活热水"),
    "supply": ("Supply", "供给"),
}
BY = {
    By.CARRIER: ("carrier", "能源介质"),
    By.CATEGORY: ("category of use", "用能分类"),
    By.ORGANISATION: ("organisation", "组织"),
    By.POSITION: ("place", "位置"),
    By.METER: ("meter", "计量点"),
}
COMPARE = {
    Compare.BEFORE: ("the period before", "上一期间"),
    Compare.YEAR: ("the same days last year, by weekday and holiday", "去年同期（按星期与节假日对齐）"),
    Compare.CUSTOM: ("days that were chosen", "自选期间"),
    Compare.NONE: ("nothing", "不对比"),
}
WEEKDAYS = (
    ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
)
SHOWN = {"m3": "m³"}


def short(value: float) -> str:
    """Return a number for a picture: four digits, thousands marked, never with an exponent."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 1000 else f"{value:,.1f}" if size >= 100 else f"{value:,.3g}"


class Say:
    """Words, numbers and times of one language and zone."""

    def __init__(self, locale: str, zone: str = "UTC") -> None:
        self.locale = "zh" if locale == "zh" else "en"
        self.at = int(self.locale == "zh")
        self.zone = ZoneInfo(zone)

    def __call__(self, name: str) -> str:
        """Return a word of the table."""
        return WORDS[name][self.at]

    def of(self, table: dict[Any, tuple[str, str]], key: Any) -> str:
        """Return the word for a key of a table; what has none is shown as it is."""
        return table[key][self.at] if key in table else str(key)

    def carrier(self, carrier: Carrier | str) -> str:
        """Return what a carrier is called."""
        return self.of(CARRIERS, str(carrier))

    def named(self, thing: Any) -> str:
        """Return a name in this language."""
        return (self.at and thing.name_zh) or thing.name

    def unit(self, symbol: str) -> str:
        """Return a unit as people write it."""
        return SHOWN.get(symbol, symbol)

    def span(self, days: tuple[Any, Any]) -> str:
        """Return local days [first, until) with the last of them."""
        return figures.span(days[0], days[1], self.locale)

    def instant(self, at: datetime) -> str:
        """Return an instant in the zone."""
        local = at.astimezone(self.zone)
        return f"{figures.day(local.date(), self.locale)} {local:%H:%M}"

    def either(self, english: str, chinese: str, **said: Any) -> str:
        """Return a sentence in this language."""
        return (chinese if self.at else english).format(**said)


def amount(base: int | None, unit: str) -> Decimal | None:
    """Return an amount in a unit to a thousandth of it; None stays None."""
    return None if base is None else round(measures.in_unit(base, unit), 3)


def ratio(part: int | float | None, whole: int | float | None) -> Decimal | None:
    """Return a share to four places; None where there is no whole."""
    return None if part is None or not whole else round(Decimal(part) / Decimal(whole), 4)


def facts(say: Say, ask: Ask, stretches: Stretches, zone: str) -> list[tuple[str, str]]:
    """Return what a view is about: its days, and those it is compared with."""
    found = [(say("period"), say.span(stretches.whole_now))]
    if stretches.whole_before is not None:
        how = say.of(COMPARE, ask.compare)
        found.append((say("against"), f"{say.span(stretches.whole_before)} ({how})"))
    return [*found, (say("zone"), figures.zone_name(zone, say.locale))]


def quality(say: Say, stretches: Stretches) -> list[str]:
    """Return what must be known of the periods themselves."""
    notes = []
    if stretches.is_running:
        notes.append(say.either(
            "The period is still running: full hours up to now are compared with as many of the other.",
            "统计期间尚未结束：只统计已满的整小时，对比期取同样长的时段。"))  # fmt: skip
    now, before = stretches.hours
    if before and now != before and not stretches.is_running:
        notes.append(say.either(
            "The periods are not equally long: {now:g} h against {before:g} h.",
            "两期时长不同：本期 {now:g} 小时，对比期 {before:g} 小时。", now=now, before=before))  # fmt: skip
    if stretches.unlike:
        notes.append(say.either(
            "{count} days have no like of their kind a year before and stand against the nearest day left.",
            "有 {count} 天在去年找不到同类日期，改与最近的日期对比。", count=stretches.unlike))  # fmt: skip
    return notes
