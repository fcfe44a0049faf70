"""The dispatchers' day as the page draws it: bars in per cent of the hours shown, changes and reasons in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask_babel import gettext as _
from geoalchemy2.shape import to_shape

from backend.kernel.ids import show
from backend.workorders.rules.dispatch.explain import Alternative, Explainer, Why
from backend.workorders.rules.dispatch.ground import Ground
from backend.workorders.rules.dispatch.hurry import Late
from backend.workorders.rules.dispatch.settle import settled
from backend.workorders.rules.dispatch.standing import planned
from backend.workorders.rules.dispatch.values import Change, Exclusion
from backend.workorders.rules.machine import ENDED, OrderStatus, VisitStatus
from backend.workorders.rules.sla import Clock
from backend.workorders.service import Visit, WorkOrder
from backend.workorders.service.board import ACCEPTED, THERE, Board, Lane
from backend.workorders.service.propose import Proposed
from portal import cartography, language
from portal.words import in_full, of_day, titled
from portal.workorders import words

Drawn = dict[str, Any]


def span(board: Board) -> tuple[datetime, datetime]:
    """Return the hours the time line shows: all shifts and visits, in full hours."""
    ends = [end for lane in board.lanes for stretch in lane.spans for end in stretch]
    ends += [
        at
        for lane in board.lanes
        for visit, _order in lane.visits
        for at in (visit.planned_start, visit.planned_end)
    ]
    day = (board.origin, board.origin + timedelta(days=1))
    first = max(min(ends, default=board.origin + timedelta(hours=8)), day[0])
    last = min(max(ends, default=board.origin + timedelta(hours=18)), day[1])
    first -= (first - board.origin) % timedelta(hours=1)
    last += -(last - board.origin) % timedelta(hours=1)
    return first, max(last, first + timedelta(hours=1))


def hours(board: Board) -> list[Drawn]:
    """Return the marks of the time line, a few of them."""
    first, last = span(board)
    count = round((last - first) / timedelta(hours=1))
    every = 1 if count <= 6 else 2 if count <= 12 else 4
    marks = [first + timedelta(hours=number) for number in range(0, count, every)]
    return [
        {"x": _per_cent(board, mark), "words": mark.astimezone(ZoneInfo(board.zone)).strftime("%H:%M")}
        for mark in marks
    ]


def lanes(board: Board, proposed: Proposed | None) -> list[Drawn]:
    """Return a lane a technician: what is planned, or what would be."""
    changed = {change.job: change.kind for change in proposed.changes} if proposed else {}
    rows = []
    for lane in board.lanes:
        bars = [_bar(board, visit.planned_start, visit.planned_end, order, visit, "")
                for visit, order in lane.visits if proposed is None or visit.status in ENDED | THERE]  # fmt: skip
        route = proposed.proposal.route_of(lane.profile.person_id) if proposed else None
        for stop in route.stops if route else ():
            order, visit = board.subject(_id(stop.job))
            start, end = board.instant(stop.start_s), board.instant(stop.leave_s)
            bars.append(_bar(board, start, end, order, visit, changed.get(stop.job, "")))
        spans = [(_per_cent(board, first), _per_cent(board, last)) for first, last in lane.spans]
        rows.append({
            "name": lane.name, "id": show(lane.profile.person_id), "bars": sorted(bars, key=lambda bar: bar["start"]),
            "shifts": [{"x": first, "w": round(last - first, 2)} for first, last in spans],
            "skills": words.skills(lane.profile.skills), "travel_min": round(route.travel_s / 60) if route else None,
        })  # fmt: skip
    return rows


def waiting(board: Board) -> list[Drawn]:
    """Return what waits, the most urgent first."""
    unplaced = {order.id for order in board.unplaced}
    return [
        _order(board, order) | {"is_unplaced": order.id in unplaced, "chosen": _choose(order.id)}
        for order in board.waiting
    ]


def unsent(board: Board) -> list[Drawn]:
    """Return visits of the day that are planned and of which nobody was told, in the order of time."""
    rows = [
        (visit.planned_start, lane.name, order)
        for lane in board.lanes
        for visit, order in lane.visits
        if visit.status is VisitStatus.PLANNED and order.status is OrderStatus.SCHEDULED
    ]
    return [
        _order(board, order) | {"words": _("%(name)s, %(time)s", name=name, time=told_at(board, start))}
        for start, name, order in sorted(rows, key=lambda row: (row[0], row[1]))
    ]


def changes(proposed: Proposed) -> list[Drawn]:
    """Return the changes of a proposal, those that disturb somebody first."""
    rank = {"postponed": 0, "given": 1, "shifted": 2, "new": 3}
    found = []
    for change in sorted(proposed.changes, key=lambda one: rank[one.kind]):
        order, visit = proposed.board.subject(_id(change.job))
        why, late = proposed.why.get(change.job), proposed.late.get(change.job)
        found.append(_order(proposed.board, order) | {
            "kind": change.kind, "words": _changed(proposed.board, change),
            "late": late and _too_late(proposed.board, late),
            "take": _take(proposed.board, change, order, visit),
            "why": why and _because(why), "others": _others(proposed.board, why) if why else (),
        })  # fmt: skip
    return found


def unserved(proposed: Proposed) -> list[Drawn]:
    """Return what nobody does on the day, with what kept how many technicians from it."""
    found = []
    for one in proposed.unserved:
        if any(rule.rule == "unplanned" for rule, _count in one.because):
            continue  # nobody asked for it
        order, visit = proposed.board.subject(_id(one.job))
        reasons = [_("%(count)s × %(reason)s", count=count, reason=said(rule)) for rule, count in one.because]
        if visit is None or all(change.job != one.job for change in proposed.changes):
            found.append(_order(proposed.board, order) | {
                "why": "; ".join(reasons), "chosen": _choose(_id(one.job)),
                "others": _everybody(proposed.board, proposed.why.get(one.job)),
            })  # fmt: skip
    return found


def _everybody(board: Board, why: Why | None) -> list[Drawn]:
    """Return what keeps each technician from a job, those who do not work on the day among them."""
    said = [*(_others(board, why) if why else ())]
    return said + [{"name": lane.name, "said": _working(board, lane)} for lane in board.away()]


def _working(board: Board, lane: Lane) -> str:
    if not lane.spans:
        return _("does not work on this day")
    return _(
        "works %(hours)s", hours=", ".join(f"{told_at(board, a)}–{told_at(board, b)}" for a, b in lane.spans)
    )


def troubles(board: Board) -> list[str]:
    """Return in words what of accepted work cannot stay as it is."""
    words = []
    for one in board.troubles:
        name = board.name(one.technician)
        number = board.subject(_id(one.job))[0].number if one.job else ""
        if one.because is not None:
            words.append(
                _(
                    "%(name)s can no longer do %(number)s: %(reason)s",
                    name=name,
                    number=number,
                    reason=said(one.because),
                )
            )
        elif one.late_s:
            words.append(
                _(
                    "%(name)s will be %(min)s min late at %(number)s",
                    name=name,
                    min=-(-one.late_s // 60),
                    number=number,
                )
            )
        elif one.overtime_s:
            words.append(
                _("%(name)s will work %(min)s min beyond the shift", name=name, min=-(-one.overtime_s // 60))
            )
    return words


def chosen(board: Board, subject: UUID) -> Drawn:
    """Return what is to be moved, and each technician with what speaks against or what they would cost."""
    order, visit = board.subject(subject)
    rows: list[Drawn] = [
        {"id": show(lane.profile.person_id), "name": lane.name, "said": ""} for lane in board.lanes
    ]
    if any(job.id == subject for job in board.problem.jobs):
        before, windows = planned(Ground(board.problem))
        why = Explainer(board.problem, settled(before, planner="before", windows=windows)).why(subject)
        against = {other.technician: other for other in why.alternatives}
        for row, lane in zip(rows, board.lanes, strict=True):
            other = against.get(lane.profile.person_id)
            is_theirs = why.technician == lane.profile.person_id
            row["said"] = (
                _said_of(other) if other else _("as planned") if is_theirs else _working(board, lane)
            )
    at = visit.planned_start if visit else board.origin + timedelta(hours=9)
    return _order(board, order) | {
        "subject": show(subject), "rev": visit.rev if visit else order.rev, "is_planned": visit is not None,
        "technician": show(visit.technician_id) if visit else "", "rows": rows,
        "start": at.astimezone(ZoneInfo(board.zone)).strftime("%H:%M"),
    }  # fmt: skip


def on_map(layers: Drawn, board: Board, proposed: Proposed | None) -> Drawn:
    """Return the map of the network with the day's places instead of all positions."""
    spots: list[Drawn] = []
    stops = {
        job: (who, number) for who, jobs in _tours(board, proposed) for number, job in enumerate(jobs, 1)
    }
    for order, subject in _subjects(board):
        position = board.places.get(order.position_id)
        for one in (position, board.places.get(position.site_id) if position else None):
            if one is not None and one.geometry is not None:
                point = to_shape(one.geometry).representative_point()
                who = stops.get(subject)
                name = f"{who[0]} {who[1]}" if who else order.number
                state = "act" if order.priority == 1 else "good" if who else "attention"
                spots.append({
                    "type": "Feature", "geometry": {"type": "Point", "coordinates": [point.x, point.y]},
                    "properties": {"id": show(order.id), "name": f"{name}: {titled(order)}", "kind": "order",
                                   "state": state,
                                   "rank": 2 if state == "act" else 1, "carriers": [], "link": _choose(subject)},
                })  # fmt: skip
                break
    places = [*(layers["bounds"] or ()), *(spot["geometry"]["coordinates"] for spot in spots)]
    return layers | {
        "positions": {"type": "FeatureCollection", "features": spots}, "bounds": cartography.bounds(places),
        "total": len(spots), "gathered": False,
    }  # fmt: skip


