"""Delegated administration: who is here, invite them, change what they may do, suspend them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.kernel.scope import Role
from backend.tenancy import rules, service
from backend.tenancy.service import PersonStatus
from mobile_api.auth import RoleSchema
from mobile_api.fields import Area, Id, PageQuery, Schema, few, instant, page_of

blp = Area("people", __name__, description="Who may do what, for administrators of a node.")


class PersonSchema(Schema):
    """Somebody with a role here."""

    id = Id()
    email = ma.fields.String()
    name = ma.fields.String()
    status = ma.fields.Enum(PersonStatus, by_value=True)
    locale = ma.fields.String()
    last_login_at = instant(allow_none=True)


class PersonWithRolesSchema(PersonSchema):
    """Somebody, with the roles that the asker may see."""

    roles = few(ma.fields.Nested(RoleSchema), rules.MOST_ROLES)


class InvitationSchema(Schema):
    """Who is invited, and as what."""

    email = ma.fields.Email(required=True, validate=ma.validate.Length(3, 254))
    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    role = ma.fields.Enum(Role, by_value=True, required=True)
    locale = ma.fields.String(load_default="en", validate=ma.validate.OneOf(rules.LOCALES))


class GrantSchema(Schema):
    """A role to give, and where."""

    organisation_id = Id(required=True)
    role = ma.fields.Enum(Role, by_value=True, required=True)


@blp.route("/organisations/<id:organisation>/people")
class People(MethodView):
    """Who is at a node."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(PersonSchema))
    def get(self, page: dict[str, Any], organisation: UUID) -> Any:
        """List who holds a role here or below, by name (administrators and managers)."""
        return service.people(g.session, g.scope, organisation, **page)

    @blp.arguments(InvitationSchema)
    @blp.response(201, PersonWithRolesSchema)
    def post(self, given: dict[str, Any], organisation: UUID) -> dict[str, Any]:
        """Give somebody a role here and have a letter sent (administrators)."""
        return _shown(service.invite(g.session, g.scope, organisation_id=organisation, **given))


@blp.route("/people/<id:person>")
class OnePerson(MethodView):
    """One person."""

    @blp.response(200, PersonWithRolesSchema)
    def get(self, person: UUID) -> dict[str, Any]:
        """Return one person with their roles here."""
        return _shown(service.person(g.session, g.scope, person))


@blp.route("/people/<id:person>/suspension")
class Suspension(MethodView):
    """Whether somebody may log in."""

    @blp.response(200, PersonWithRolesSchema)
    def put(self, person: UUID) -> dict[str, Any]:
        """Stop somebody from logging in and end all their log-ins."""
        return _shown(service.suspend(g.session, g.scope, person))

    @blp.response(200, PersonWithRolesSchema)
    def delete(self, person: UUID) -> dict[str, Any]:
        """Let a suspended person log in again."""
        return _shown(service.reinstate(g.session, g.scope, person))


@blp.route("/people/<id:person>/invitation")
class Invitation(MethodView):
    """The letter of an invitation."""

    @blp.response(202, PersonWithRolesSchema)
    def post(self, person: UUID) -> dict[str, Any]:
        """Send it once more; the link in the earlier one stops working."""
        return _shown(service.invite_again(g.session, g.scope, person))


@blp.route("/people/<id:person>/roles")
class Roles(MethodView):
    """What somebody may do."""

    @blp.arguments(GrantSchema)
    @blp.response(201, RoleSchema)
    def post(self, given: dict[str, Any], person: UUID) -> Any:
        """Give a person another role at a node one administers."""
        known = service.person(g.session, g.scope, person)
        return service.grant(g.session, g.scope, person=known, **given)


@blp.route("/roles/<id:role>")
class OneRole(MethodView):
    """One role of one person at one node."""

    @blp.response(204)
    def delete(self, role: UUID) -> None:
        """Take the role away; it ends with the person's next request."""
        service.withdraw(g.session, g.scope, role)


def _shown(person: Any) -> dict[str, Any]:
    shown = {
        name: getattr(person, name) for name in ("id", "email", "name", "status", "locale", "last_login_at")
    }
    return shown | {"roles": service.memberships(g.session, g.scope, [person.id])}
