"""Where things stand, as it is written down: sites, the places on them, who is supplied where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from geoalchemy2.shape import to_shape

from backend.kernel.errors import EnerfieldError, Forbidden, Refused
from backend.kernel.ids import show
from backend.kernel.scope import Role
from backend.kernel.units import Carrier
from backend.network import service
from backend.network.service import NewPosition, PositionKind
from backend.tenancy import service as tenancy
from portal import forms, places
from portal.address import asked, following
from portal.forms import Field, Page
from portal.navigation import below, in_order, look
from portal.pages import done, pages, refused
from portal.picking import pick, picked
from portal.terms import CATEGORIES, POSITION_KINDS
from portal.words import CARRIERS
from portal.words import named_here as named

KEEPERS = (Role.ADMINISTRATOR, Role.OPERATOR)
SUPPLIERS = (*KEEPERS, Role.MANAGER)


@pages.get("/sites")
def sites() -> str:
    """Answer: which places of business are there, and who is supplied at them?"""
    node = look()
    organisations = below(node)
    found = service.list_sites(g.session, g.scope, organisations=organisations, cursor=asked())
    supplied = service.list_supply_agreements(
        g.session, g.scope, operators=organisations, cursor=asked("supplied")
    )
    return render_template(
        "network/sites.html", node=node, sites=[_site_row(*one) for one in found.items], next=following(found),
        supplies=_supplies(supplied.items), more_supplies=following(supplied, "supplied"),
        may_write=may_keep(node.id),
    )  # fmt: skip


@pages.route("/sites/new", methods=["GET", "POST"])
def new_site() -> Any:
    """Make a site."""
    if not g.scope.holds(*KEEPERS):
        raise Forbidden("sites are added by administrators and plant operators", remedy="ask one of them")
    owner = pick(
        "organisation", _("Belongs to"), "kept_organisation", request.args.get("at", ""), is_half=False
    )
    page = Page(
        _("New site"), _("Where does it stand, and in which time and money does it count?"), [_sites_step()],
        _("Add the site"), [owner, *_place_fields(None), *_business_fields(None)],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        made = service.create_site(
            g.session, g.scope, organisation_id=picked("organisation", "kept_organisation"),
            new=_said_place(PositionKind.SITE), **_said_business(),
        )  # fmt: skip
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(
        _("%(name)s is added. Next: the places on it, and what is measured there.", name=named(made)),
        at_place(made.id),
    )


@pages.route("/positions/<uuid:position_id>/edit", methods=["GET", "POST"])
def edit_position(position_id: UUID) -> Any:
    """Say otherwise what a place is and where it stands; of a site its time zone, currency, calendar, address too."""
    found = service.position(g.session, g.scope, position_id)
    g.scope.demand(found.organisation_id, *KEEPERS)
    site = service.site_of(g.session, g.scope, found.id) if found.parent_id is None else None
    kind = [] if site else [_kind_field(found.kind.value)]
    page = Page(
        _("Edit %(name)s", name=named(found)), _("What it is called, and where it stands"), places.way_to(found),
        _("Save"), [*kind, *_place_fields(found), *(_business_fields(site) if site else ())],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        said = _said_place(found.kind if site else PositionKind(forms.among("kind", POSITION_KINDS)))
        moved = {} if _where(found) == tuple(forms.text(name) for name in ("longitude", "latitude")) else {
            "geometry": said.geometry
        }  # fmt: skip
        service.change_position(
            g.session, g.scope, position_id=found.id, kind=said.kind, name=said.name, name_zh=said.name_zh,
            code=said.code, category=said.category, carriers=said.carriers, **moved,
        )  # fmt: skip
        if site:
            service.change_site(g.session, g.scope, position_id=found.id, **_said_business())
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Saved."), at_place(found.id))


@pages.route("/positions/<uuid:position_id>/positions/new", methods=["GET", "POST"])
def new_position(position_id: UUID) -> Any:
    """Make a place under another."""
    parent = service.position(g.session, g.scope, position_id)
    g.scope.demand(parent.organisation_id, *KEEPERS)
    page = Page(
        _("New place"), _("What stands at %(name)s?", name=named(parent)), places.way_to(parent), _("Add the place"),
        [_kind_field("building"), *_place_fields(None)],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        new = _said_place(PositionKind(forms.among("kind", POSITION_KINDS)))
        made = service.create_position(g.session, g.scope, parent_id=parent.id, new=new)
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("%(name)s is added. Next: what is measured there.", name=named(made)), at_place(made.id))


@pages.route("/positions/<uuid:position_id>/supply/new", methods=["GET", "POST"])
def new_supply(position_id: UUID) -> Any:
    """Supply a customer at a place."""
    found = service.position(g.session, g.scope, position_id)
    g.scope.demand(found.organisation_id, *SUPPLIERS)
    g.zone = service.site_of(g.session, g.scope, found.id).timezone
    page = Page(
        _("New supply"), _("Who is supplied at %(name)s and below it? From then on they see it.", name=named(found)),
        places.way_to(found), _("Supply them"),
        [
            pick("customer", _("Customer"), "supplied_organisation", is_half=False),
            Field("starts_at", _("From"), kind="datetime-local", hint=g.zone),
            Field("ends_at", _("Until"), kind="datetime-local", is_required=False,
                  hint=_("empty: until further notice")),
        ],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        customer = tenancy.organisation(g.session, g.scope, picked("customer", "supplied_organisation"))
        if customer.id == found.organisation_id:
            raise Refused(
                _("The place is theirs already."), field="customer", remedy=_("choose one of the list")
            )
        starts_at, ends_at = forms.moment("starts_at", g.zone), forms.moment("ends_at", g.zone)
        if starts_at is None:
            raise Refused(_("A supply has a beginning."), field="starts_at", remedy=_("say from when"))
        if ends_at is not None and ends_at <= starts_at:
            raise Refused(
                _("It would end before it begins."), field="ends_at", remedy=_("choose a later instant")
            )
        service.create_supply_agreement(
            g.session, g.scope, customer_id=customer.id, operator_id=found.organisation_id, position_id=found.id,
            starts_at=starts_at, ends_at=ends_at,
        )  # fmt: skip
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("%(name)s is supplied here.", name=named(customer)), at_place(found.id))


@pages.post("/supply/<uuid:agreement_id>/end")
def end_supply(agreement_id: UUID) -> Any:
    """End a supply at an instant."""
    node = look()
    back = url_for("portal.sites", at=show(node.id) if node else None)
    try:
        ends_at = forms.moment("ends_at", g.zone)
        if ends_at is None:
            raise Refused(_("Say when it ends."), field="ends_at")
        service.end_supply_agreement(g.session, g.scope, agreement_id=agreement_id, ends_at=ends_at)
    except Refused as error:
        return refused(error, back)
    return done(_("It ends then. What was measured before stays visible to the customer."), back)


# --- parts


def at_place(position_id: UUID) -> str:
    """Return the address of a place's page."""
    return url_for("portal.position", position_id=position_id)


