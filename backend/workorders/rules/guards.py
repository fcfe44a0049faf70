"""What a command asks before it moves anything: the guards of the table, as pure rules over gathered facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from backend.kernel.errors import Conflict, Forbidden, Refused
from backend.workorders.rules import faults, machine
from backend.workorders.rules.fence import Place, is_near
from backend.workorders.rules.machine import OrderStatus, VisitStatus

CLOSES_AFTER = timedelta(hours=72)
"""What is verified closes by itself after this long, P3 and P4 only."""

REWORK_WITHIN = timedelta(hours=2)
"""Somebody who left this long ago may be sent back in without planning another visit."""

REOPEN_DAYS = {"system": 30, "customer": 7}
"""A fault that comes back within this many days reopens its order [d]; a manager may at any time."""


@dataclass(frozen=True)
class Facts:
    """What a guard may look at. Only what a command's guards ask for is gathered; the rest stays as it is here."""

    now: datetime
    actor: str = "system"
    actor_id: UUID | None = None
    reason: str | None = None
    kind: str = "repair"
    # reporting and triage
    has_place: bool = False
    open_twin: str | None = None
    fault_class: str | None = None
    priority: int | None = None
    target_status: OrderStatus | None = None
    is_own_target: bool = False
    # approval
    estimate: float | None = None
    approval_above: float = 5_000.0
    creators: frozenset[UUID] = frozenset()
    # planning
    has_visit: bool = False
    unfit: Sequence[str] = ()
    visit_start: datetime | None = None
    horizon_h: float = 48.0
    short_parts: Sequence[str] = ()
    # in the field
    assigned: frozenset[UUID] = field(default_factory=frozenset)
    is_right_tag: bool | None = None
    at: Place | None = None
    place: Place | None = None
    geofence_m: float = 100.0
    override_reason: str | None = None
    override_photo: str | None = None
    needs_permit: bool = False
    permit_issued: bool = False
    needs_isolation: bool = False
    isolation_confirmed: bool = False
    is_safety_done: bool = False
    until: datetime | None = None
    held_from: OrderStatus | None = None
    # completing
    missing_items: Sequence[str] = ()
    photo_roles: frozenset[str] = field(default_factory=frozenset)
    codes: tuple[str | None, str | None, str | None] = (None, None, None)
    booked_s: float = 0.0
    needs_signature: bool = False
    permits_open: int = 0
    has_actuals: bool = False
    visits: Sequence[VisitStatus] = ()
    others_there: int = 0
    left_at: datetime | None = None
    # afterwards
    missing_photos: int = 0
    has_telemetry: bool = False
    verdict: str | None = None
    is_cost_posted: bool = False
    verified_at: datetime | None = None
    closed_at: datetime | None = None
    seen: str | None = None


Guard = Callable[[Facts], None]


def demand(names: Iterable[str], facts: Facts) -> None:
    """Raise what the first guard that does not hold says."""
    for name in names:
        GUARDS[name](facts)


def _place_known(f: Facts) -> None:
    if not f.has_place:
        raise Refused(
            "a report needs a place", field="position_id", remedy="scan the tag or choose the place"
        )


def _no_open_twin(f: Facts) -> None:
    if f.open_twin is not None:
        raise Conflict("this fault is known already", field="position_id", value=f.open_twin,
                       remedy="add what you saw to the order that is open")  # fmt: skip


def _fault_class_known(f: Facts) -> None:
    if f.fault_class not in faults.BY_CODE:
        raise Refused("this class of fault is not known", field="fault_class", value=f.fault_class,
                      remedy=f"one of {', '.join(faults.BY_CODE)}")  # fmt: skip


def _priority_known(f: Facts) -> None:
    if f.priority not in (1, 2, 3, 4):
        raise Refused("a priority is 1, 2, 3 or 4", field="priority", value=f.priority)


def _reason_given(f: Facts) -> None:
    if not (f.reason or "").strip():
        raise Refused("this needs a reason", field="reason", remedy="say why in a few words")


def _target_open(f: Facts) -> None:
    if f.target_status is None or f.target_status in machine.OVER:
        raise Conflict("the order to merge into is not open", field="target_id")
    if f.is_own_target:
        raise Conflict(
            "an order cannot be merged into itself", field="target_id", remedy="name the other order"
        )


def _above_limit(f: Facts) -> None:
    if f.priority == 1 or f.estimate is None or f.estimate <= f.approval_above:
        raise Conflict("this needs no approval", field="estimate", value=f.estimate)


def _below_limit_or_p1(f: Facts) -> None:
    if f.priority != 1 and f.estimate is not None and f.estimate > f.approval_above:
        raise Conflict(f"above {f.approval_above:,.0f} a manager approves first", field="estimate", value=f.estimate,
                       remedy="ask for approval")  # fmt: skip


