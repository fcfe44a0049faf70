"""Telling people of field work: who, in which words, by which way. Each in the reader's language.

Who is told is settled once, and each reader and way is an event of its own: what one mail server refuses is tried again
for its reader alone. A letter that was handed over and forgotten in a crash goes out under the same Message-ID.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.field import service as field
from backend.field.service import Notice, Pusher
from backend.infra import mail
from backend.infra.mail import Letter
from backend.infra.webpush import WebPush
from backend.kernel import ids
from backend.kernel.events import Event, publish
from backend.kernel.scope import STAFF, Scope
from backend.kernel.settings import settings
from backend.workorders import events as workorders
from backend.workorders import service as work
from backend.workorders.models import WorkOrder
from backend.workorders.service import hosting

WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "report": {"en": ("Fault {number} is recorded", "{title} at {place}. We will come back to you."),
               "zh": ("报修 {number} 已受理", "{place}：{title}。我们会尽快处理。")},
    "reject": {"en": ("Fault {number} is closed", "{title}: {reason}"),
               "zh": ("报修 {number} 已关闭", "{title}：{reason}")},
    "merge": {"en": ("Fault {number} is known", "{title}: it is being worked on already."),
              "zh": ("报修 {number} 已合并", "{title}：该故障已在处理中。")},
    "cancel": {"en": ("Work {number} is cancelled", "{title}: {reason}"),
               "zh": ("工单 {number} 已取消", "{title}：{reason}")},
    "accept": {"en": ("A technician has taken it", "{title} at {place}, {number}."),
               "zh": ("维修人员已接单", "{place}：{title}，工单 {number}。")},
    "start": {"en": ("The repair has begun", "{title} at {place}, {number}."),
              "zh": ("维修已开始", "{place}：{title}，工单 {number}。")},
    "hold": {"en": ("The work waits: {number}", "{title} at {place}: {reason}. It goes on by itself."),
             "zh": ("工作暂停：{number}", "{place}：{title}。原因：{reason}，之后会继续。")},
    "postpone": {"en": ("The work waits: {number}", "{title} at {place}: {reason}. It goes on by itself."),
                 "zh": ("工作暂停：{number}", "{place}：{title}。原因：{reason}，之后会继续。")},
    "complete": {"en": ("The work is done; it is being checked", "{title} at {place}, {number}."),
                 "zh": ("维修已完成，正在验证", "{place}：{title}，工单 {number}。")},
    "follow_up": {"en": ("Somebody comes again", "{title} at {place}, {number}: it does not work yet."),
                  "zh": ("将再次上门", "{place}：{title}，工单 {number}，尚未恢复。")},
    "plan_again": {"en": ("Somebody comes again", "{title} at {place}, {number}: the work is not done yet."),
                   "zh": ("将再次上门", "{place}：{title}，工单 {number}，工作尚未完成。")},
    "reopen": {"en": ("Taken up again: {number}", "{title} at {place}: {reason}"),
               "zh": ("工单 {number} 已重新处理", "{place}：{title}。{reason}")},
    "give_up.reporter": {"en": ("It could not be completed: {number}",
                                "{title} at {place}: {reason}. It goes on under another number."),
                         "zh": ("本次未能完成：{number}", "{place}：{title}。{reason}，将以新工单继续处理。")},
    "schedule": {"en": ("A visit is planned", "{title} at {place}, {number}."),
                 "zh": ("已安排上门", "{place}：{title}，工单 {number}。")},
    "dispatch": {"en": ("New visit: {title}", "{place}, P{priority}, {number}"),
                 "zh": ("新任务：{title}", "{place}，P{priority}，{number}")},
    "visit.offer": {"en": ("New visit: {title}", "{place}, P{priority}, {number}"),
                    "zh": ("新任务：{title}", "{place}，P{priority}，{number}")},
    "visit.travel": {"en": ("The technician is on the way", "{title} at {place}, {number}."),
                     "zh": ("维修人员已出发", "{place}：{title}，工单 {number}。")},
    "decline": {"en": ("Declined: {number}", "{title} at {place}: {reason}"),
                "zh": ("任务被退回：{number}", "{place}：{title}。原因：{reason}")},
    "recall": {"en": ("Nobody goes there now: {number}", "{title} at {place}: {reason}. Plan another visit."),
               "zh": ("目前无人前往：{number}", "{place}：{title}。原因：{reason}，请重新安排。")},
    "confirm": {"en": ("Works again: sensors confirm", "{title} at {place}, {number}."),
                "zh": ("已恢复正常（数据验证）", "{place}：{title}，工单 {number}。")},
    "fail": {"en": ("Repair not confirmed: {number}", "{title} at {place}: readings are still outside their band."),
             "zh": ("修复未通过验证：{number}", "{place}：{title}，数据仍不正常。")},
    "deny_by_hand": {"en": ("Repair not confirmed: {number}", "{title} at {place}: {reason}"),
                     "zh": ("修复未通过确认：{number}", "{place}：{title}。{reason}")},
    "ask_person": {"en": ("Does it work again?", "{title} at {place}, {number}: please tell us with one tap."),
                   "zh": ("请确认是否恢复", "{place}：{title}，工单 {number}，请一键确认。")},
    "verify_by_hand": {"en": ("Does it work again?", "{title} at {place}, {number}: please tell us with one tap."),
                       "zh": ("请确认是否恢复", "{place}：{title}，工单 {number}，请一键确认。")},
    "close": {"en": ("How did it go?", "{number} is closed. Please rate the visit."),
              "zh": ("请评价本次服务", "工单 {number} 已完成。")},
    "remind": {"en": ("Still on hold: {number}", "{title} at {place}: the date is over."),
               "zh": ("仍在挂起：{number}", "{place}：{title}，已到预计日期。")},
    "give_up": {"en": ("Cannot be completed: {number}", "{title} at {place}: {reason}. Plan a follow-up."),
                "zh": ("无法完成：{number}", "{place}：{title}。{reason}，请安排后续。")},
    "visit_again": {"en": ("Another visit is needed: {number}", "{title} at {place}."),
                    "zh": ("需要再次上门：{number}", "{place}：{title}。")},
    "escalate": {"en": ("Nobody has taken {number}",
                        "P{priority} {title} at {place}. Acknowledge it, or send somebody."),
                 "zh": ("工单 {number} 无人接手", "P{priority} {place}：{title}。请确认或派人。")},
}  # fmt: skip

REASONS = {
    "material": {"en": "material is awaited", "zh": "等待材料"},
    "safety": {"en": "safety or a permit", "zh": "安全或许可"},
    "plant_condition": {"en": "the plant must not stop now", "zh": "设备暂不能停运"},
    "access": {"en": "nobody could let us in", "zh": "无法进入现场"},
    "weather": {"en": "the weather", "zh": "天气原因"},
    "third_party": {"en": "somebody else's work comes first", "zh": "等待第三方"},
    "alarm_again": {"en": "the same alarm came again", "zh": "同一告警再次出现"},
    "planned_anew": {"en": "planned anew", "zh": "重新安排"},
    "another_day": {"en": "planned for another day", "zh": "改到另一天"},
}
"""Reasons of a hold, and those the product itself gives, as readers know them."""

ASKING = frozenset({"ask_person", "verify_by_hand"})
"""What wants an answer from whoever is told."""

FROM_OUTSIDE = ASKING | {"close"}
"""What only somebody may answer for whom the work was done: staff who reported it are not asked."""


@dataclass(frozen=True)
class Reader:
    """Somebody who is told: person_id None for a passer-by with an address."""

    person_id: UUID | None
    email: str | None
    locale: str


PHOTOS = {
    "en": ("Photos are missing: {n}", "Open the app where there is a signal, so that they can be sent."),
    "zh": ("缺少照片：{n} 张", "请在有信号的地方打开应用，以便上传。"),
}


def ask_for_photos(session: Session, scope: Scope, pusher: Pusher) -> int:
    """Ask each phone for the photos it registered and never sent; returns how many are missing."""
    missing = work.awaited_photos(session, scope)
    for (person_id, device_id), count in Counter((one.taken_by, one.device_id) for one in missing).items():
        said = {
            locale: Notice(title.format(n=count), body, "/field/unsent", "photos")
            for locale, (title, body) in PHOTOS.items()
        }
        if person_id is not None:
            field.notify(session, scope, pusher, people=[person_id], notices=said, device_id=device_id)
    return len(missing)


def tell(session: Session, scope: Scope, event: Event) -> None:
    """Settle who an effect of a command names is told, each once."""
    order = _order(session, scope, event)
    what, whom = event.body["what"], event.body["whom"]
    key = f"{what}.{whom}" if f"{what}.{whom}" in WORDS else what
    if order is None or key not in WORDS or order.is_rehearsal:
        return
    reason = next((e.reason for e in work.look(session, scope, order_id=order.id).events
                   if str(e.id) == event.body.get("event_id")), None)  # fmt: skip
    readers = _readers(session, scope, order, whom, what)
    ways = ("push",) if whom == "technician" else ("push", "mail")
    _address(session, event, order, key, readers, reason=reason, ways=ways)


def escalate(session: Session, scope: Scope, event: Event) -> None:
    """Settle which people of a rung's roles are told."""
    order = _order(session, scope, event)
    if order is None:
        return
    readers = [
        one for role in event.body["roles"] for one in holders(session, scope, order.organisation_id, role)
    ]
    if event.body.get("step") == 1:
        readers = _on_duty_first(session, scope, readers)
    ways = ("push", "mail") if "mail" in event.body["ways"] else ("push",)
    _address(session, event, order, "escalate", readers, reason=None, ways=ways)