def said(rule: Exclusion) -> str:
    """Return in words what keeps somebody from a job."""
    about = rule.about
    words = {
        "frozen": _("somebody else accepted it"), "declined": _("declined it"),
        "skill": _("lacks the skill %(name)s", name=about),
        "certificate": _("lacks the certificate %(name)s", name=about),
        "certificate_expired": _("the certificate ended: %(name)s", name=about),
        "parts": _("%(name)s is neither in the van nor in the store", name=about), "window": _("would come too late"),
        "full": _("has no room left on this day"), "unplanned": _("not planned yet"),
    }  # fmt: skip
    return words[rule.rule]


def _said_of(other: Alternative) -> str:
    if other.more_s is None:
        return "; ".join(said(rule) for rule in other.excluded_by)
    minutes = round(other.more_s / 60)
    return _("%(min)s min more driving", min=f"{minutes:+d}")


def _because(why: Why) -> str:
    minutes = round(why.added_s / 60)
    return {
        "frozen": _("accepted"), "only": _("nobody else may or can"),
        "least": _("nobody adds less driving (%(min)s min)", min=minutes),
        "kept": _("as planned before; another would save too little"),
        "whole": _("best for the whole day (%(min)s min of driving)", min=minutes), "unserved": _("nobody can"),
    }[why.reason]  # fmt: skip