def offered_at(found: Any) -> list[dict[str, str]]:
    """Return what the asker can do at a place, as its page offers it."""
    deeds = [
        ("edit_position", _("Edit"), KEEPERS), ("new_position", _("Add a place below"), KEEPERS),
        ("new_point", _("Add a point"), KEEPERS), ("new_device_here", _("Add a device"), KEEPERS),
        ("new_supply", _("Supply a customer"), SUPPLIERS),
    ]  # fmt: skip
    return [
        {"name": name, "link": url_for(f"portal.{page}", position_id=found.id)}
        for page, name, roles in deeds
        if may_keep(found.organisation_id, *roles)
    ]


def may_keep(organisation_id: UUID, *roles: Role) -> bool:
    """Tell whether the asker may change what an organisation owns."""
    return any(organisation_id in g.scope.where(role) for role in roles or KEEPERS)


def nodes_of(*roles: Role) -> list[Any]:
    """Return the organisations in which the asker holds one of some roles, as the tree reads."""
    held = frozenset().union(*(g.scope.where(role) for role in roles))
    return [
        node
        for top in tenancy.tops(g.session, g.scope)
        for node in in_order(tenancy.subtree(g.session, g.scope, top.id))
        if node.id in held
    ]


def _supplies(found: Sequence[Any]) -> list[dict[str, Any]]:
    """Return who is supplied, as rows."""
    where = service.positions_by_id(g.session, g.scope, {one.position_id for one in found})
    names = tenancy.organisations_by_id(g.session, g.scope, {one.organisation_id for one in found})
    return [
        {
            "id": one.id, "customer": named(names.get(one.organisation_id, {})),
            "place": named(where.get(one.position_id, {})), "link": at_place(one.position_id),
            "starts_at": one.starts_at, "ends_at": one.ends_at, "may_end": may_keep(one.operator_id, *SUPPLIERS),
        }
        for one in found
    ]  # fmt: skip