def hand_over(session: Session, scope: Scope, event: Event) -> None:
    """Tell one reader by one way; a letter carries the same id however often this is tried."""
    order, said = _order(session, scope, event), event.body
    if order is None:
        return
    locale = said["locale"] if said["locale"] in ("en", "zh") else "en"
    notice = _worded(session, scope, order, said["words"], locale, said["reason"])
    if said["way"] == "push":
        pusher = WebPush(settings().home, settings().base_url)
        notices = {
            one: _worded(session, scope, order, said["words"], one, said["reason"]) for one in ("en", "zh")
        }
        field.notify(session, scope, pusher, people={UUID(said["person_id"])}, notices=notices)
        return
    link = f"{settings().base_url}/workorders/{order.id}"
    letter = Letter(said["email"], notice.title, f"{notice.body}\n\n{link}\n", id=ids.show(event.id))
    mail.post(settings()).send(letter)


def _address(
    session: Session, event: Event, order: WorkOrder, words: str, readers: Sequence[Reader], *, reason: str | None,
    ways: Sequence[str],
) -> None:  # fmt: skip
    """Write an event for each reader and way, in the transaction that settles who they are."""
    people = {one.person_id: one for one in readers if one.person_id}
    addresses = {one.email: one for one in readers if one.email}
    told = [("push", one) for one in people.values()] + [("mail", one) for one in addresses.values()]
    for way, one in told:
        if way not in ways:
            continue
        body = {
            "work_order_id": str(order.id), "words": words, "reason": reason, "way": way, "email": one.email,
            "person_id": str(one.person_id) if one.person_id else None, "locale": one.locale,
        }  # fmt: skip
        publish(
            session, workorders.event(workorders.LETTER, order.organisation_id, body, actor_id=event.actor_id)
        )