def _approver_is_not_creator(f: Facts) -> None:
    if f.actor_id is not None and f.actor_id in f.creators:
        raise Forbidden("who asked for it cannot approve it", remedy="ask another manager")


def _visit_planned(f: Facts) -> None:
    if not f.has_visit:
        raise Refused("there is no visit yet", field="visit", remedy="choose a technician and a time")


def _visit_fits(f: Facts) -> None:
    _visit_planned(f)
    if f.unfit:
        raise Conflict(f"this visit does not fit: {'; '.join(f.unfit)}", field="visit")


def _parts_reservable(f: Facts) -> None:
    """An emergency goes without: what is lacking is brought after."""
    if f.short_parts and f.priority != 1:
        raise Conflict(f"not to be had: {', '.join(f.short_parts)}", field="parts",
                       remedy="order the parts, or take them off the order")  # fmt: skip


def _inside_horizon(f: Facts) -> None:
    if f.visit_start is not None and f.visit_start > f.now + timedelta(hours=f.horizon_h):
        raise Conflict(f"the visit is more than {f.horizon_h:.0f} hours away", field="visit",
                       remedy="dispatch it when it is nearer")  # fmt: skip


def _is_assigned(f: Facts) -> None:
    if f.actor == "technician" and f.actor_id not in f.assigned:
        raise Forbidden("this visit is somebody else's", remedy="ask the dispatcher")


def _right_asset(f: Facts) -> None:
    """The tag of the right asset, or within the geofence, or a reason with a photo."""
    if f.is_right_tag:
        return
    if (
        f.at is not None
        and f.place is not None
        and f.is_right_tag is None
        and is_near(f.at, f.place, f.geofence_m)
    ):
        return
    if (f.override_reason or "").strip() and f.override_photo:
        return
    said = "this is the tag of another asset" if f.is_right_tag is False else "scan the asset's tag first"
    raise Refused(said, field="tag", remedy="go to the right asset, or say why with a photo")


def _permit_ready(f: Facts) -> None:
    if f.needs_permit and not f.permit_issued:
        raise Conflict("there is no permit to work", field="permit", remedy="ask the dispatcher to issue one")
    if f.needs_isolation and not f.isolation_confirmed:
        raise Conflict("the isolation is not confirmed", field="permit", remedy="the crew lead confirms it")


def _safety_done(f: Facts) -> None:
    if not f.is_safety_done:
        raise Refused(
            "the safety check is not done", field="safety", remedy="answer the safety questions first"
        )


def _hold_reason_known(f: Facts) -> None:
    if f.reason not in machine.HOLD_REASONS:
        raise Refused("this is no reason to hold", field="reason", value=f.reason,
                      remedy=f"one of {', '.join(machine.HOLD_REASONS)}")  # fmt: skip


def _until_given(f: Facts) -> None:
    if f.until is None or f.until <= f.now:
        raise Refused("say until when you expect to wait", field="until", remedy="give a time to come")


def _nobody_there(f: Facts) -> None:
    if f.has_visit:
        raise Conflict("somebody else is still to finish here", field="visit", remedy="end the visit first")


def _held_while_working(f: Facts) -> None:
    if f.held_from is not OrderStatus.IN_PROGRESS:
        raise Conflict(
            "work had not begun when this was put on hold", field="command", remedy="take it up instead"
        )


def _held_before_work(f: Facts) -> None:
    if f.held_from is OrderStatus.IN_PROGRESS:
        raise Conflict(
            "work had begun when this was put on hold", field="command", remedy="resume it instead"
        )


def _no_other_visit(f: Facts) -> None:
    if f.others_there:
        raise Conflict("somebody else is still to finish here", field="visit", value=f.others_there,
                       remedy="finish your visit; the last one completes the order")  # fmt: skip


def _checklist_done(f: Facts) -> None:
    if f.missing_items:
        raise Refused(f"{len(f.missing_items)} items of the check-list are open", field="checklist",
                      value=", ".join(f.missing_items[:10]))  # fmt: skip


def _photos_registered(f: Facts) -> None:
    wanted = {"before", "after"} if f.kind == "repair" else set()
    if not wanted <= f.photo_roles:
        raise Refused("a photo before and one after are needed", field="photos",
                      value=", ".join(sorted(wanted - f.photo_roles)))  # fmt: skip


def _codes_given(f: Facts) -> None:
    if f.kind == "repair" and not all(f.codes):
        lacking = [n for n, code in zip(("problem", "cause", "remedy"), f.codes, strict=True) if not code]
        raise Refused("say what was wrong, why, and what helped", field=lacking[0])


