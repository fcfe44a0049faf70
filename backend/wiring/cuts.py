"""From a disconnection somebody asked for to the people who do it, and back when it is paid. Nothing switches here."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.service import contracts, cuts
from backend.kernel.events import Event
from backend.kernel.scope import Scope
from backend.workorders import service as work
from backend.workorders.service import OrderKind, Report, Source

ORDERS = {
    "requested": ("order_id", "Disconnect supply for debt: contract {}", "欠费停供：合同 {}"),
    "reconnecting": ("back_order_id", "Reconnect supply: contract {}", "恢复供应：合同 {}"),
}
"""Status -> where the order's id stands, its title, in Chinese."""

PAID = "Do not disconnect: it was paid or withdrawn. 请勿停供：款项已付或已撤销。"


def moved(session: Session, scope: Scope, event: Event) -> None:
    """Make the work order that was asked for, once; say on it where supply stays as it is after all."""
    said = event.body
    if said["status"] == "withdrawn" and said["order_id"]:
        _take_back(session, scope, UUID(said["order_id"]))
        return
    now = cuts.cut(session, scope, cut_id=UUID(said["cut_id"])).status.value
    if (
        said["status"] not in ORDERS or now != said["status"]
    ):  # events come in any order: it went on meanwhile
        return
    contract_id = UUID(said["contract_id"])
    position_id = contracts.place_of(session, scope, contract_id=contract_id)
    if position_id is None:
        return  # a contract without points: there is nothing to disconnect
    where, title, title_zh = ORDERS[said["status"]]
    number = contracts.contract(session, scope, contract_id=contract_id).number
    new = Report(
        position_id=position_id, title=title.format(number), title_zh=title_zh.format(number),
        kind=OrderKind.INSPECTION, customer_id=UUID(said["customer_id"]), id=UUID(said[where]),
    )  # fmt: skip
    work.report(session, scope, new=new, source=Source.DISPATCHER)


def _take_back(session: Session, scope: Scope, order_id: UUID) -> None:
    """Say on the order that nobody is to be cut off; a dispatcher, who is told too, cancels it."""
    if work.orders_by_id(session, scope, order_ids=[order_id]):  # else it was withdrawn before it was made
        work.comment(session, scope, order_id=order_id, text=PAID)


def paid(session: Session, scope: Scope, event: Event) -> None:
    """Look whether a payment has supply left, or given back."""
    if event.body["customer_id"]:
        for cut_id in cuts.of_customer(session, scope, customer_id=UUID(event.body["customer_id"])):
            cuts.review(session, scope, cut_id=cut_id)
