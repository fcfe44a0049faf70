"""Telling customers of reminders, plans and low balances, each reader in their own language.

Who is told is settled once, and each reader and way is an event of its own: what one mail server refuses is tried again
for its reader alone, under the same Message-ID.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.billing import events as billing
from backend.billing.service import plans
from backend.field import service as field
from backend.field.service import Notice
from backend.infra import mail
from backend.infra.mail import Letter
from backend.infra.webpush import WebPush
from backend.kernel import ids
from backend.kernel.events import Event, publish
from backend.kernel.scope import Scope
from backend.kernel.settings import settings

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
}  # fmt: skip
"""What is told -> language -> subject and text."""

AMOUNTS = ("open", "fee", "total", "balance", "debt")


def reminded(session: Session, scope: Scope, event: Event) -> None:
    """Tell a customer that a bill is overdue."""
    _address(session, scope, event, "reminder_fee" if Decimal(event.body["fee"]) else "reminder")


def plan_moved(session: Session, scope: Scope, event: Event) -> None:
    """Tell a customer how their plan stands."""
    _address(session, scope, event, f"plan_{event.body['status']}")


def balance_low(session: Session, scope: Scope, event: Event) -> None:
    """Tell a customer that their balance runs low."""
    _address(session, scope, event, "balance_low")


def cut_moved(session: Session, scope: Scope, event: Event) -> None:
    """Tell a customer that supply may be cut, stays, or is given back."""
    words = f"cut_{event.body['status']}"
    if words in WORDS:
        _address(session, scope, event, words)
    if event.body["status"] == "withdrawn" and event.body["order_id"]:
        _address(session, scope, event, "cut_not", node=event.organisation_id, role="dispatcher")


def paid(session: Session, scope: Scope, event: Event) -> None:
    """Look whether a payment ended its customer's plans."""
    if event.body["customer_id"]:
        for plan_id in plans.active(session, scope, customer_id=UUID(event.body["customer_id"])):
            plans.review(session, scope, plan_id=plan_id)


def hand_over(session: Session, scope: Scope, event: Event) -> None:
    """Tell one reader by one way; a letter carries the same id however often this is tried."""
    said = event.body
    notices = {locale: _worded(said, locale) for locale in ("en", "zh")}
    if said["way"] == "push":
        pusher = WebPush(settings().home, settings().base_url)
        field.notify(session, scope, pusher, people={UUID(said["person_id"])}, notices=notices)
        return
    notice = notices[said["locale"] if said["locale"] in notices else "en"]
    text_of = f"{notice.body}\n\n{settings().base_url}/\n"
    mail.post(settings()).send(Letter(said["email"], notice.title, text_of, id=ids.show(event.id)))


def _address(
    session: Session, scope: Scope, event: Event, words: str, *, node: UUID | None = None, role: str = "customer"
) -> None:  # fmt: skip
    """Write an event for each reader and way, in the transaction that settles who they are: usually the customer."""
    said = {name: value for name, value in event.body.items() if value is not None}
    for row in _readers(session, scope, node or UUID(event.body["customer_id"]), role):
        for way in ("push", "mail"):
            body = {"words": words, "said": said, "way": way, "person_id": str(row.person_id), "email": row.email,
                    "locale": row.locale}  # fmt: skip
            publish(
                session, billing.event(billing.LETTER, event.organisation_id, body, actor_id=event.actor_id)
            )


def _readers(session: Session, _scope: Scope, node: UUID, role: str) -> list[Any]:
    rows = session.execute(
        text("SELECT person_id, email, locale FROM holders_of_role(:node, :role)"),
        {"node": node, "role": role},
    )
    return list(rows)


def _worded(said: dict[str, Any], locale: str) -> Notice:
    known = dict(said["said"])
    known |= {name: f"{Decimal(known[name]):,.2f}" for name in AMOUNTS if name in known}
    title, body = (part.format(**known) for part in WORDS[said["words"]][locale])
    return Notice(title, body, "/", f"billing-{known.get('bill_id') or known.get('plan_id') or 'balance'}")
