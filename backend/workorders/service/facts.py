"""What guards ask for, gathered: only what the guards of a command look at is asked of the database.

Evidence a command brings: tag {position_id, device_id} of what was scanned (resolved by the caller), geo {lat, lon,
acc}, override {reason, photo}, safety (true when the safety questions are answered), seen (what a person saw).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from geoalchemy2.shape import to_shape
from sqlalchemy.orm import Session

from backend.assets import service as assets
from backend.kernel import clock
from backend.kernel.scope import Scope
from backend.network import service as network
from backend.workorders.models import Visit, WorkOrder
from backend.workorders.queries import evidence as found
from backend.workorders.queries import orders as queries
from backend.workorders.queries import policies, verifications
from backend.workorders.rules import checklist, faults, machine
from backend.workorders.rules.fence import Place
from backend.workorders.rules.guards import Facts
from backend.workorders.rules.machine import OrderStatus, VisitStatus
from backend.workorders.service import parts
from backend.workorders.service.command import Command

Values = dict[str, Any]


def gather(
    session: Session, scope: Scope, order: WorkOrder, wanted: Iterable[str], given: Command, *, actor: str,
    visit: Visit | None = None,
) -> Facts:  # fmt: skip
    """Return the facts for some guards."""
    said: Values = {
        "now": given.occurred_at or clock.now(), "actor": actor, "actor_id": (given.by or scope).actor_id,
        "reason": given.reason, "kind": order.kind.value, "fault_class": order.fault_class, "priority": order.priority,
        "needs_permit": order.needs_permit, "needs_signature": order.needs_signature,
        "estimate": None if order.estimate is None else float(order.estimate), "has_place": True,
        "seen": given.evidence.get("seen"), "is_cost_posted": order.cost is not None,
        "codes": (order.problem_code, order.cause_code, order.remedy_code), "until": order.hold_until,
        "is_safety_done": bool(given.evidence.get("safety")),
    }  # fmt: skip
    for name in wanted:
        if name in _GATHERED:
            said |= _GATHERED[name](session, scope, order, given)
    if visit is not None:
        said["assigned"] = _crew([visit])
    return Facts(**said)


def _visits(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    mine = queries.visits_of_cycle(session, scope, order)
    ended = [v.ended_at for v in mine if v.status is VisitStatus.DONE and v.ended_at]
    return {"visits": [v.status for v in mine], "left_at": max(ended, default=None)}


def _creators(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    """Who reported it, and who said what it would cost."""
    told = queries.events_of(session, scope, [order.id])
    asked = {e.actor_id for e in told if e.command in ("triage", "ask_approval") and e.cycle == order.cycle}
    return {"creators": frozenset({*asked, order.reported_by} - {None})}


def _assigned(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    living = [v for v in queries.visits_of(session, scope, [order.id]) if v.status not in machine.ENDED]
    return {"assigned": _crew(living)}


def _others(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    living = [v for v in queries.visits_of(session, scope, [order.id]) if v.status not in machine.ENDED]
    return {"others_there": sum(scope.actor_id not in _crew([v]) for v in living)}


def _crew(visits: Iterable[Visit]) -> frozenset[UUID]:
    return frozenset(
        person for v in visits for person in (v.technician_id, *(UUID(str(one)) for one in v.companions))
    )


def _twin(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    twin = queries.open_twin(
        session, scope, position_id=order.position_id, fault_class=order.fault_class, but=order.id
    )
    return {"open_twin": twin.number if twin and order.kind.value == "repair" else None}


def _target(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    assert order.merged_into_id is not None, "merging names its target"
    return {"target_status": queries.order(session, scope, order.merged_into_id).status,
            "is_own_target": order.merged_into_id == order.id}  # fmt: skip


def _limits(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    policy = policies.sla_policy_by_id(session, scope, order.sla_policy_id) if order.sla_policy_id else None
    if policy is None:
        return {}
    return {"approval_above": policy[0].approval_above, "horizon_h": policy[0].horizon_h,
            "geofence_m": policy[0].geofence_m}  # fmt: skip


def _planned(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    planned = [v for v in queries.visits_of(session, scope, [order.id]) if v.status not in machine.ENDED]
    start = min((v.planned_start for v in planned), default=None)
    unfit = given.evidence.get("unfit", ())
    return {"has_visit": bool(planned), "visit_start": start, "unfit": unfit} | _limits(
        session, scope, order, given
    )


def _asset(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    tag, geo = given.evidence.get("tag"), given.evidence.get("geo")
    override = given.evidence.get("override") or {}
    return {
        "is_right_tag": None if not tag else _is_of(session, scope, order, tag),
        "at": None if not geo else Place(geo["lat"], geo["lon"], geo.get("acc") or 0.0),
        "place": _place(session, scope, order.position_id), "override_reason": override.get("reason"),
        "override_photo": _kept_photo(session, scope, order, override.get("photo")),
    } | _limits(session, scope, order, given)  # fmt: skip


def _kept_photo(session: Session, scope: Scope, order: WorkOrder, sha256: Any) -> str | None:
    """Return a photo that this round of the order has registered; any other word for one is none."""
    said = str(sha256 or "").lower()
    kept = (one.sha256 for one in found.attachments(session, scope, order) if one.cycle == order.cycle)
    return said if said in kept else None


def _is_of(session: Session, scope: Scope, order: WorkOrder, tag: dict[str, Any]) -> bool:
    """Tell whether a tag stands for the order's asset: its position, its device, or a device standing there now."""
    if tag.get("position_id") == str(order.position_id):
        return True
    device = tag.get("device_id")
    if device is None:
        return False
    if order.device_id is not None and device == str(order.device_id):
        return True
    there = assets.devices_at(session, scope, order.position_id)
    return any(str(one.id) == device and installed.removed_at is None for installed, one in there)


