"""Spare parts: the catalogue with what lies where, one store, and moving between them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.assets import service
from backend.assets.service import MovementReason, StoreKind
from backend.kernel import ids
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.scope import Role
from portal.address import asked, following, here
from portal.assets import views, words
from portal.navigation import below, look
from portal.pages import done, pages, refused
from portal.picking import maybe_picked
from portal.terms import word
from portal.words import named_here as named

MOVES = ("received", "used", "returned", "scrapped", "counted", "transferred")


@pages.get("/parts")
def parts() -> str:
    """Answer: which parts are there, where, of which too few, and what does not add up?"""
    node = look()
    short = request.args.get("show") == "short"
    text = (request.args.get("q") or "").strip()[:100] or None
    organisations = below(node)
    page = service.list_parts(
        g.session, g.scope, organisations=organisations, text=text, below_minimum=short,
        cursor=asked(),
    )  # fmt: skip
    stores = service.list_stores(
        g.session, g.scope, organisations=organisations, cursor=asked("stores"), limit=20
    )
    wrong = service.stock_exceptions(
        g.session, g.scope, organisations=organisations, cursor=asked("wrong"), limit=20
    )
    return render_template(
        "assets/parts.html", parts=[_row(part, quantity) for part, quantity in page.items],
        next=following(page), stores=[_store(*one) for one in stores.items],
        more_stores=following(stores, "stores"),
        wrong=[_balance(one) for one in wrong.items], more_wrong=following(wrong, "wrong"),
        show="short" if short else "all", q=text or "",
        tab=lambda name: here(show=name, after=None), may_edit=views.may_edit(), node=node,
        store_kinds=list(words.STORE_KINDS.items()),
        may_see_people=node.id in g.scope.where(Role.ADMINISTRATOR) | g.scope.where(Role.MANAGER),
    )  # fmt: skip


@pages.post("/parts")
def add_part() -> Response:
    """Put a part into the catalogue."""
    node, back = look(), url_for("portal.parts")
    try:
        service.add_part(
            g.session, g.scope, organisation_id=node.id, number=request.form.get("number", ""),
            name=request.form.get("name", ""), name_zh=views.said("name_zh"), unit=request.form.get("unit", ""),
            minimum=views.number("minimum") or Decimal(0),
        )  # fmt: skip
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Added."), back)


@pages.post("/stores")
def add_store() -> Response:
    """Open a warehouse, or the van of a technician."""
    node, back = look(), url_for("portal.parts")
    try:
        person = maybe_picked("person", "technician", at=node.id)
        service.create_store(
            g.session, g.scope, organisation_id=node.id, name=request.form.get("name", ""),
            kind=StoreKind.VAN if person else StoreKind.WAREHOUSE, person_id=person,
        )  # fmt: skip
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Opened."), back)


@pages.get("/stores/<uuid:store_id>")
def store(store_id: UUID) -> str:
    """Answer: what lies in this store, and what moved?"""
    look()
    found = service.store(g.session, g.scope, store_id)
    lying = service.stock_in(g.session, g.scope, store_id, cursor=asked("lying"))
    lines = service.ledger(g.session, g.scope, store_id=store_id, cursor=asked("earlier"))
    stores = service.list_stores(g.session, g.scope, limit=200).items
    others = [(one.id, named(one)) for one, _person in stores if one.id != found.id]
    return render_template(
        "assets/store.html", store=found, kind=word(words.STORE_KINDS, found.kind), others=others,
        lying=[_balance(one) for one in lying.items], more_lying=following(lying, "lying"),
        more_lines=following(lines, "earlier"), may_mend=views.may_mend(), op_id=ids.show(ids.new_id()),
        has_parts=bool(service.list_parts(g.session, g.scope, limit=1).items),
        reasons=[(name, word(words.REASONS, name)) for name in MOVES if others or name != "transferred"],
        lines=[
            {
                "at": one.movement.at, "part": named(one.part), "number": one.part.number, "unit": one.part.unit,
                "delta": one.movement.delta, "reason": word(words.REASONS, one.movement.reason), "actor": one.actor,
                "note": one.movement.note,
            }
            for one in lines.items
        ],
    )  # fmt: skip


@pages.post("/stores/<uuid:store_id>/movement")
def move_stock(store_id: UUID) -> Response:
    """Book what came, went, was counted or was carried over; a form sent twice counts once."""
    back = url_for("portal.store", store_id=store_id)
    try:
        quantity = views.number("quantity")
        if quantity is None:
            raise Refused(_("say how many"), field="quantity")
        _move(store_id, ids.parse(request.form.get("part", "")), request.form.get("reason", ""), quantity)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Booked."), back)


def _move(store_id: UUID, part_id: UUID, reason: str, quantity: Decimal) -> None:
    common: dict[str, Any] = {"op_id": ids.parse(request.form.get("op_id", "")), "note": views.said("note")}
    if reason == "counted":
        service.count_stock(
            g.session, g.scope, store_id=store_id, part_id=part_id, counted=quantity, **common
        )
    elif reason == "transferred":
        service.transfer(
            g.session, g.scope, from_id=store_id, to_id=ids.parse(request.form.get("to", "")), part_id=part_id,
            quantity=quantity, **common,
        )  # fmt: skip
    elif reason in set(MovementReason):
        goes = reason in ("used", "scrapped")
        move = service.Move(store_id, part_id, -quantity if goes else quantity, MovementReason(reason))
        service.move_stock(g.session, g.scope, moves=[move], **common)
    else:
        raise Refused(_("say what happened"), field="reason", value=reason)


def _row(part: Any, quantity: Decimal) -> dict[str, Any]:
    return {
        "number": part.number, "name": named(part), "unit": part.unit, "quantity": quantity, "minimum": part.minimum,
        "is_short": quantity < part.minimum,
    }  # fmt: skip


def _store(store: Any, person: str | None) -> dict[str, Any]:
    return {
        "name": named(store), "kind": word(words.STORE_KINDS, store.kind), "person": person,
        "link": url_for("portal.store", store_id=store.id),
    }  # fmt: skip


def _balance(one: service.Balance) -> dict[str, Any]:
    return {
        "store": named(one.store), "link": url_for("portal.store", store_id=one.store.id), "number": one.part.number,
        "part": named(one.part), "unit": one.part.unit, "quantity": one.quantity,
    }  # fmt: skip
