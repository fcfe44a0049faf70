"""Work orders: the list, one with all that happened, and what the office, the customer and the manager do with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app, g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.alarms import service as alarms
from backend.assets import service as assets
from backend.kernel import clock
from backend.kernel.errors import EnerfieldError, NotFound, Refused
from backend.kernel.scope import Role
from backend.network import service as network
from backend.tenancy import service as tenancy
from backend.workorders import service
from backend.workorders.rules.machine import ENDED, OVER, OrderStatus, VisitStatus
from backend.workorders.service import Command, OrderFilter
from portal import forms
from portal.address import asked, following, here
from portal.navigation import below, is_staff, look
from portal.pages import done, own_path, pages, refused
from portal.workorders import words

TABS: dict[str, frozenset[OrderStatus] | None] = {
    "open": None,
    "new": frozenset({OrderStatus.REPORTED, OrderStatus.REOPENED, OrderStatus.AWAITING_APPROVAL}),
    "plan": frozenset({OrderStatus.TRIAGED, OrderStatus.READY, OrderStatus.ON_HOLD}),
    "out": frozenset({OrderStatus.SCHEDULED, OrderStatus.DISPATCHED, OrderStatus.ACCEPTED, OrderStatus.IN_PROGRESS}),
    "check": frozenset({OrderStatus.FIELD_COMPLETE, OrderStatus.VERIFYING, OrderStatus.VERIFY_FAILED,
                        OrderStatus.VERIFY_MANUAL, OrderStatus.VERIFIED}),
    "over": OVER | {OrderStatus.CANNOT_COMPLETE},
}  # fmt: skip
DETAILS = frozenset({"answer", "attach", "codes", "punch", "use_part"})
CUSTOMERS_READ = frozenset({"rate", "report_again"})
SAID_BY_THE_ORDER = frozenset({"visit.offer", "visit.accept", "visit.work", "visit.finish"})


@pages.get("/workorders")
def work_orders() -> str:
    """Answer: what is to be repaired, who has it, and what breaks its promise next?"""
    node = look()
    show, level = request.args.get("show", "open"), request.args.get("priority", type=int)
    wanted = OrderFilter(
        statuses=TABS.get(show), organisations=below(node) if is_staff() else None,
        priorities=[level] if level in (1, 2, 3, 4) else None, text=request.args.get("q") or None,
    )  # fmt: skip
    page = service.orders(g.session, g.scope, wanted, cursor=asked(), limit=40)
    counts = service.status_counts(
        g.session, g.scope, OrderFilter(statuses=list(OrderStatus), organisations=wanted.organisations)
    )
    return render_template(
        "workorders/orders.html", node=node, found=page.items, show=show, level=level,
        counts={name: _count(counts, states) for name, states in TABS.items()},
        next=following(page),
        tab=lambda name: here(show=name, after=None),
        of_priority=lambda one: here(priority=None if one == level else one, after=None),
        names=_names(page.items), is_staff=is_staff(),
    )  # fmt: skip


@pages.get("/workorders/<uuid:order_id>")
def work_order(order_id: UUID) -> str:
    """Show one order: where it stands, what happened, and the one next step."""
    found = service.look(g.session, g.scope, order_id=order_id)
    look()
    events = service.list_events(g.session, g.scope, order_id=order_id, cursor=asked("earlier"))
    people = {e.actor_id for e in events.items if e.actor_id} | {v.technician_id for v in found.visits}
    people |= {c.author_id for c in found.comments if c.author_id}
    return render_template(
        "workorders/order.html", found=found, order=found.order,
        names=tenancy.names(g.session, g.scope, people), is_staff=is_staff(),
        answers={one.item: one for one in found.answers}, stage=words.STAGE_OF.get(found.order.status.value),
        affected=service.customers_affected(g.session, g.scope, found.order) if is_staff() else 0,
        has_parts=bool(_may(found.order) and assets.list_parts(g.session, g.scope, limit=1).items),
        is_manager=found.order.organisation_id in g.scope.where(Role.MANAGER),
        quality=service.quality_of(g.session, g.scope, found.order) if _may(found.order) else None,
         alarm=_alarm(found.order), is_left=_is_left(found), is_mine=service.is_done_for(g.scope, found.order),
         arrival=_arrival(found), may=_may(found.order), lacks_permit=_lacks_permit(found),
         permits_open=[one for one in found.permits if one.handed_back_at is None],
        history=_history(events.items[::-1]), earlier=following(events, "earlier"),
        currency=network.site_of(g.session, g.scope, found.order.position_id).currency if is_staff() else "",
    )  # fmt: skip


def act_on(order_id: UUID, deed: Callable[[], Any], said: str) -> Response:
    """Do something to an order and come back to its page with a word about it."""
    back = url_for("portal.work_order", order_id=order_id)
    try:
        deed()
    except EnerfieldError as error:
        return refused(error, back)
    return done(said, own_path(request.form.get("next")) if request.form.get("next") else back)


@pages.post("/workorders/<uuid:order_id>/triage")
def triage_order(order_id: UUID) -> Response:
    """Say what kind of fault it is and how grave."""
    form = request.form

    def deed() -> None:
        level, money = form.get("priority", type=int), forms.text("estimate")
        service.triage(
            g.session, g.scope, order_id=order_id, fault_class=form.get("fault_class", ""), priority=level or None,
            estimate=_money(money) if money else None,
            given=Command(base_rev=form.get("rev", type=int)),
        )  # fmt: skip

    return act_on(order_id, deed, _("Sorted. Next: plan the visit."))


@pages.post("/workorders/<uuid:order_id>/reject")
def reject_order(order_id: UUID) -> Response:
    """Say that it is no fault of ours."""
    return act_on(
        order_id,
        lambda: service.reject(g.session, g.scope, order_id=order_id, reason=_reason()),
        _("Rejected."),
    )


@pages.post("/workorders/<uuid:order_id>/merge")
def merge_order(order_id: UUID) -> Response:
    """Say that it is the same fault as another."""

    def deed() -> None:
        number = forms.text("target")
        found = service.orders(g.session, g.scope, OrderFilter(text=number), limit=2).items
        target = next((row.order for row in found if row.order.number == number), None)
        if target is None:
            raise Refused(_("There is no open order %(number)s.", number=number), field="target")
        service.merge(g.session, g.scope, order_id=order_id, target_id=target.id)

    return act_on(order_id, deed, _("Merged."))


@pages.post("/workorders/<uuid:order_id>/approve")
def approve_order(order_id: UUID) -> Response:
    """Let the money be spent."""
    return act_on(order_id, lambda: service.approve(g.session, g.scope, order_id=order_id), _("Approved."))


@pages.post("/workorders/<uuid:order_id>/dispatch")
def dispatch_order(order_id: UUID) -> Response:
    """Send the planned visit to its technician."""
    found = service.look(g.session, g.scope, order_id=order_id)
    said = _("Sent.")
    if _lacks_permit(found):
        said = _("Sent. It needs a permit to work; none is issued yet.")
    return act_on(order_id, lambda: service.dispatch(g.session, g.scope, order_id=order_id), said)


@pages.post("/workorders/<uuid:order_id>/postpone")
def postpone_order(order_id: UUID) -> Response:
    """Put it on hold until a date."""

    def deed() -> None:
        service.postpone(g.session, g.scope, order_id=order_id, reason=forms.text("reason"), until=_until())

    return act_on(order_id, deed, _("On hold."))


@pages.post("/workorders/<uuid:order_id>/take-up")
def take_up_order(order_id: UUID) -> Response:
    """Go on with it."""
    return act_on(
        order_id, lambda: service.take_up(g.session, g.scope, order_id=order_id), _("Taken up again.")
    )


@pages.post("/workorders/<uuid:order_id>/cancel")
def cancel_order(order_id: UUID) -> Response:
    """Say that nothing is to be done."""
    return act_on(
        order_id,
        lambda: service.cancel(g.session, g.scope, order_id=order_id, reason=_reason()),
        _("Cancelled."),
    )


@pages.post("/workorders/<uuid:order_id>/acknowledge")
def acknowledge_order(order_id: UUID) -> Response:
    """Say by name that somebody has seen it: the ladder stops."""
    return act_on(
        order_id, lambda: service.acknowledge(g.session, g.scope, order_id=order_id), _("Acknowledged.")
    )


@pages.post("/workorders/<uuid:order_id>/permit")
def issue_permit(order_id: UUID) -> Response:
    """Give leave to work for some hours."""

    def deed() -> None:
        points = [{"point": one.strip()} for one in forms.text("isolation", 1000).split(",") if one.strip()]
        until = clock.now() + timedelta(hours=request.form.get("hours", 8, type=int))
        service.issue_permit(
            g.session, g.scope, order_id=order_id, kind=forms.text("kind"), expires_at=until, isolation=points
        )

    return act_on(order_id, deed, _("The permit is issued."))


@pages.post("/workorders/<uuid:order_id>/comment")
def comment_order(order_id: UUID) -> Response:
    """Add a remark."""

    def deed() -> None:
        service.comment(g.session, g.scope, order_id=order_id, text=forms.text("text", 4000),
                        is_public="is_public" in request.form)  # fmt: skip

    return act_on(order_id, deed, _("Added."))


@pages.post("/workorders/<uuid:order_id>/confirm")
def confirm_order(order_id: UUID) -> Response:
    """Say whether it works again, where sensors cannot."""

    def deed() -> None:
        say = service.confirm_by_hand if request.form.get("works") == "yes" else service.deny_by_hand
        seen = forms.text("seen", 1000) or (_("It works again.") if say is service.confirm_by_hand else "")
        say(g.session, g.scope, order_id=order_id, seen=seen)

    return act_on(order_id, deed, _("Thank you."))


@pages.post("/workorders/<uuid:order_id>/close")
def close_order(order_id: UUID) -> Response:
    """Close it."""
    return act_on(order_id, lambda: service.close(g.session, g.scope, order_id=order_id), _("Closed."))


@pages.post("/workorders/<uuid:order_id>/reopen")
def reopen_order(order_id: UUID) -> Response:
    """The fault is back."""
    return act_on(
        order_id,
        lambda: service.reopen(g.session, g.scope, order_id=order_id, reason=_reason()),
        _("Reopened."),
    )


@pages.get("/workorders/<uuid:order_id>/photos/<uuid:photo_id>")
def work_photo(order_id: UUID, photo_id: UUID) -> Any:
    """Give the bytes of a photo, as it is kept."""
    sha256, mime = service.photo(g.session, g.scope, order_id=order_id, photo_id=photo_id)
    answer = current_app.response_class(current_app.files.open(sha256), mimetype=mime)  # type: ignore[attr-defined]  # Enerfield
    answer.headers["Cache-Control"] = "private, max-age=86400"
    return answer


def _count(counts: dict[OrderStatus, int], states: frozenset[OrderStatus] | None) -> int:
    return sum(
        number
        for status, number in counts.items()
        if (status not in OVER if states is None else status in states)
    )


def _names(rows: Any) -> dict[UUID, str]:
    return tenancy.names(g.session, g.scope, {visit.technician_id for row in rows for visit in row.visits})


def _is_left(found: Any) -> bool:
    """Tell whether work began and every visit is over, so that only another one brings it on."""
    states = [v.status for v in found.visits if v.cycle == found.order.cycle]
    is_begun = found.order.status in (OrderStatus.IN_PROGRESS, OrderStatus.ON_HOLD) and any(
        one not in (VisitStatus.CANCELLED, VisitStatus.DECLINED) for one in states
    )
    return is_begun and ENDED.issuperset(states)


def _alarm(order: Any) -> Any:
    """Return the alarm that opened an order, where the asker sees it."""
    try:
        return alarms.alarm(g.session, g.scope, order.alarm_id) if order.alarm_id else None
    except NotFound:
        return None


def _lacks_permit(found: Any) -> bool:
    """Tell whether work could not start for want of a permit, which whoever plans the visit should know before."""
    is_before = found.order.status in (
        OrderStatus.READY, OrderStatus.SCHEDULED, OrderStatus.DISPATCHED, OrderStatus.ACCEPTED)  # fmt: skip
    valid = [one for one in found.permits if one.handed_back_at is None and one.expires_at > clock.now()]
    return bool(_may(found.order) and found.order.needs_permit and is_before and not valid)


def _arrival(found: Any) -> Any:
    """Return the visit a customer waits for: the next one that is planned or under way."""
    living = [one for one in found.visits if one.ended_at is None]
    return living[0] if living else None


def _history(events: Sequence[Any]) -> list[tuple[Any, int]]:
    """Return what happened, newest first, the same deed again and again as one with its count.

    A customer reads the steps of the work, not each answer and photo.
    """
    told: list[tuple[Any, int]] = []
    for one in events:
        is_step = one.after is not None and one.command not in SAID_BY_THE_ORDER
        if not (is_staff() or is_step or one.command in CUSTOMERS_READ):
            continue
        before = told[-1][0] if told else None
        is_again = before is not None and one.command in DETAILS and (before.command, before.actor_id) == (
            one.command, one.actor_id)  # fmt: skip
        told[-1:] = [(one, told[-1][1] + 1)] if is_again else [*told[-1:], (one, 1)]
    return told[::-1]


def _may(order: Any) -> bool:
    return any(
        order.organisation_id in g.scope.where(role)
        for role in (Role.DISPATCHER, Role.MANAGER, Role.ADMINISTRATOR)
    )


def _reason() -> str:
    return forms.text("reason", 1000)


def _money(typed: str) -> Decimal:
    try:
        return Decimal(typed)
    except ArithmeticError:
        raise Refused(_("%(text)s is not a number.", text=typed), field="estimate") from None


def _until() -> datetime:
    try:
        return datetime.fromisoformat(forms.text("until")).replace(tzinfo=ZoneInfo(g.zone or "UTC"))
    except ValueError:
        raise Refused(_("Say until when you expect to wait."), field="until") from None