def _too_late(board: Board, late: Late) -> str:
    said = {"time": length(late.late_s), "at": told_at(board, board.instant(late.from_s or 0))}
    return {
        "over": _("too late by %(time)s: it could no longer be kept when this was worked out", **said),
        "duty": _("too late by %(time)s because nobody who may do it is on duty before %(at)s", **said),
        "way": _("too late by %(time)s because nobody can be there before %(at)s", **said),
        "room": _("too late by %(time)s because other work comes before it", **said),
    }[late.because]


def length(seconds: int) -> str:
    """Return a length of time in hours and minutes."""
    hours, minutes = divmod(-(-seconds // 60), 60)
    return _("%(h)s h %(min)s min", h=hours, min=minutes) if hours else _("%(min)s min", min=minutes)


def told_at(board: Board, instant: datetime | None) -> str:
    """Return when something is: the time alone on the day of the board, else with its date."""
    if instant is None:
        return ""
    local = instant.astimezone(ZoneInfo(board.zone))
    return (
        f"{local:%H:%M}"
        if local.date() == board.on
        else f"{of_day(local.date(), language.current())} {local:%H:%M}"
    )


def _others(board: Board, why: Why) -> list[Drawn]:
    hours = {lane.profile.person_id: _working(board, lane) for lane in board.lanes}
    return [
        {"name": board.name(one.technician), "said": _said_of(one) + (
            f" ({hours[_id(one.technician)]})" if any(rule.rule == "window" for rule in one.excluded_by) else "")}
        for one in why.alternatives
    ]  # fmt: skip


def _changed(board: Board, change: Change) -> str:
    def at(seconds: int) -> str:
        return board.instant(seconds).astimezone(ZoneInfo(board.zone)).strftime("%H:%M")

    before, after = change.before, change.after
    if after is None:
        assert before is not None
        return _(
            "not today (was %(name)s, %(time)s)", name=board.name(before.technician), time=at(before.start_s)
        )
    who, when = board.name(after.technician), at(after.start_s)
    if before is None:
        return _("%(name)s, %(time)s", name=who, time=when)
    if change.kind == "given":
        return _(
            "from %(before)s to %(name)s, %(time)s", before=board.name(before.technician), name=who, time=when
        )
    return _("%(name)s, %(before)s → %(time)s", name=who, before=at(before.start_s), time=when)


def _take(board: Board, change: Change, order: WorkOrder, visit: Visit | None) -> str:
    rev = visit.rev if visit else order.rev
    if change.after is None:
        return f"{show(_id(change.job))}~{rev}~~"
    start = board.instant(change.after.start_s).isoformat()
    return f"{show(_id(change.job))}~{rev}~{show(_id(change.after.technician))}~{start}"


def _order(board: Board, order: WorkOrder) -> Drawn:
    place = board.places.get(order.position_id)
    running = board.clocks.get(order.id, {}).get(Clock.RESTORATION)
    return {
        "number": order.number, "title": titled(order), "priority": order.priority or 3, "id": show(order.id),
        "order_id": order.id, "place": in_full(place, board.places.get(place.site_id)) if place else "",
        "due": told_at(board, running.due_at) if running else "", "is_late": bool(running and running.is_breached),
        "lacks_permit": order.id in board.unpermitted, "skills": words.skills(order.skills),
    }  # fmt: skip


def _bar(
    board: Board, start: datetime, end: datetime, order: WorkOrder, visit: Visit | None, changed: str
) -> Drawn:
    zone = ZoneInfo(board.zone)
    x, until = _per_cent(board, start), _per_cent(board, end)
    state = "planned" if visit is None else (
        "over" if visit.status in ENDED else "there" if visit.status in THERE else
        "accepted" if visit.status in ACCEPTED else "planned")  # fmt: skip
    return _order(board, order) | {
        "x": x, "w": max(round(until - x, 2), 0.8), "start": start, "state": state, "changed": changed,
        "times": f"{start.astimezone(zone):%H:%M}–{end.astimezone(zone):%H:%M}",
        "link": _choose(visit.id if visit else order.id) if state != "over" else "",
    }  # fmt: skip


def _choose(subject: UUID) -> str:
    kept = {name: request.args[name] for name in ("at", "on") if request.args.get(name)}
    return url_for("portal.dispatch_day", **kept, chosen=show(subject)) + "#chosen"


def _tours(board: Board, proposed: Proposed | None) -> Sequence[tuple[str, list[object]]]:
    if proposed is None:
        return [(lane.name, [visit.id for visit, _order in lane.visits]) for lane in board.lanes]
    return [
        (board.name(route.technician), [stop.job for stop in route.stops])
        for route in proposed.proposal.routes
    ]


def _subjects(board: Board) -> list[tuple[WorkOrder, UUID]]:
    visits = [
        (order, visit.id) for lane in board.lanes for visit, order in lane.visits if visit.status not in ENDED
    ]
    return [*visits, *((order, order.id) for order in board.waiting)]


def _per_cent(board: Board, at: datetime) -> float:
    first, last = span(board)
    return round(100 * min(max((at - first) / (last - first), 0.0), 1.0), 2)


def _id(one: object) -> UUID:
    assert isinstance(one, UUID)
    return one
