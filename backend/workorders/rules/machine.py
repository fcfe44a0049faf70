"""The two state machines of field work, as one table: server, phone, documentation and tests are driven by it.

Numbers are the rows of the work-order state model (see the area's README). A transition is a command with a name,
an actor, evidence and a base revision; status is never written otherwise. Names map to CIM WorkStatusKind and
CrewStatusKind.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from backend.kernel.errors import Conflict


class OrderStatus(StrEnum):
    """Where a work order stands."""

    REPORTED = "reported"
    TRIAGED = "triaged"
    REJECTED = "rejected"
    MERGED = "merged"
    AWAITING_APPROVAL = "awaiting_approval"
    READY = "ready"
    SCHEDULED = "scheduled"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    FIELD_COMPLETE = "field_complete"
    VERIFYING = "verifying"
    VERIFIED = "verified"
    VERIFY_FAILED = "verify_failed"
    VERIFY_MANUAL = "verify_manual"
    CLOSED = "closed"
    REOPENED = "reopened"
    CANCELLED = "cancelled"
    CANNOT_COMPLETE = "cannot_complete"


class VisitStatus(StrEnum):
    """Where a visit stands."""

    PLANNED = "planned"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    ENROUTE = "enroute"
    ON_SITE = "on_site"
    WORKING = "working"
    BREAK = "break"
    DONE = "done"
    PARTIAL = "partial"
    ABORTED = "aborted"
    NO_ACCESS = "no_access"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class Actor(StrEnum):
    """Who may give a command."""

    CUSTOMER = "customer"
    SYSTEM = "system"
    DISPATCHER = "dispatcher"
    TECHNICIAN = "technician"
    LEAD = "lead"
    MANAGER = "manager"
    PUBLIC = "public"


@dataclass(frozen=True)
class Move:
    """A command, from where to where, who may give it, what is asked first, and what follows.

    row: number in the state model; guards: names in rules/guards.py; effects: names the service carries out
    """

    row: int
    command: str
    before: tuple[OrderStatus | None, ...]
    after: OrderStatus
    actors: tuple[Actor, ...]
    guards: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()


@dataclass(frozen=True)
class VisitMove:
    """A command on a visit, likewise; `order` names the command it gives the work order, where it gives one."""

    command: str
    before: tuple[VisitStatus, ...]
    after: VisitStatus
    actors: tuple[Actor, ...]
    guards: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()


_S = OrderStatus
_A = Actor
_BEFORE_WORK = (
    _S.REPORTED, _S.TRIAGED, _S.AWAITING_APPROVAL, _S.READY, _S.SCHEDULED, _S.DISPATCHED, _S.ACCEPTED, _S.ON_HOLD,
    _S.REOPENED,
)  # fmt: skip

MOVES: tuple[Move, ...] = (
    Move(1, "report", (None,), _S.REPORTED,
         (_A.CUSTOMER, _A.SYSTEM, _A.TECHNICIAN, _A.DISPATCHER, _A.PUBLIC),
         ("place_known", "no_open_twin"), ("acknowledge_report",)),
    Move(2, "triage", (_S.REPORTED,), _S.TRIAGED, (_A.DISPATCHER, _A.SYSTEM),
         ("fault_class_known", "priority_known"), ("pin_sla_policy", "safety_first")),
    Move(3, "reject", (_S.REPORTED,), _S.REJECTED, (_A.DISPATCHER,), ("reason_given",), ("tell_reporter",)),
    Move(3, "merge", (_S.REPORTED,), _S.MERGED, (_A.DISPATCHER,), ("target_open",),
         ("move_evidence", "tell_reporter")),
    Move(4, "ask_approval", (_S.TRIAGED,), _S.AWAITING_APPROVAL, (_A.DISPATCHER, _A.SYSTEM), ("above_limit",)),
    Move(4, "approve", (_S.AWAITING_APPROVAL,), _S.READY, (_A.MANAGER,), ("approver_is_not_creator",)),
    Move(4, "make_ready", (_S.TRIAGED,), _S.READY, (_A.SYSTEM, _A.DISPATCHER), ("below_limit_or_p1",)),
    Move(5, "schedule", (_S.READY, _S.SCHEDULED), _S.SCHEDULED, (_A.DISPATCHER, _A.SYSTEM),
         ("visit_fits", "parts_reservable"), ("reserve_parts", "offer_slot")),
    Move(6, "dispatch", (_S.SCHEDULED,), _S.DISPATCHED, (_A.DISPATCHER, _A.SYSTEM),
         ("visit_planned", "inside_horizon"),
         ("pin_work_pack", "offer_visit")),
    Move(5, "recall", (_S.SCHEDULED, _S.DISPATCHED, _S.ACCEPTED), _S.READY, (_A.DISPATCHER, _A.SYSTEM),
         ("reason_given",), ("free_parts",)),
    Move(7, "accept", (_S.DISPATCHED,), _S.ACCEPTED, (_A.TECHNICIAN,), ("is_assigned",),
         ("stop_response_clock", "tell_reporter")),
    Move(7, "decline", (_S.DISPATCHED, _S.ACCEPTED), _S.READY, (_A.TECHNICIAN,), ("reason_given",),
         ("page_dispatcher_if_p1", "free_parts")),
    Move(8, "start", (_S.ACCEPTED, _S.DISPATCHED), _S.IN_PROGRESS, (_A.TECHNICIAN,),
         ("is_assigned", "right_asset", "permit_ready", "safety_done"),
         ("alarms_out_of_service", "start_downtime", "tell_reporter")),
    Move(9, "hold", (_S.IN_PROGRESS,), _S.ON_HOLD, (_A.DISPATCHER, _A.TECHNICIAN),
         ("is_assigned", "hold_reason_known", "until_given"), ("remind_at_date", "tell_reporter")),
    Move(9, "resume", (_S.ON_HOLD,), _S.IN_PROGRESS, (_A.DISPATCHER, _A.TECHNICIAN),
         ("is_assigned", "held_while_working")),
    Move(10, "complete", (_S.IN_PROGRESS,), _S.FIELD_COMPLETE, (_A.TECHNICIAN,),
         ("is_assigned", "no_other_visit", "checklist_done", "photos_registered", "codes_given", "time_booked",
          "signature_if_needed", "permit_handed_back"),
         ("alarms_in_service", "free_parts", "tell_reporter")),
    Move(11, "verify", (_S.FIELD_COMPLETE,), _S.VERIFYING, (_A.SYSTEM,), ("evidence_arrived", "has_telemetry"),
         ("start_verification",)),
    Move(12, "confirm", (_S.VERIFYING,), _S.VERIFIED, (_A.SYSTEM,), ("verdict_verified",),
         ("stop_restoration_clock", "tell_customer")),
    Move(13, "fail", (_S.VERIFYING,), _S.VERIFY_FAILED, (_A.SYSTEM,), ("verdict_failed",), ("tell_dispatcher",)),
    Move(13, "rework", (_S.VERIFY_FAILED,), _S.IN_PROGRESS, (_A.DISPATCHER,), ("same_technician_there",),
         ("alarms_out_of_service",)),
    Move(13, "follow_up", (_S.VERIFY_FAILED,), _S.READY, (_A.SYSTEM, _A.DISPATCHER), (), ("tell_reporter",)),
    Move(14, "ask_person", (_S.VERIFYING,), _S.VERIFY_MANUAL, (_A.SYSTEM,), ("verdict_inconclusive",),
         ("ask_customer",)),
    Move(15, "close", (_S.VERIFIED,), _S.CLOSED, (_A.MANAGER, _A.SYSTEM), ("cost_posted", "time_to_close"),
         ("ask_rating", "close_downtime", "asset_health", "propose_knowledge", "draw_quality_sample")),
    Move(16, "cancel", _BEFORE_WORK, _S.CANCELLED, (_A.DISPATCHER, _A.MANAGER), ("reason_given", "no_actuals"),
         ("cancel_visits", "free_parts", "tell_reporter")),
    Move(16, "give_up", (_S.IN_PROGRESS, _S.ON_HOLD), _S.CANNOT_COMPLETE, (_A.TECHNICIAN,),
         ("is_assigned", "reason_given"),
         ("propose_follow_up", "alarms_in_service", "free_parts", "tell_reporter")),
    Move(17, "reopen", (_S.CLOSED,), _S.REOPENED, (_A.SYSTEM, _A.MANAGER, _A.CUSTOMER),
         ("no_open_twin", "within_reopening"), ("next_cycle", "tell_reporter")),
    Move(19, "verify_by_hand", (_S.FIELD_COMPLETE,), _S.VERIFY_MANUAL, (_A.SYSTEM,), ("no_telemetry_or_planned",),
         ("ask_customer",)),
    Move(20, "confirm_by_hand", (_S.VERIFY_MANUAL,), _S.VERIFIED, (_A.MANAGER, _A.CUSTOMER), ("evidence_seen",),
         ("stop_restoration_clock",)),
    Move(20, "deny_by_hand", (_S.VERIFY_MANUAL,), _S.VERIFY_FAILED, (_A.MANAGER, _A.CUSTOMER), ("evidence_seen",),
         ("tell_dispatcher",)),
    Move(21, "visit_again", (_S.IN_PROGRESS,), _S.READY, (_A.SYSTEM,), ("partial_and_none_active",),
         ("propose_follow_up", "alarms_in_service")),
    Move(21, "plan_again", (_S.IN_PROGRESS, _S.ON_HOLD), _S.READY, (_A.DISPATCHER,), ("nobody_there",),
         ("alarms_in_service", "free_parts", "tell_reporter")),
    Move(22, "postpone", (_S.READY, _S.SCHEDULED), _S.ON_HOLD, (_A.DISPATCHER,), ("hold_reason_known", "until_given"),
         ("remind_at_date", "cancel_visits", "free_parts", "tell_reporter")),
    Move(22, "take_up", (_S.ON_HOLD,), _S.READY, (_A.DISPATCHER, _A.SYSTEM), ("held_before_work",)),
    Move(23, "triage_again", (_S.REOPENED,), _S.TRIAGED, (_A.SYSTEM,), ()),
)  # fmt: skip
"""Row 18 (P1: rows 2 to 6 as one command) is a service over these; it adds no state."""

_V = VisitStatus
VISIT_MOVES: tuple[VisitMove, ...] = (
    VisitMove("offer", (_V.PLANNED,), _V.OFFERED, (_A.DISPATCHER, _A.SYSTEM), (), ("push_to_technician",)),
    VisitMove("accept", (_V.OFFERED, _V.PLANNED), _V.ACCEPTED, (_A.TECHNICIAN,), ("is_assigned",)),
    VisitMove("decline", (_V.OFFERED, _V.ACCEPTED), _V.DECLINED, (_A.TECHNICIAN,), ("is_assigned", "reason_given")),
    VisitMove("travel", (_V.ACCEPTED,), _V.ENROUTE, (_A.TECHNICIAN,), ("is_assigned",), ("tell_arrival",)),
    VisitMove("arrive", (_V.ENROUTE, _V.ACCEPTED), _V.ON_SITE, (_A.TECHNICIAN,), ("is_assigned",)),
    VisitMove("work", (_V.ON_SITE, _V.BREAK), _V.WORKING, (_A.TECHNICIAN,), ("is_assigned",)),
    VisitMove("pause", (_V.WORKING,), _V.BREAK, (_A.TECHNICIAN,), ("is_assigned",)),
    VisitMove("finish", (_V.WORKING,), _V.DONE, (_A.TECHNICIAN,), ("is_assigned",)),
    VisitMove("leave_partial", (_V.WORKING, _V.BREAK), _V.PARTIAL, (_A.TECHNICIAN,), ("is_assigned", "reason_given")),
    VisitMove("abort", (_V.ENROUTE, _V.ON_SITE, _V.WORKING, _V.BREAK), _V.ABORTED, (_A.TECHNICIAN, _A.DISPATCHER),
              ("reason_given",)),
    VisitMove("find_no_access", (_V.ON_SITE, _V.ENROUTE), _V.NO_ACCESS, (_A.TECHNICIAN,),
              ("is_assigned", "reason_given")),
    VisitMove("withdraw", (_V.PLANNED, _V.OFFERED, _V.ACCEPTED), _V.CANCELLED, (_A.DISPATCHER, _A.SYSTEM)),
)  # fmt: skip

ENDED = frozenset({_V.DONE, _V.PARTIAL, _V.ABORTED, _V.NO_ACCESS, _V.DECLINED, _V.CANCELLED})
ACTIVE = frozenset({_V.ENROUTE, _V.ON_SITE, _V.WORKING, _V.BREAK})
OVER = frozenset({_S.CLOSED, _S.CANCELLED, _S.CANNOT_COMPLETE, _S.REJECTED, _S.MERGED})
"""Nothing more happens to these, but that a closed one is reopened: the same fault opens another order."""

HOLD_REASONS = ("material", "safety", "plant_condition", "access", "weather", "third_party")

ORDER_OF_PROGRESS = (
    _S.REPORTED, _S.TRIAGED, _S.AWAITING_APPROVAL, _S.READY, _S.SCHEDULED, _S.DISPATCHED, _S.ACCEPTED, _S.IN_PROGRESS,
    _S.FIELD_COMPLETE, _S.VERIFYING, _S.VERIFIED, _S.CLOSED,
)  # fmt: skip
"""The way things usually go: a command whose goal lies behind is old news, not a conflict (sync, monotone state)."""


def find(command: str, before: OrderStatus | None) -> Move:
    """Return the move a command makes from a status; raises Conflict where it makes none."""
    for move in MOVES:
        if move.command == command and before in move.before:
            return move
    raise _not_from_here(command, before, (m.command for m in MOVES if before in m.before))


def find_sources(command: str) -> frozenset[OrderStatus]:
    """Return the statuses from which a command moves an order."""
    return frozenset(one for m in MOVES if m.command == command for one in m.before if one is not None)


def find_visit(command: str, before: VisitStatus) -> VisitMove:
    """Return the move a command makes from a visit's status; raises Conflict where it makes none."""
    for move in VISIT_MOVES:
        if move.command == command and before in move.before:
            return move
    raise _not_from_here(command, before, (m.command for m in VISIT_MOVES if before in m.before))