def _site_row(site: Any, place: Any) -> dict[str, Any]:
    return {
        "id": place.id, "name": named(place), "link": at_place(place.id), "address": site.address,
        "timezone": site.timezone, "currency": site.currency, "may_write": may_keep(place.organisation_id),
    }  # fmt: skip


def _sites_step() -> dict[str, str]:
    return {"name": _("Sites"), "link": url_for("portal.sites", at=request.args.get("at"))}


def _kind_field(chosen: str) -> Field:
    return Field(
        "kind", _("Kind"), chosen, "select", is_half=False,
        options=[(key, words) for key, words in POSITION_KINDS.items() if key != "site"],
    )  # fmt: skip


def _where(found: Any) -> tuple[str, str]:
    """Return the coordinates a form shows for a place."""
    if found is None or found.geometry is None:
        return "", ""
    spot = to_shape(found.geometry).representative_point()
    return f"{spot.x:.6f}", f"{spot.y:.6f}"


def _place_fields(found: Any) -> list[Field]:
    longitude, latitude = _where(found)
    return [
        Field("name", _("Name in English"), found.name if found else "", attributes={"maxlength": "200"}),
        Field("name_zh", _("Name in Chinese"), (found.name_zh if found else "") or "", is_required=False),
        Field("code", _("Code"), (found.code if found else "") or "", is_required=False,
              hint=_("what is painted on it, or what drawings call it")),
        Field("category", _("Category"), (found.category if found else "") or "", "select",
              options=[("", "–"), *CATEGORIES.items()]),
        Field("longitude", _("Longitude"), longitude, "number", is_required=False, attributes={"step": "any"},
              hint=_("degrees, WGS 84, for the map: 121.473701")),
        Field("latitude", _("Latitude"), latitude, "number", is_required=False, attributes={"step": "any"},
              hint=_("degrees, WGS 84, for the map: 31.230416")),
        Field("carriers", _("Carriers"), list(found.carriers) if found else [], "checks", is_half=False,
              options=list(CARRIERS.items()), hint=_("what is taken in or delivered here")),
    ]  # fmt: skip


def _business_fields(site: Any) -> list[Field]:
    return [
        Field("timezone", _("Time zone"), site.timezone if site else "Asia/Shanghai",
              hint=_("days and tariffs follow it: Asia/Shanghai")),
        Field("currency", _("Currency"), site.currency if site else "CNY", hint=_("three letters: CNY")),
        Field("calendar", _("Calendar"), site.calendar if site else "CN",
              hint=_("country whose holidays count: CN")),
        Field("address", _("Address"), (site.address if site else "") or "", is_required=False),
    ]  # fmt: skip


def _said_place(kind: PositionKind) -> NewPosition:
    where = [forms.number(name) for name in ("longitude", "latitude")]
    if where.count(None) == 1:
        missing = ("longitude", "latitude")[where.index(None)]
        raise Refused(_("A place has two coordinates."), field=missing, remedy=_("give both, or none"))
    carriers = request.form.getlist("carriers")
    return NewPosition(
        kind, forms.text("name"), forms.maybe("name_zh"), forms.maybe("code"),
        carriers=tuple(one for one in Carrier if one.value in carriers), category=forms.maybe("category"),
        geometry=None if None in where else {"type": "Point", "coordinates": where},
    )  # fmt: skip


def _said_business() -> dict[str, Any]:
    return {
        "timezone": forms.text("timezone"), "currency": forms.text("currency").upper(),
        "calendar": forms.text("calendar"), "address": forms.maybe("address", 500),
    }  # fmt: skip
