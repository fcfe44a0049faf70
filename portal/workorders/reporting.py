"""Reporting a fault: where, what, and whether it is the one that is known already."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, request, url_for
from flask_babel import gettext as _

from backend.kernel import clock
from backend.kernel.errors import EnerfieldError
from backend.kernel.ids import show
from backend.kernel.scope import Role
from backend.network import service as network
from backend.tenancy import service as tenancy
from backend.workorders import service
from backend.workorders.rules import faults
from backend.workorders.service import Report, Source
from portal import forms, language
from portal.forms import Field, Page
from portal.navigation import is_staff, look
from portal.pages import done, pages
from portal.picking import pick, picked
from portal.words import instant, titled
from portal.words import named_here as named

PLACES = 200
"""So many places are offered below each that is supplied."""


@pages.route("/workorders/new", methods=["GET", "POST"])
def report_fault() -> Any:
    """Report a fault at a place: one's own supply and what is below it, or wherever staff see it."""
    node = look()
    at = request.values.get("position") or ""
    if request.method == "GET":
        return forms.show(_page(node, at))
    try:
        new = Report(
            position_id=picked("position", "place"), title=forms.text("title"),
            description=forms.maybe("description", 2000), fault_class=forms.maybe("fault_class"),
            is_another=forms.text("same") == "no",
        )  # fmt: skip
        if not is_staff() and not forms.text("same"):
            there = service.open_fault(
                g.session, g.scope, position_id=new.position_id, fault_class=new.fault_class
            )
            if there is not None:
                return forms.show(_page(node, at, there))
        made = service.report(g.session, g.scope, new=new, source=_source())
    except EnerfieldError as error:
        return forms.show(_page(node, at), error)
    said = _("Reported as %(number)s.", number=made.order.number) if made.is_new else _(
        "This is known already: your report is added to %(number)s.", number=made.order.number)  # fmt: skip
    return done(said, url_for("portal.work_order", order_id=made.order.id))


def _page(node: Any, at: str, there: Any = None) -> Page:
    """Return the form; there: the open order it may be about, which is asked first."""
    question = _("What is wrong, and where?")
    if there is not None:
        question = _("A fault of this kind is open there. Is it yours?")
    return Page(
        _("Report a fault"), question, [{"link": url_for("portal.work_orders"), "name": _("Work orders")}],
        _("Send the report"),
        [*([_same_field(there)] if there is not None else ()), *_place_field(at), _fault_field(),
         Field("title", _("In a few words"), is_half=False,
               attributes={"maxlength": "200", "placeholder": _("No heat in the east wing")}),
         Field("description", _("What else we should know"), kind="area", is_required=False, is_half=False)],
        hidden={"position": at} if at else {}, aside=_danger(node),
    )  # fmt: skip


def _same_field(there: Any) -> Field:
    """Ask whether it is the order that is open, of which the asker reads the title only where it is about them."""
    mine = any(row.order.id == there.id for row in _seen(there))
    known = f"{there.number} · {titled(there)}" if mine else there.number
    since = instant(there.reported_at, g.zone, language.current())
    options = [
        ("yes", _("The same: add my report to %(known)s, open since %(time)s", known=known, time=since)),
        ("no", _("No, it is another fault")),
    ]
    return Field("same", _("Is it the same?"), kind="select", options=options, is_half=False)


def _seen(there: Any) -> Any:
    return service.orders(g.session, g.scope, service.OrderFilter(text=there.number), limit=2).items


def _danger(node: Any) -> str:
    """Say what to do where it is dangerous, with the phone of whoever supplies the place."""
    operators = [one.operator_id for one in _supplies()] if not is_staff() else []
    asked = [*operators, *([node.id] if node is not None else [])]
    phone = next(
        (found for one in asked if (found := tenancy.emergency_phone(g.session, g.scope, one))), None
    )
    if phone is None:
        return _("You smell gas, or something is live? Go away from it first.")
    return _("You smell gas, or something is live? Go away from it first, then call %(phone)s.", phone=phone)


def _source() -> Source:
    if g.scope.holds(Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR):
        return Source.DISPATCHER
    return Source.TECHNICIAN if g.scope.holds(Role.TECHNICIAN) else Source.CUSTOMER


def _supplies() -> Any:
    return network.supply_agreements(g.session, g.scope, at=clock.now())


def _place_field(at: str) -> list[Field]:
    """Return the choice of a place: those the asker is supplied at and all below, or the sites of staff."""
    if at:
        return []
    if is_staff():
        return [pick("position", _("Where"), "place", is_half=False)]
    found: dict[UUID, str] = {}
    for top in network.positions_by_id(g.session, g.scope, {one.position_id for one in _supplies()}).values():
        below = network.list_positions(g.session, g.scope, under=top.id, limit=PLACES).items
        ways = {one.id: one for one in below}
        ways[top.id] = top
        for one in sorted(ways.values(), key=lambda place: (len(_way(place, ways)), _way(place, ways))):
            found.setdefault(one.id, " › ".join(_way(one, ways)))
    return [Field("position", _("Where"), options=[(show(key), words) for key, words in found.items()],
                  kind="select", is_half=False)]  # fmt: skip


def _way(place: Any, ways: dict[UUID, Any]) -> list[str]:
    """Return the names from the supplied place down to this one."""
    above = ways.get(place.parent_id)
    return [*(_way(above, ways) if above is not None else ()), named(place)]


def _fault_field() -> Field:
    is_zh = language.current() == "zh"
    options = [("", _("I do not know"))] + [
        (one.code, one.name_zh if is_zh else one.name) for one in faults.CATALOGUE
    ]
    return Field("fault_class", _("Kind"), kind="select", options=options, is_half=False, is_required=False)
