"""What readers of billing are told, by push and mail."""

WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "reminder": {
        "en": ("Reminder {level}: bill {number}",
               "{open} {currency} of bill {number}, due on {due_on}, are not paid yet. If you paid in the last days, "
               "there is nothing to do. If you cannot pay at once, ask us for instalments."),
        "zh": ("第 {level} 次缴费提醒：账单 {number}",
               "账单 {number}（应于 {due_on} 前缴纳）尚有 {open} {currency} 未缴。"
               "如您近日已付款，请忽略；如一次付清有困难，请联系我们办理分期。"),
    },
    "reminder_fee": {
        "en": ("Reminder {level}: bill {number}",
               "{open} {currency} of bill {number}, due on {due_on}, are not paid yet. A fee of {fee} {currency} is "
               "added. If you cannot pay at once, ask us for instalments."),
        "zh": ("第 {level} 次缴费提醒：账单 {number}",
               "账单 {number}（应于 {due_on} 前缴纳）尚有 {open} {currency} 未缴，另加收费用 {fee} {currency}。"
               "如一次付清有困难，请联系我们办理分期。"),
    },
    "plan_active": {
        "en": ("Your instalments are agreed",
               "{total} {currency} are paid in parts. Reminders wait while you keep to it."),
        "zh": ("分期付款已确认", "共 {total} {currency}，按期缴纳期间不再催缴。"),
    },
    "plan_paid": {
        "en": ("Your instalments are paid", "All of {total} {currency} is paid. Thank you."),
        "zh": ("分期款已付清", "共 {total} {currency} 已全部付清，谢谢。"),
    },
    "plan_broken": {
        "en": ("An instalment is missing", "The plan over {total} {currency} has ended; what is left is due now."),
        "zh": ("分期款逾期", "{total} {currency} 的分期安排已终止，余款现已到期。"),
    },
    "plan_cancelled": {
        "en": ("Your instalments have ended", "The plan over {total} {currency} was cancelled; what is left is due."),
        "zh": ("分期安排已取消", "{total} {currency} 的分期安排已取消，余款到期应付。"),
    },
    "cut_announced": {
        "en": ("Supply may be cut from {earliest_on}",
               "{debt} {currency} are overdue. If they stay unpaid, supply may be cut from {earliest_on}. Pay, or ask "
               "us for instalments, and supply stays as it is."),
        "zh": ("{earliest_on} 起可能停止供应",
               "您有 {debt} {currency} 逾期未缴。如仍未缴纳，自 {earliest_on} 起可能停止供应。"
               "缴清或办理分期后不会停供。"),
    },
    "cut_withdrawn": {
        "en": ("Supply stays as it is", "The notice that supply may be cut is withdrawn."),
        "zh": ("供应照常", "停止供应的通知已撤销。"),
    },
    "cut_reconnecting": {
        "en": ("Supply is being given back", "Your payment has come; somebody is on the way to give supply back."),
        "zh": ("正在恢复供应", "已收到您的款项，正在安排恢复供应。"),
    },
    "cut_not": {
        "en": ("Do not disconnect", "A disconnection that was asked for is withdrawn, or was paid. Cancel its order."),
        "zh": ("请勿停供", "此前申请的停供已撤销或款项已付，请取消对应工单。"),
    },
    "balance_low": {
        "en": ("Your balance runs low", "{balance} {currency} are left. Pay in, so that supply goes on."),
        "zh": ("余额不足提醒", "当前余额 {balance} {currency}，请及时充值以免影响供应。"),
    },
    "emergency_begun": {
        "en": ("You are on emergency credit",
               "Your balance is {balance} {currency}. Supply goes on until {emergency_credit} {currency} are used; pay "
               "in before that."),
        "zh": ("已启用应急额度",
               "当前余额 {balance} {currency}，已动用应急额度；额度共 {emergency_credit} {currency}，"
               "用完前供应不受影响，请尽快充值。"),
    },
    "emergency_used_up": {
        "en": ("Your emergency credit is used up",
               "Your balance is {balance} {currency}. Pay in now, or talk to us: supply may be cut after a notice of "
               "its own."),
        "zh": ("应急额度已用完", "当前余额 {balance} {currency}，请立即充值或与我们联系；停供前会另行通知。"),
    },
    "instalments_open": {
        "en": ("A customer asks for instalments", "{parts} monthly parts are asked for. Agree, or say why not."),
        "zh": ("客户申请分期付款", "申请分 {parts} 期按月缴纳，请处理。"),
    },
    "instalments_declined": {
        "en": ("No instalments", "The office answers: {answer}"),
        "zh": ("分期申请未通过", "客服答复：{answer}"),
    },
    "refund_open": {
        "en": ("A customer asks for a refund", "{amount} {currency} of credit are asked back."),
        "zh": ("客户申请退款", "申请退回预存款 {amount} {currency}，请处理。"),
    },
    "refund_granted": {
        "en": ("Your refund is on its way", "{amount} {currency} are given back."),
        "zh": ("退款已办理", "{amount} {currency} 将退还给您。"),
    },
    "refund_declined": {
        "en": ("No refund", "The office answers: {answer}"),
        "zh": ("退款申请未通过", "客服答复：{answer}"),
    },
    "high_bill": {
        "en": ("Your bill will be high", "By {ends_on} it comes to about {projected} {currency}; usual is {usual}."),
        "zh": ("本期账单将偏高", "预计到 {ends_on} 为 {projected} {currency}，通常为 {usual}。"),
    },
    "complaint_answered": {
        "en": ("The office has answered", "There is an answer to what you said about your bill."),
        "zh": ("客服已回复", "您对账单的疑问已有答复。"),
    },
    "complaint_open": {
        "en": ("A customer asks about a bill", "Somebody waits for an answer."),
        "zh": ("客户对账单有疑问", "有客户正在等待答复。"),
    },
}  # fmt: skip
"""What is told -> language -> subject and text."""

AMOUNTS = ("open", "fee", "total", "balance", "debt", "projected", "usual", "emergency_credit", "amount")
"""What stands in them as money."""