def _place(session: Session, scope: Scope, position_id: UUID) -> Place | None:
    geometry = network.position(session, scope, position_id).geometry
    if geometry is None:
        return None
    point = to_shape(geometry).representative_point()
    return Place(point.y, point.x)


def _permit(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    now = given.occurred_at or clock.now()
    valid = [
        p
        for p in found.permits(session, scope, order)
        if p.handed_back_at is None and p.issued_at <= now < p.expires_at
    ]
    fault = faults.BY_CODE.get(order.fault_class or "")
    return {
        "permit_issued": bool(valid), "isolation_confirmed": any(p.confirmed_at is not None for p in valid),
        "needs_isolation": bool(order.needs_permit and fault and fault.needs_isolation), "permits_open": len(
            [p for p in found.permits(session, scope, order) if p.handed_back_at is None]),
    }  # fmt: skip


def held_from(session: Session, scope: Scope, order: WorkOrder) -> OrderStatus | None:
    """Return where an order stood when it was last put on hold."""
    told = [e for e in queries.events_of(session, scope, [order.id]) if e.command in ("hold", "postpone")]
    before = told[-1].before if told else None
    return OrderStatus(before) if before else None


def _held(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    return {"held_from": held_from(session, scope, order)}


def _items(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    if order.checklist_id is None:
        return {}
    template = found.checklist(session, scope, order.checklist_id)
    given_answers = {one.item: one.value for one in found.answers(session, scope, order)}
    return {"missing_items": checklist.missing(template.items, given_answers) if template else ()}


def _photos(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    photos = [a for a in found.attachments(session, scope, order) if a.cycle == order.cycle]
    return {"photo_roles": frozenset(a.role for a in photos),
            "missing_photos": sum(a.arrived_at is None for a in photos)}  # fmt: skip


def _time(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    return {"booked_s": found.booked_s(session, scope, order)}


def _telemetry(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    return {"has_telemetry": verifications.has_telemetry(session, scope, order.position_id)}


def _verdict(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    watch = verifications.newest(session, scope, order)
    return {"verdict": watch.verdict if watch else None}


def _actuals(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    told = queries.events_of(session, scope, [order.id])
    return {"has_actuals": any(e.command in _ACTUALS and e.cycle == order.cycle for e in told)}


_ACTUALS = frozenset({"start", "punch", "use_part"})


def _closed(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    told = [e.occurred_at for e in queries.events_of(session, scope, [order.id]) if e.command == "close"]
    return {"closed_at": told[-1] if told else None}


def _verified(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    told = queries.events_of(session, scope, [order.id])
    verified = [
        e.occurred_at for e in told if e.after == OrderStatus.VERIFIED.value and e.cycle == order.cycle
    ]
    return {"verified_at": verified[-1] if verified else None}


def _parts(session: Session, scope: Scope, order: WorkOrder, given: Command) -> Values:
    places = parts.places_for(session, scope, order)
    return {"short_parts": [one.words for one in places if one.store_id is None]}


_GATHERED: dict[str, Callable[[Session, Scope, WorkOrder, Command], Values]] = {
    "no_open_twin": _twin, "target_open": _target, "above_limit": _limits, "below_limit_or_p1": _limits,
    "visit_fits": _planned, "visit_planned": _planned, "inside_horizon": _planned, "nobody_there": _planned,
    "is_assigned": _assigned, "right_asset": _asset,
    "permit_ready": _permit, "permit_handed_back": _permit, "held_while_working": _held, "held_before_work": _held,
    "checklist_done": _items, "photos_registered": _photos, "signature_if_needed": _photos,
    "evidence_arrived": _photos, "time_booked": _time, "has_telemetry": _telemetry,
    "no_telemetry_or_planned": _telemetry, "verdict_verified": _verdict, "verdict_failed": _verdict,
    "verdict_inconclusive": _verdict, "same_technician_there": _visits, "partial_and_none_active": _visits,
    "no_actuals": _actuals, "no_other_visit": _others, "within_reopening": _closed,
    "approver_is_not_creator": _creators, "time_to_close": _verified, "parts_reservable": _parts,
}  # fmt: skip