def _worded(
    session: Session, scope: Scope, order: WorkOrder, what: str, locale: str, reason: str | None
) -> Notice:
    opens = _on_phone(session, scope, order)
    place = work.place_of(session, scope, order=order, locale=locale)
    title = (order.title_zh if locale == "zh" else None) or order.title
    known = {"number": order.number, "title": title, "place": place, "priority": order.priority or "-",
             "reason": REASONS.get(reason or "", {}).get(locale, reason or "-")}  # fmt: skip
    title, body = (" ".join(part.format(**known).split()) for part in WORDS[what][locale])
    return Notice(title, body, opens, f"order-{ids.show(order.id)}")


def _on_phone(session: Session, scope: Scope, order: WorkOrder) -> str:
    """Return the page of the field app a notice opens: the visit under way, else the day."""
    visits = [v for v in work.visits_of(session, scope, order_ids=[order.id]) if v.ended_at is None]
    return f"/field/visit/{ids.show(visits[-1].id)}" if visits else "/field/"


def _readers(session: Session, scope: Scope, order: WorkOrder, whom: str, what: str) -> list[Reader]:
    if whom == "dispatcher":
        return holders(session, scope, order.organisation_id, "dispatcher")
    if whom == "technician":
        crew = {v.technician_id for v in work.visits_of(session, scope, order_ids=[order.id])}
        return _people(session, crew)
    staff = _staff(session, scope, order.organisation_id) if what in FROM_OUTSIDE else frozenset()
    readers = _people(session, {order.reported_by} - {None, *staff})
    if whom == "customer" and order.customer_id is not None:
        readers += holders(session, scope, order.customer_id, "customer")
    if order.reporter and order.reporter.get("email"):
        readers.append(Reader(None, order.reporter["email"], order.reporter.get("locale") or "en"))
    if what in ASKING and not readers:  # nobody outside can say: row 14's manager does
        readers = holders(session, scope, order.organisation_id, "manager")
    return list(dict.fromkeys(readers))


def _on_duty_first(session: Session, scope: Scope, readers: Sequence[Reader]) -> list[Reader]:
    """Return those of them who are on duty now; all where none is."""
    there = {one.person_id for one in hosting.on_duty(session, scope, organisations=scope.organisations)}
    return [one for one in readers if one.person_id in there] or list(readers)


def holders(session: Session, _scope: Scope, node: UUID, role: str) -> list[Reader]:
    """Return who holds a role at an organisation."""
    rows = session.execute(
        text("SELECT person_id, email, locale FROM holders_of_role(:node, :role)"),
        {"node": node, "role": role},
    )
    return [Reader(row[0], row[1], row[2]) for row in rows]


def _staff(session: Session, scope: Scope, node: UUID) -> frozenset[UUID | None]:
    return frozenset(one.person_id for role in STAFF for one in holders(session, scope, node, role.value))


def _people(session: Session, people: Collection[UUID | None]) -> list[Reader]:
    rows = session.execute(
        text("SELECT id, email, locale FROM person WHERE id = ANY (:people) AND status = 'active'"),
        {"people": list(people)},
    )
    return [Reader(row[0], row[1], row[2]) for row in rows]


def _order(session: Session, scope: Scope, event: Event) -> WorkOrder | None:
    found = work.orders_by_id(session, scope, order_ids=[UUID(event.body["work_order_id"])])
    return found[0] if found else None
