"""What a bill says beside its figures, in English and Chinese."""

from __future__ import annotations

WORDS = {
    "bill": ("Bill", "账单"), "credit_note": ("Credit note", "贷项通知单"), "debit_note": ("Debit note", "借项通知单"),
    "draft": ("Draft, not issued", "草稿，未开具"), "number": ("Number", "编号"), "contract": ("Contract", "合同号"),
    "tariff": ("Tariff", "电价方案"), "period": ("Period", "计费周期"), "days": ("{} days", "{} 天"),
    "one_day": ("1 day", "1 天"),
    "issued": ("Issued", "开具日期"), "due_on": ("Pay by", "付款期限"),
    "buyer": ("To", "用户"),
    "corrects": ("Corrects", "更正"), "reason": ("Reason", "原因"),
    "amount_due": ("Amount due", "应付金额"), "pay_by": ("Please pay by {}", "请于 {} 前付款"),
    "scan": ("Scan to pay", "扫码支付"), "credit": ("Your credit", "账户余额"),
    "nothing_due": ("Nothing is to be paid.", "无需付款。"), "owed_back": ("Given back to you", "退还金额"),
    "account": ("Your account", "账户情况"), "before": ("Balance before", "上期余额"),
    "before_credit": ("Credit before", "上期结余"), "payments": ("Payments received", "已收款项"),
    "payment": ("Payment of {}", "{} 付款"), "other": ("Refunds and other", "退款及其他"),
    "this_bill": ("This bill", "本期账单"), "this_note": ("This note", "本通知单"),
    "corrected": ("{kind} {number} to bill {corrects}", "{kind} {number}，更正账单 {corrects}"),
    "charges": ("Charges", "费用明细"), "what": ("What", "项目"),
    "quantity": ("Quantity", "数量"), "unit": ("Unit", "单位"),
    "price": ("Price", "单价"), "amount": ("Amount", "金额"), "block": ("block {}", "第 {} 档"),
    "included": ("included", "已含"), "taxes": ("Taxes and surcharges", "税费及附加"),
    "net": ("Before taxes", "税前小计"),
    "total": ("Total", "合计"), "from_to": ("{} to {}", "{} 至 {}"),
    "use": ("Use day by day", "每日用量"),
    "use_alt": ("Columns: use of each day by price period", "柱状图：每日分时用量"),
    "revised": (
        "Readings were corrected after this bill; the chart shows them as they are now.",
        "本账单开具后读数有更正，图中为更正后的数据。",
    ),
    "all_periods": ("All hours", "全天"),
    "compared": ("Compared", "用量与费用对比"), "this": ("This bill", "本期"), "last_month": ("Period before", "上期"),
    "last_year": ("A year ago", "去年同期"), "used": ("Use", "用量"), "used_a_day": ("Use a day", "日均用量"),
    "cost": ("Amount", "金额"), "cost_a_day": ("Amount a day", "日均金额"), "length": ("Days", "天数"),
    "more": ("Against it", "变化"), "page": ("Page {} of {}", "第 {} 页，共 {} 页"),
    "questions": (
        "Every line can be opened to its intervals and prices on the page of the bill.",
        "在账单页面可查看每一项对应的读数与价格。",
    ),
}  # fmt: skip
TARIFFS = {
    "electricity": ("Tariff", "电价方案"), "heat": ("Tariff", "热价方案"), "cooling": ("Tariff", "冷价方案"),
    "gas": ("Tariff", "气价方案"), "water": ("Tariff", "水价方案"), "steam": ("Tariff", "汽价方案"),
}  # fmt: skip
BILLS = {
    "electricity": ("Electricity bill", "电费账单"), "heat": ("Heat bill", "热费账单"),
    "cooling": ("Cooling bill", "冷费账单"), "gas": ("Gas bill", "燃气账单"), "water": ("Water bill", "水费账单"),
    "steam": ("Steam bill", "蒸汽账单"),
}  # fmt: skip


def say(name: str, locale: str) -> str:
    """Return a word of a bill."""
    return WORDS[name][locale == "zh"]
