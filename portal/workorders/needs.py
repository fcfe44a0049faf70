"""What an order takes and leaves behind: parts, another visit where it does not work yet, what was learned."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from uuid import UUID

from flask import g, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.kernel.errors import Refused
from backend.workorders import service
from portal import forms
from portal.pages import pages
from portal.picking import picked
from portal.workorders.orders import act_on


@pages.post("/workorders/<uuid:order_id>/parts")
def plan_part(order_id: UUID) -> Response:
    """Say how many of a part the job will take; none takes it off."""

    def deed() -> None:
        service.plan_part(g.session, g.scope, order_id=order_id, part_id=picked("part", "part"),
                          quantity=_quantity(forms.text("quantity")))  # fmt: skip

    return act_on(order_id, deed, _("Noted."))


@pages.post("/workorders/<uuid:order_id>/rework")
def rework_order(order_id: UUID) -> Response:
    """Send the one who was there back in."""
    return act_on(order_id, lambda: service.rework(g.session, g.scope, order_id=order_id), _("Sent back in."))


@pages.post("/workorders/<uuid:order_id>/follow-up")
def follow_up_order(order_id: UUID) -> Response:
    """Call for another visit."""
    return act_on(
        order_id,
        lambda: service.follow_up(g.session, g.scope, order_id=order_id),
        _("Ready to plan another visit."),
    )


@pages.post("/workorders/<uuid:order_id>/another-visit")
def plan_order_again(order_id: UUID) -> Response:
    """Make it ready for another visit, since nobody is there any more."""
    return act_on(
        order_id,
        lambda: service.plan_again(g.session, g.scope, order_id=order_id),
        _("Ready to plan another visit."),
    )


@pages.post("/workorders/<uuid:order_id>/cards/<uuid:card_id>")
def decide_card(order_id: UUID, card_id: UUID) -> Response:
    """Keep what was learned, or drop it."""

    def deed() -> None:
        service.decide_card(g.session, g.scope, card_id=card_id, is_kept=request.form.get("keep") == "yes",
                            text=forms.maybe("text", 2000))  # fmt: skip

    return act_on(order_id, deed, _("Decided."))


@pages.post("/workorders/<uuid:order_id>/rate")
def rate_order(order_id: UUID) -> Response:
    """Say how it went."""

    def deed() -> None:
        service.rate(g.session, g.scope, order_id=order_id, stars=request.form.get("stars", 0, type=int),
                     text=forms.maybe("text", 1000))  # fmt: skip

    return act_on(order_id, deed, _("Thank you for your word."))


def _quantity(typed: str) -> Decimal:
    try:
        found = Decimal(typed.replace(",", "."))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise Refused("this is not a number", field="quantity", value=typed, remedy="write 2 or 1.5")
    return found