def _time_booked(f: Facts) -> None:
    if f.booked_s <= 0:
        raise Refused(
            "no working time is booked", field="time", remedy="start and stop the clock, or enter it"
        )


def _signature_if_needed(f: Facts) -> None:
    if f.needs_signature and "signature" not in f.photo_roles:
        raise Refused("the customer's signature is needed", field="signature", remedy="a typed name will do")


def _permit_handed_back(f: Facts) -> None:
    if f.permits_open:
        raise Conflict("the permit is not handed back", field="permit", remedy="hand it back first")


def _evidence_arrived(f: Facts) -> None:
    if f.missing_photos:
        raise Conflict(f"{f.missing_photos} photos have not arrived yet", field="photos")


def _has_telemetry(f: Facts) -> None:
    if not f.has_telemetry or f.kind != "repair":
        raise Conflict("no telemetry can prove this", field="position_id")


def _no_telemetry_or_planned(f: Facts) -> None:
    if f.has_telemetry and f.kind == "repair":
        raise Conflict("telemetry will say", field="position_id")


def _verdict(wanted: str) -> Guard:
    def check(f: Facts) -> None:
        if f.verdict != wanted:
            raise Conflict(f"the verification has not said '{wanted}'", field="verdict", value=f.verdict)

    return check


def _same_technician_there(f: Facts) -> None:
    if f.left_at is None or f.now - f.left_at > REWORK_WITHIN:
        raise Conflict("nobody is at the asset any more", field="visit", remedy="plan a follow-up visit")


def _cost_posted(f: Facts) -> None:
    if not f.is_cost_posted:
        raise Conflict("the cost is not posted", field="cost")


def _time_to_close(f: Facts) -> None:
    """By itself only what is not urgent, and after a while in which somebody may have said otherwise."""
    if f.actor != "system":
        return
    if (f.priority or 4) < 3 or f.verified_at is None or f.now - f.verified_at < CLOSES_AFTER:
        raise Conflict("a manager closes this, or it does after three days", field="command", value="close")


def _no_actuals(f: Facts) -> None:
    if f.has_actuals:
        raise Conflict("work was done already", field="command", value="cancel",
                       remedy="the technician says why it cannot be completed")  # fmt: skip


def _within_reopening(f: Facts) -> None:
    days = REOPEN_DAYS.get(f.actor)
    if days is not None and f.closed_at is not None and f.now - f.closed_at > timedelta(days=days):
        raise Conflict(f"this was closed more than {days} days ago", field="command", value="reopen",
                       remedy="report it as a new fault")  # fmt: skip


def _evidence_seen(f: Facts) -> None:
    if not (f.seen or "").strip():
        raise Refused("say what you saw", field="evidence", remedy="a photo of the gauge, or a word")


def _partial_and_none_active(f: Facts) -> None:
    if machine.rolled_up(f.visits) is not OrderStatus.READY:
        raise Conflict("the visits do not call for another one", field="visit")


GUARDS: dict[str, Guard] = {
    "place_known": _place_known,
    "no_open_twin": _no_open_twin,
    "fault_class_known": _fault_class_known,
    "priority_known": _priority_known,
    "reason_given": _reason_given,
    "target_open": _target_open,
    "above_limit": _above_limit,
    "below_limit_or_p1": _below_limit_or_p1,
    "approver_is_not_creator": _approver_is_not_creator,
    "visit_fits": _visit_fits,
    "visit_planned": _visit_planned,
    "parts_reservable": _parts_reservable,
    "inside_horizon": _inside_horizon,
    "is_assigned": _is_assigned,
    "right_asset": _right_asset,
    "permit_ready": _permit_ready,
    "safety_done": _safety_done,
    "hold_reason_known": _hold_reason_known,
    "until_given": _until_given,
    "no_other_visit": _no_other_visit,
    "nobody_there": _nobody_there,
    "held_while_working": _held_while_working,
    "held_before_work": _held_before_work,
    "checklist_done": _checklist_done,
    "photos_registered": _photos_registered,
    "codes_given": _codes_given,
    "time_booked": _time_booked,
    "signature_if_needed": _signature_if_needed,
    "permit_handed_back": _permit_handed_back,
    "evidence_arrived": _evidence_arrived,
    "has_telemetry": _has_telemetry,
    "no_telemetry_or_planned": _no_telemetry_or_planned,
    "verdict_verified": _verdict("verified"),
    "verdict_failed": _verdict("failed"),
    "verdict_inconclusive": _verdict("inconclusive"),
    "same_technician_there": _same_technician_there,
    "cost_posted": _cost_posted,
    "time_to_close": _time_to_close,
    "no_actuals": _no_actuals,
    "within_reopening": _within_reopening,
    "evidence_seen": _evidence_seen,
    "partial_and_none_active": _partial_and_none_active,
}
