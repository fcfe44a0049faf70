"""Words for what happens to work orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from backend.workorders.rules import faults
from portal import language
from portal.refusals import in_words
from portal.words import CARRIERS, titled

ORDER_STATES = {
    "reported": _l("reported"), "triaged": _l("sorted"), "rejected": _l("rejected"), "merged": _l("merged"),
    "awaiting_approval": _l("waits for approval"), "ready": _l("ready to plan"), "scheduled": _l("planned"),
    "dispatched": _l("dispatched"), "accepted": _l("accepted"), "in_progress": _l("being worked on"),
    "on_hold": _l("on hold"), "field_complete": _l("work done"), "verifying": _l("sensors are watching"),
    "verified": _l("verified"), "verify_failed": _l("not confirmed"), "verify_manual": _l("waits for a person's word"),
    "closed": _l("closed"), "reopened": _l("reopened"), "cancelled": _l("cancelled"),
    "cannot_complete": _l("cannot be completed"),
}  # fmt: skip
VISIT_STATES = {
    "planned": _l("planned"), "offered": _l("offered"), "accepted": _l("accepted"), "enroute": _l("on the way"),
    "on_site": _l("on site"), "working": _l("working"), "break": _l("break"), "done": _l("done"),
    "partial": _l("partly done"), "aborted": _l("aborted"), "no_access": _l("no access"),
    "declined": _l("declined"), "cancelled": _l("taken off"),
}  # fmt: skip
COMMANDS = {
    "report": _l("Reported"), "report_again": _l("Reported again"), "triage": _l("Sorted"), "reject": _l("Rejected"),
    "merge": _l("Merged"), "ask_approval": _l("Approval asked"), "approve": _l("Approved"),
    "make_ready": _l("Ready to plan"), "schedule": _l("Planned"), "recall": _l("Called back"),
    "dispatch": _l("Dispatched"), "accept": _l("Accepted"), "decline": _l("Declined"),
    "start": _l("Work begun"), "hold": _l("Put on hold"), "postpone": _l("Put on hold"), "resume": _l("Gone on"),
    "take_up": _l("Taken up again"), "complete": _l("Work done"), "verify": _l("Sensors watch"),
    "verify_by_hand": _l("A person is asked"), "confirm": _l("Sensors confirm"), "fail": _l("Sensors do not confirm"),
    "rework": _l("Worked on again"), "follow_up": _l("Another visit"), "ask_person": _l("A person is asked"),
    "confirm_by_hand": _l("Confirmed"), "deny_by_hand": _l("Not confirmed"), "close": _l("Closed"),
    "cancel": _l("Cancelled"), "give_up": _l("Cannot be completed"), "reopen": _l("Reopened"),
    "triage_again": _l("Sorted again"), "visit_again": _l("Another visit is needed"),
    "plan_again": _l("Another visit"), "comment": _l("Remark"),
    "attach": _l("Photo"), "answer": _l("Check-list answered"), "codes": _l("Cause and remedy given"),
    "punch": _l("Time booked"), "use_part": _l("Part used"),
    "plan_part": _l("Part planned"), "issue_permit": _l("Permit issued"),
    "confirm_isolation": _l("Isolation confirmed"), "hand_back_permit": _l("Permit handed back"),
    "escalate": _l("Escalated"), "acknowledge": _l("Acknowledged"), "remind": _l("Date over"), "rate": _l("Rated"),
    "check_quality": _l("Looked at again"),
    "visit.offer": _l("Visit offered"), "visit.accept": _l("Visit accepted"), "visit.decline": _l("Visit declined"),
    "visit.travel": _l("On the way"), "visit.arrive": _l("Arrived"), "visit.work": _l("At work"),
    "visit.pause": _l("Break"), "visit.finish": _l("Visit done"), "visit.leave_partial": _l("Left, partly done"),
    "visit.abort": _l("Visit aborted"), "visit.find_no_access": _l("No access"),
    "visit.withdraw": _l("Visit taken off"),
}  # fmt: skip
SOURCES = {
    "alarm": _l("an alarm"), "customer": _l("a customer"), "public": _l("a passer-by"),
    "technician": _l("a technician"), "dispatcher": _l("the office"), "inspection": _l("an inspection"),
}  # fmt: skip
HOLD_REASONS = {
    "material": _l("material"), "safety": _l("safety or permit"), "plant_condition": _l("plant must not stop now"),
    "access": _l("no access, customer"), "weather": _l("weather"), "third_party": _l("somebody else's work"),
}  # fmt: skip
MADE_REASONS = {
    "alarm_again": _l("the same alarm came again"), "planned_anew": _l("planned anew"),
    "another_day": _l("planned for another day"),
}  # fmt: skip
"""Reasons the product itself gives."""
WRITTEN_OUT = {"planned for another day": "another_day", "planned anew": "planned_anew"}
"""How earlier versions wrote some of them."""
CLOCKS = {"response": _l("Response"), "restoration": _l("Works again")}
VERDICTS = {
    "verified": _l("verified"),
    "failed": _l("not confirmed"),
    "inconclusive": _l("too little to see"),
}
PHOTO_ROLES = {
    "before": _l("before the repair"), "after": _l("after the repair"), "meter": _l("meter"), "tag": _l("tag"),
    "signature": _l("signature"), "evidence": _l("evidence"),
}  # fmt: skip
TONES = {
    "reported": "attention", "awaiting_approval": "attention", "verify_failed": "act", "verify_manual": "attention",
    "reopened": "act", "verified": "good", "closed": "good", "cannot_complete": "act", "on_hold": "attention",
}  # fmt: skip
"""How a state looks: good, attention, act; the others are plain."""
STAGES = ("reported", "ready", "dispatched", "in_progress", "verifying", "closed")
"""What a customer follows: each with the states that belong to it."""
STAGE_OF = {
    "reported": 0, "triaged": 0, "awaiting_approval": 0, "reopened": 0, "ready": 1, "scheduled": 1, "on_hold": 1,
    "dispatched": 2, "accepted": 2, "in_progress": 3, "cannot_complete": 3, "field_complete": 4, "verifying": 4,
    "verify_manual": 4, "verify_failed": 3, "verified": 5, "closed": 5,
}  # fmt: skip
STAGE_WORDS = (
    _l("Reported"), _l("Being planned"), _l("Technician knows"), _l("Being repaired"), _l("Being checked"),
    _l("Works again"),
)  # fmt: skip
PERMITS = {
    "electrical": _l("electrical work"), "hot_work": _l("hot work"), "confined_space": _l("confined space"),
    "gas": _l("gas"), "pressure": _l("pressure"),
}  # fmt: skip
CONFLICTS = {
    "state": _l("The office moved it meanwhile"), "same_field": _l("Both changed the same"),
    "tag_taken": _l("The tag hangs somewhere else"), "deleted": _l("It was taken away meanwhile"),
}  # fmt: skip
SKILLS = {"metering": _l("metering"), "instrumentation": _l("instruments"), "controls": _l("controls")}
CONFLICT_FIELDS = {
    "number": _l("Work order"), "status": _l("State"), "order": _l("State of the order"), "message": _l("Why"),
    "reason": _l("Why"), "name": _l("Name"), "name_zh": _l("Name in Chinese"), "lat": _l("Latitude"),
    "lon": _l("Longitude"), "text": _l("Remark"), "note": _l("Note"), "title": _l("Title"), "value": _l("value"),
    "tag": _l("tag"), "asset": _l("Asset"), "quantity": _l("How many"), "until": _l("Until"), "item": _l("Question"),
    "problem": _l("Fault"), "cause": _l("Cause"), "remedy": _l("Remedy"), "manufacturer": _l("Maker"),
    "model": _l("Model"), "serial_number": _l("Serial number"),
}  # fmt: skip
"""What a side of a conflict says that a person can judge by; keys of machines are left out."""


def conflict_side(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what the phone or the office says, in words, in the order of the table."""
    return [
        (str(label), _conflict_value(key, said[key]))
        for key, label in CONFLICT_FIELDS.items()
        if said.get(key) is not None and not isinstance(said[key], dict | list)
    ]


