"""Delegated administration: who may do what here, which applications are on, what needs the administrator."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse, show
from backend.kernel.scope import Role
from backend.tenancy import service
from backend.tenancy.service import Application, OrganisationKind
from portal import forms, language, wires
from portal.address import asked, following
from portal.forms import Field
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.picking import pick, picked
from portal.words import APPLICATIONS, ROLES

TIERS = tuple(OrganisationKind)


@pages.get("/organisation")
def administration() -> str:
    """Answer: who may do what, what is connected, what is silent?"""
    node = look()
    g.scope.demand(node.id, Role.ADMINISTRATOR)
    below = service.level(g.session, g.scope, node.id, cursor=asked())
    people = service.people(g.session, g.scope, node.id, limit=6)
    return render_template(
        "tenancy/administration.html", node=node, below=below.items, next=following(below),
        people=people.items, roles=_roles_of(people.items),
        applications=_applications(node.id), trail=_trail(node.id, log_ins=False),
        log_ins=_trail(node.id, log_ins=True), connections=wires.summary(), child_tiers=_tiers_below(node),
    )  # fmt: skip


@pages.post("/organisation/<uuid:organisation_id>/applications")
def switch_application(organisation_id: UUID) -> Response:
    """Switch one of the six applications on or off for an organisation and all below it."""
    name = request.form.get("application", "")
    if name not in set(Application):
        raise Refused("there is no such application", field="application", value=name)
    is_on = request.form.get("is_on") == "1"
    service.switch_application(
        g.session, g.scope, organisation_id, application=Application(name), is_on=is_on
    )
    said = _("%(name)s is on.") if is_on else _("%(name)s is off.")
    return done(said % {"name": APPLICATIONS[name]}, _back("administration", organisation_id))


@pages.post("/organisation/<uuid:organisation_id>/name")
def rename_organisation(organisation_id: UUID) -> Response:
    """Give an organisation another name, in both languages."""
    back = _back("administration", organisation_id)
    try:
        service.rename_organisation(
            g.session, g.scope, organisation_id, name=request.form.get("name", ""),
            name_zh=request.form.get("name_zh", "").strip() or None,
        )  # fmt: skip
    except Refused as error:
        return refused(error, back)
    return done(_("Saved."), back)


@pages.post("/organisation/<uuid:organisation_id>/children")
def add_organisation(organisation_id: UUID) -> Response:
    """Add an organisation below another."""
    back = _back("administration", organisation_id)
    form = request.form
    try:
        kind = OrganisationKind(form.get("kind", "customer"))
        added = service.create_organisation(
            g.session, g.scope, parent_id=organisation_id, kind=kind, name=form.get("name", ""),
            name_zh=form.get("name_zh", "").strip() or None, trade=form.get("trade", "").strip() or None,
        )  # fmt: skip
    except (Refused, ValueError) as error:
        return refused(error if isinstance(error, Refused) else Refused(str(error)), back)
    return done(_("%(name)s is added.", name=added.name), back)


@pages.get("/people")
def people() -> str:
    """Answer: who may do what here?"""
    return _people(look())


@pages.post("/people")
def invite() -> Any:
    """Invite somebody: they get a letter with a link."""
    try:
        invited = service.invite(
            g.session, g.scope, email=forms.text("email"), name=forms.text("name"), role=_role(forms.text("role")),
            organisation_id=picked("organisation", "administered_organisation"),
            locale=forms.text("locale") or language.current(),
        )  # fmt: skip
    except EnerfieldError as error:
        return _people(look(), error), 422
    back = url_for("portal.people", at=request.args.get("at"))
    return done(_("%(name)s is invited. The letter is on its way.", name=invited.name), back)


def _people(node: Any, error: EnerfieldError | None = None) -> str:
    page = service.people(g.session, g.scope, node.id, cursor=asked(), limit=50)
    may_invite = node.id in g.scope.where(Role.ADMINISTRATOR)
    return render_template(
        "tenancy/people.html", node=node, people=page.items, roles=_roles_of(page.items), next=following(page),
        may_invite=may_invite, **forms.judged(_invitation() if may_invite else [], error),
    )  # fmt: skip


def _invitation() -> list[Field]:
    """Return what is asked of an invitation: nobody is given a role, or one in the whole region, by oversight."""
    none = ("", _("choose one"))
    return [
        Field("name", _("Name"), attributes={"maxlength": "200"}), Field("email", _("E-mail address"), kind="email"),
        Field("role", _("May act as"), kind="select", options=[none, *ROLES.items()], attributes={"required": ""}),
        pick("organisation", _("Organisation"), "administered_organisation", request.args.get("at", ""),
             nothing=none[1]),
        Field("locale", _("Language of the letter"), language.current(), "select",
              options=[("zh", "中文"), ("en", "English")], is_half=False),
    ]  # fmt: skip


@pages.get("/people/<uuid:person_id>")
def person_page(person_id: UUID) -> str:
    """Show one person, with what they may do where."""
    person = service.person(g.session, g.scope, person_id)
    return render_template(
        "tenancy/person.html", who=person, held=_roles_of([person])[person.id],
        is_me=person.id == g.scope.actor_id, may_change=g.scope.holds(Role.ADMINISTRATOR),
    )  # fmt: skip


@pages.post("/people/<uuid:person_id>/<any(grant,withdraw,suspend,reinstate,invite_again):action>")
def change_person(person_id: UUID, action: str) -> Response:
    """Give or take a role, suspend, reinstate, or send the invitation again."""
    try:
        said = _change(person_id, action)
    except EnerfieldError as error:
        return refused(error, url_for("portal.person_page", person_id=person_id))
    return done(said, url_for("portal.person_page", person_id=person_id))


def _change(person_id: UUID, action: str) -> str:
    session, scope, form = g.session, g.scope, request.form
    if action == "grant":
        person = service.person(session, scope, person_id)
        node = picked("organisation", "administered_organisation")
        service.grant(session, scope, person=person, organisation_id=node, role=_role(form.get("role")))
        return _("The role is given.")
    if action == "withdraw":
        service.withdraw(session, scope, parse(form.get("membership", "")))
        return _("The role is taken away.")
    getattr(service, action)(session, scope, person_id)
    return {
        "suspend": _("Suspended. Every log-in has ended."), "reinstate": _("May log in again."),
        "invite_again": _("The invitation is sent again; the earlier link no longer works."),
    }[action]  # fmt: skip


def _role(name: str | None) -> Role:
    if not name:
        raise Refused(_("Nothing is chosen."), field="role", remedy=_("choose one of the list"))
    if name not in set(Role):
        raise Refused("there is no such role", field="role", value=name)
    return Role(name)


def _trail(node_id: UUID, *, log_ins: bool) -> list[dict[str, Any]]:
    """Return what was done here lately: what, when, and at the door also who and from where."""
    found = service.audit_trail(g.session, g.scope, node_id, limit=8, log_ins=log_ins).items
    people = [parse(one.entity_id) for one in found if one.entity == "person"] if log_ins else []
    names = service.names(g.session, g.scope, people) if people else {}
    return [
        {
            "action": one.action, "at": one.at, "network": (one.after or {}).get("network"),
            "who": names.get(parse(one.entity_id)) if log_ins and one.entity == "person" else None,
        }
        for one in found
    ]  # fmt: skip


def _roles_of(found: Any) -> dict[UUID, list[dict[str, Any]]]:
    """Return each person's roles with the organisation's name beside them."""
    roles: dict[UUID, list[dict[str, Any]]] = {person.id: [] for person in found}
    held = service.memberships(g.session, g.scope, list(roles))
    nodes = service.organisations_by_id(g.session, g.scope, {one.organisation_id for one in held})
    for one in held:
        if one.organisation_id in nodes:
            roles[one.person_id].append({"id": one.id, "role": one.role, "node": nodes[one.organisation_id]})
    return roles


def _applications(node_id: UUID) -> list[dict[str, Any]]:
    on = service.applications(g.session, g.scope, node_id)
    return [
        {"key": name.value, "name": APPLICATIONS[name.value], "is_on": is_on} for name, is_on in on.items()
    ]


def _tiers_below(node: Any) -> list[str]:
    return [tier.value for tier in TIERS[TIERS.index(node.kind) + 1 :]]


def _back(page: str, organisation_id: UUID) -> str:
    return url_for(f"portal.{page}", at=show(organisation_id))
