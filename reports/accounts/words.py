"""What documents of accounts say beside their figures, in English and Chinese."""

from __future__ import annotations

from backend.billing.rules.documents.bill import Names, Party

WORDS = {
    "ageing": ("Receivables by age", "应收账款账龄表"), "as_of": ("As of the end of", "截止日期"),
    "customers": ("Customers", "客户明细"), "customer": ("Customer", "客户"), "currency": ("Currency", "币种"),
    "age_0": ("Not due", "未到期"), "age_1": ("1–30 days", "逾期 1–30 天"), "age_2": ("31–60 days", "逾期 31–60 天"),
    "age_3": ("61–90 days", "逾期 61–90 天"), "age_4": ("Over 90 days", "逾期 90 天以上"),
    "unapplied": ("Unapplied", "未核销"), "total": ("Total", "合计"),
    "nothing_owed": ("Nobody owes anything.", "没有未结款项。"),
    "ledger": ("Receivables in the ledger", "总账应收账款"), "agrees": ("{} agrees", "{}，相符"),
    "differs": ("{} differs by {}", "{}，相差 {}"),
    "ages_note": (
        "Days are counted from the day a bill was due. Unapplied is money that has paid no bill yet.",
        "天数自账单付款期限起计算。未核销为尚未抵扣任何账单的款项。",
    ),
    "statement": ("Statement of account", "对账单"), "period": ("Period", "期间"), "entries": ("Entries", "往来明细"),
    "opening": ("Opening balance", "期初余额"), "closing": ("Closing balance", "期末余额"), "date": ("Date", "日期"),
    "kind": ("Kind", "类型"), "text": ("What", "摘要"), "charged": ("Charged", "应收"),
    "credited": ("Paid or credited", "实收或抵减"),
    "balance": ("Balance", "余额"), "due_on": ("Due", "付款期限"), "number": ("Number", "编号"),
    "no_entries": ("Nothing was booked in this period.", "本期间无往来。"),
    "owes": ("Above nothing, the customer owes; below, they have credit.", "余额为正表示应付，为负表示结余。"),
    "bill": ("Bill", "账单"), "credit_note": ("Credit note", "贷项通知单"), "debit_note": ("Debit note", "借项通知单"),
    "payment": ("Payment", "付款"), "assignment": ("Payment assigned", "款项认领"), "refund": ("Refund", "退款"),
    "reversal": ("Reversal", "冲销"), "bank": ("by bank", "银行"), "cash": ("in cash", "现金"),
    "provider": ("online", "在线支付"), "corrects": ("corrects {}", "更正 {}"),
    "run": ("Summary of a bill run", "批量出账汇总"), "day": ("Bills the period of", "计费周期所含日期"),
    "issued_on": ("Issued", "开具日期"), "status": ("State", "状态"), "tariff": ("Tariff", "资费方案"),
    "bills": ("Bills", "账单数"), "component": ("Component", "费用项目"), "name": ("Name", "名称"),
    "quantity": ("Quantity", "数量"), "unit": ("Unit", "单位"), "amount": ("Amount", "金额"),
    "by_component": ("By tariff and component", "按资费方案和费用项目"), "by_tariff": ("By tariff", "按资费方案"),
    "exceptions": ("Not billed", "未出账合同"), "contract": ("Contract", "合同号"), "reason": ("Reason", "原因"),
    "no_exceptions": ("Every contract was billed.", "所有合同均已出账。"),
    "no_bills": ("There are no bills in this run.", "本批次没有账单。"), "included": ("of it included", "其中价内"),
    "lines_total": ("Lines come to the total of the bills", "明细合计与账单合计"),
    "posted": ("Booked on receivables", "计入应收账款"), "posted_tax": ("Booked on taxes", "计入应交税费"),
    "not_booked": ("not booked before the run is issued", "开具前不入账"),
    "draft": ("draft", "草稿"), "issued": ("issued", "已开具"), "previewing": ("being previewed", "预览生成中"),
    "previewed": ("previewed", "已预览"), "issuing": ("being issued", "开具中"), "abandoned": ("abandoned", "已放弃"),
    "tax": ("Output tax", "销项税明细"), "taxes": ("By bill and rate", "按账单和税率"),
    "by_rate": ("By rate", "按税率汇总"),
    "rate": ("Rate", "税率"),
    "base": ("Taxed amount", "计税金额"), "tax_amount": ("Tax", "税额"),
    "tax_name": ("Tax or surcharge", "税费名称"),
    "booked_tax": ("Taxes booked in the ledger", "总账应交税费"),
    "no_taxes": ("Nothing was issued.", "本期间未开具账单。"),
    "starts_on": ("From", "起"), "ends_on": ("To", "止"), "corrected": ("Corrects", "更正账单"),
    "tax_code": ("Tax", "税种代码"), "balance_of_ledger": ("The customer's balance in the ledger", "总账中的客户余额"),
}  # fmt: skip


def say(name: str, locale: str) -> str:
    """Return a word."""
    return WORDS[name][locale == "zh"]


def called(party: Party, locale: str) -> str:
    """Return an organisation's name in a language."""
    return (locale == "zh" and party.name_zh) or party.name


def named(names: Names, locale: str) -> str:
    """Return a name in a language, else in the other one."""
    return names.get(locale) or names.get("en") or next(iter(names.values()), "")
