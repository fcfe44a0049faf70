"""What forecasts lead to: who runs them learns that no model could be trained, or that weather could not be taken."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.field import service as field
from backend.field.service import Notice
from backend.forecasting import events as forecasting
from backend.forecasting.service import Untrained
from backend.infra import mail
from backend.infra.mail import Letter
from backend.infra.webpush import WebPush
from backend.kernel import ids
from backend.kernel.events import Event, publish
from backend.kernel.scope import Scope
from backend.kernel.settings import settings
from backend.wiring.notices import holders

ROLES = ("operator", "manager")
LONGEST = 400
"""So much of a reason fits a notice [characters]."""
TITLES = {
    forecasting.MODEL_UNTRAINED: {
        "en": "No forecast model could be trained: {name}", "zh": "{name}：未能训练预测模型",
    },
    forecasting.WEATHER_REFUSED: {"en": "A weather file was not taken: {name}", "zh": "{name}：气象文件未能接收"},
}  # fmt: skip
WHY = {
    Untrained.NO_VALUES: {
        "en": "Its meters have counted nothing. Look whether they are read.",
        "zh": "表计没有任何数据。请检查抄表是否正常。",
    },
    Untrained.TOO_SHORT: {
        "en": "{days} days have been measured, {least_days} are needed. Import older readings, or wait.",
        "zh": "已有 {days} 天数据，需要 {least_days} 天。请导入更早的读数，或继续积累。",
    },
    Untrained.GAPS: {
        "en": "There are holes in what was measured: {days} days are known. Close them, or import what is missing.",
        "zh": "实测数据有缺口：已知 {days} 天。请补齐缺口，或导入缺失的数据。",
    },
    Untrained.NO_NEW_DAYS: {
        "en": "Since the model in use learnt, {days} days have been measured, {least_days} are needed to compare on."
              " Look whether its meters are read.",
        "zh": "现用模型训练之后只有 {days} 天数据，比较需要 {least_days} 天。请检查抄表是否正常。",
    },
    Untrained.ERROR: {
        "en": "The training ended with an error; it is tried again the next day. Tell the administrator: it stands in"
              " the log. {said}",
        "zh": "训练因程序错误中止，次日会再次尝试。请告知管理员，详情见日志。{said}",
    },
}  # fmt: skip
REFUSED = {
    "en": "{message}. Mend it and bring it again.", "zh": "文件：{file}。原因见气象点页面，请修正后重新投放。"
}  # fmt: skip
"""Reasons are worded in Chinese by the page (portal/forecast_refusals.py); the notice leads there."""


def tell(session: Session, scope: Scope, event: Event) -> None:
    """Settle who is told: the organisation's operators, its managers where it has none; one letter each, each way."""
    readers = next(
        (some for role in ROLES if (some := holders(session, scope, event.organisation_id, role))), []
    )
    for one in readers:
        for way in ("push", "mail"):
            body = {"said": event.body, "what": event.name, "way": way, "person_id": str(one.person_id),
                    "email": one.email, "locale": one.locale}  # fmt: skip
            publish(session, forecasting.event(forecasting.LETTER, event.organisation_id, body))


def hand_over(session: Session, scope: Scope, event: Event) -> None:
    """Tell one reader by one way; a letter carries the same id however often this is tried."""
    told = event.body
    notices = {locale: worded(told["what"], told["said"], locale) for locale in REFUSED}
    if told["way"] == "push":
        pusher = WebPush(settings().home, settings().base_url)
        field.notify(session, scope, pusher, people={UUID(told["person_id"])}, notices=notices)
        return
    notice = notices[told["locale"] if told["locale"] in notices else "en"]
    text = f"{notice.body}\n\n{settings().base_url}{notice.url}\n"
    mail.post(settings()).send(Letter(told["email"], notice.title, text, id=ids.show(event.id)))


def worded(what: str, said: dict[str, Any], locale: str) -> Notice:
    """Return what is told of an event, in one of the languages."""
    name = (said.get("name_zh") if locale == "zh" else None) or said["name"]
    if what == forecasting.WEATHER_REFUSED:
        body, path, about = (
            REFUSED[locale].format(
                message=said["message"][:LONGEST], file=said["message"].partition(": ")[0][:LONGEST]
            ),
            "/weather",
            said["place_id"],
        )
    else:
        body = WHY[Untrained(said["why"])][locale].format(**said["facts"])[:LONGEST]
        path, about = f"/forecasts/{UUID(said['target_id'])}", said["target_id"]
    return Notice(TITLES[what][locale].format(name=name), body, path, f"forecast-{about}")
