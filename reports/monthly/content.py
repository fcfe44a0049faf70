"""What stands in a monthly report: titles and tables of plain values, in words of one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from backend.workorders.rules.monthly import Month, Share, changed

Cell = str | float | int | None

WORDS = {
    "title": ("Monthly report of hosted operation", "托管运行月报"),
    "for": ("for", "客户"), "by": ("operated by", "运行单位"), "contract": ("Contract", "合同"),
    "written": ("Written", "编制时间"), "use": ("Use", "用能情况"), "carrier": ("Carrier", "能源种类"),
    "unit": ("Unit", "单位"), "month": ("This month", "本月"), "last_month": ("Last month", "上月"),
    "last_year": ("Same month last year", "去年同月"), "change_month": ("Against last month", "环比"),
    "change_year": ("Against last year", "同比"), "alarms": ("Alarms", "告警"), "priority": ("Priority", "级别"),
    "count": ("Count", "数量"), "service": ("Service", "服务情况"), "measure": ("Measure", "指标"),
    "done": ("Kept or done", "完成"), "of": ("Of", "总数"), "percent": ("Share", "比例"),
    "orders": ("Work orders reported", "工单"), "repairs": ("of these repairs", "其中维修"),
    "response": ("Response in the promised time", "按时响应"),
    "restoration": ("Restored in the promised time", "按时恢复"),
    "first_time": ("Repaired at the first attempt, confirmed by telemetry", "一次修复（数据验证）"),
    "inspections": ("Inspections done", "完成巡检工单"), "patrols": ("Patrols walked in full", "完整巡视"),
    "stops": ("Stops of patrols passed", "巡视点到位"), "rounds": ("Reading rounds complete", "完成抄表轮次"),
    "registers": ("Registers read", "抄表数"), "open": ("Open points", "遗留事项"), "number": ("Number", "工单号"),
    "what": ("What", "内容"), "status": ("State", "状态"), "since": ("Since", "起始"),
    "cost": ("Cost of work orders", "工单费用"), "nothing_open": ("Nothing is open.", "无遗留事项。"),
    "nothing_used": ("No meter counts for this customer.", "该客户没有计量点。"),
}  # fmt: skip
USE_COLUMNS = ("carrier", "unit", "month", "last_month", "change_month", "last_year", "change_year")
CARRIERS = {
    "electricity": ("Electricity", "电"), "heat": ("Heat", "热"), "cooling": ("Cooling", "冷"), "gas": ("Gas", "燃气"),
    "water": ("Water", "水"), "steam": ("Steam", "蒸汽"), "fuel": ("Fuel", "燃料"),
    "environment": ("Environment", "环境"),
}  # fmt: skip
STATES = {
    "reported": ("reported", "已报修"), "triaged": ("sorted", "已分类"),
    "awaiting_approval": ("awaits approval", "待批准"),
    "ready": ("ready to plan", "待排程"), "scheduled": ("planned", "已排程"), "dispatched": ("sent out", "已派单"),
    "accepted": ("accepted", "已接单"), "in_progress": ("under way", "处理中"), "on_hold": ("on hold", "挂起"),
    "field_complete": ("done in the field", "现场完成"), "verifying": ("being checked", "验证中"),
    "verified": ("confirmed", "已验证"), "verify_failed": ("not confirmed", "验证未通过"),
    "verify_manual": ("to be confirmed by hand", "待人工确认"), "reopened": ("reopened", "重新打开"),
    "cannot_complete": ("cannot be completed", "无法完成"),
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A table under a heading; empty: what is said where it has no rows."""

    name: str
    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    empty: str = ""


@dataclass(frozen=True)
class Document:
    """A report: its title, lines under it, tables."""

    locale: str
    title: str
    lines: Sequence[str]
    tables: Sequence[Table]


def document(month: Month, locale: str) -> Document:
    """Return the report of a month in 'zh' or 'en'."""
    at = 1 if locale == "zh" else 0

    def say(name: str) -> str:
        return WORDS[name][at]

    customer = (at and month.customer_zh) or month.customer
    operator = (at and month.operator_zh) or month.operator
    made = datetime.fromisoformat(month.made_at).astimezone(ZoneInfo(month.zone))
    shares: list[tuple[str, Share]] = [
        (say("response"), month.response), (say("restoration"), month.restoration),
        (say("first_time"), month.first_time), (say("inspections"), month.inspections),
        (say("patrols"), month.patrols), (say("stops"), month.stops), (say("rounds"), month.rounds),
        (say("registers"), month.registers),
    ]  # fmt: skip
    tables = [
        Table(
            "use", say("use"),
            [say(one) for one in USE_COLUMNS],
            [[CARRIERS[one.carrier][at], one.unit, _rounded(one.amount), _rounded(one.last_month),
              _percent(changed(one.amount, one.last_month), sign=True), _rounded(one.last_year),
              _percent(changed(one.amount, one.last_year), sign=True)] for one in month.use],
            say("nothing_used"),
        ),
        Table("service", say("service"), [say("measure"), say("done"), say("of"), say("percent")],
              [[name, one.part, one.whole, _percent(one.percent)] for name, one in shares]),
        Table("alarms", say("alarms"), [say("priority"), say("count")],
              [[f"P{level}", month.alarms.get(level, 0)] for level in (1, 2, 3, 4)]),
        Table("orders", say("orders"), [say("measure"), say("count")],
              [[say("orders"), month.orders], [say("repairs"), month.repairs],
               [f"{say('cost')} ({month.currency})", float(month.cost)]]),
        Table("open", say("open"), [say("number"), say("what"), say("status"), say("since")],
              [[one.number, (one.title_zh if at else None) or one.title,
                STATES.get(one.status, (one.status,) * 2)[at], one.since[:10]]
               for one in month.open_points], say("nothing_open")),
    ]  # fmt: skip
    return Document(
        "zh" if at else "en", f"{say('title')} {month.month}",
        [f"{say('for')}: {customer}", f"{say('by')}: {operator}",
         f"{say('contract')}: {month.contract} · {month.title}", f"{say('written')}: {made:%Y-%m-%d %H:%M}"],
        tables,
    )  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _percent(value: float | None, *, sign: bool = False) -> str | None:
    """Return per cent as text; nothing where there is nothing to compare."""
    if value is None:
        return None
    return f"{value:+.1f} %" if sign else f"{value:.1f} %"