def _conflict_value(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if key in ("status", "order"):
        return str(VISIT_STATES.get(value) or ORDER_STATES.get(value) or value)
    if key == "reason":
        return str(HOLD_REASONS.get(value, value))
    return in_words(str(value)) if key == "message" else str(value)


def reason_of(event: Any) -> str:
    """Return why something happened, in words: a code of the machine or the product, else as somebody wrote it."""
    if event.command == "report_again":
        return titled(event.evidence) or event.reason or ""
    if another := event.evidence.get("another_than"):
        return str(_("said to be another than %(number)s", number=another))
    reason = WRITTEN_OUT.get(event.reason, event.reason)
    return str((HOLD_REASONS | MADE_REASONS).get(reason, reason or ""))


def skills(names: Iterable[str]) -> str:
    """Return what somebody must be able to do, in words."""
    if language.current() != "zh":
        return ", ".join(names)
    return "、".join(str({**CARRIERS, **SKILLS}.get(one, one)) for one in names)


def fault_choices() -> list[tuple[str, str]]:
    """Return classes of fault with their words."""
    is_zh = language.current() == "zh"
    return [(one.code, one.name_zh if is_zh else one.name) for one in faults.CATALOGUE]


def how_often(plan: Any) -> str:
    """Return when a plan comes back, in words."""
    said = plan.parameters
    if plan.trigger == "counter":
        return _("every %(amount)s counted", amount=said["every"])
    if plan.trigger == "condition":
        return _("when a value is out of its place")
    count = int(said["every"])
    return {
        "day": ngettext("every day", "every %(num)s days", count),
        "week": ngettext("every week", "every %(num)s weeks", count),
        "month": ngettext("every month", "every %(num)s months", count),
        "year": ngettext("every year", "every %(num)s years", count),
    }[said["unit"]]