def is_past(status: OrderStatus, goal: OrderStatus) -> bool:
    """Tell whether a work order has already been where a command wanted to bring it."""
    if status not in ORDER_OF_PROGRESS or goal not in ORDER_OF_PROGRESS:
        return status is goal
    return ORDER_OF_PROGRESS.index(status) >= ORDER_OF_PROGRESS.index(goal)


def rolled_up(visits: Iterable[VisitStatus]) -> OrderStatus | None:
    """Return what the visits together say of a work order that is in progress; None where they say nothing.

    visits: those of the present cycle, in the order they ended

    Any active: in progress. Some done, some still to come: in progress. None left and the last one partial, aborted,
    without access or declined: ready (the work is not complete). All done, at least one: field complete.
    """
    found = [one for one in visits if one is not _V.CANCELLED]
    if not found:
        return None
    if any(one in ACTIVE for one in found):
        return _S.IN_PROGRESS
    if any(one not in ENDED for one in found):
        return _S.IN_PROGRESS if any(one is _V.DONE for one in found) else None
    last_words = found[-1]
    if last_words in (_V.PARTIAL, _V.ABORTED, _V.NO_ACCESS, _V.DECLINED):
        return _S.READY
    return _S.FIELD_COMPLETE


def _not_from_here(command: str, before: StrEnum | None, possible: Iterable[str]) -> Conflict:
    where = before.value if before else "nothing"
    return Conflict(
        f"'{command}' is not possible while this is {where}", field="command", value=command,
        remedy=f"possible now: {', '.join(sorted(set(possible))) or 'nothing'}",
    )  # fmt: skip
