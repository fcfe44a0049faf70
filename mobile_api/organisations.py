"""The tree of organisations: look at it, add to it, rename, switch applications, see what was changed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.tenancy import service
from backend.tenancy.service import Application, OrganisationKind
from mobile_api.fields import Area, Id, PageQuery, Schema, instant, page_of

blp = Area(
    "organisations",
    __name__,
    url_prefix="/organisations",
    description="Region > park > enterprise > customer.",
)

_NAME = ma.validate.Length(1, 200)


class OrganisationSchema(Schema):
    """A node of the tree."""

    id = Id(dump_only=True)
    parent_id = Id(dump_only=True, allow_none=True)
    kind = ma.fields.Enum(OrganisationKind, by_value=True, required=True)
    name = ma.fields.String(required=True, validate=_NAME, metadata={"example": "Harbour park"})
    name_zh = ma.fields.String(allow_none=True, validate=_NAME, metadata={"example": "港区园区"})
    trade = ma.fields.String(allow_none=True, validate=_NAME, metadata={"example": "hotel"})
    is_simulated = ma.fields.Boolean(dump_only=True, metadata={"description": "Its data are computed."})


class RenameSchema(Schema):
    """A node's other name."""

    name = ma.fields.String(required=True, validate=_NAME)
    name_zh = ma.fields.String(load_default=None, allow_none=True, validate=_NAME)


class SwitchesSchema(Schema):
    """Each application, on or off here."""

    monitoring = ma.fields.Boolean(required=True)
    analysis = ma.fields.Boolean(required=True)
    management = ma.fields.Boolean(required=True)
    maintenance = ma.fields.Boolean(required=True)
    trading = ma.fields.Boolean(required=True)
    services = ma.fields.Boolean(required=True)


class SwitchSchema(Schema):
    """One switch; null takes it away, so that the node above decides."""

    application = ma.fields.Enum(Application, by_value=True, required=True)
    is_on = ma.fields.Boolean(required=True, allow_none=True)


class AuditEventSchema(Schema):
    """One change."""

    id = Id()
    at = instant()
    actor_kind = ma.fields.String()
    actor_id = Id(allow_none=True)
    action = ma.fields.String(metadata={"example": "person.grant"})
    entity = ma.fields.String()
    entity_id = ma.fields.String()
    organisation_id = Id(allow_none=True)
    before = ma.fields.Dict(allow_none=True)
    after = ma.fields.Dict(allow_none=True)
    reason = ma.fields.String(allow_none=True)


@blp.route("")
class Organisations(MethodView):
    """Where one may begin."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(OrganisationSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List the highest organisations one sees, by name; those below each: at its children."""
        return service.level(g.session, g.scope, None, **page)


@blp.route("/<id:organisation>")
class OneOrganisation(MethodView):
    """One node."""

    @blp.response(200, OrganisationSchema)
    def get(self, organisation: UUID) -> Any:
        """Return one organisation."""
        return service.organisation(g.session, g.scope, organisation)

    @blp.arguments(RenameSchema)
    @blp.response(200, OrganisationSchema)
    def patch(self, given: dict[str, Any], organisation: UUID) -> Any:
        """Give it another name (administrators)."""
        return service.rename_organisation(g.session, g.scope, organisation, **given)


@blp.route("/<id:organisation>/children")
class Children(MethodView):
    """Nodes below."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(OrganisationSchema))
    def get(self, page: dict[str, Any], organisation: UUID) -> Any:
        """List the nodes directly below this one, by name: the tree, a level at a time."""
        return service.level(g.session, g.scope, organisation, **page)

    @blp.arguments(OrganisationSchema)
    @blp.response(201, OrganisationSchema)
    def post(self, given: dict[str, Any], organisation: UUID) -> Any:
        """Add an organisation below this one (administrators)."""
        return service.create_organisation(g.session, g.scope, parent_id=organisation, **given)


@blp.route("/<id:organisation>/applications")
class Applications(MethodView):
    """What is on and off here."""

    @blp.response(200, SwitchesSchema)
    def get(self, organisation: UUID) -> dict[str, bool]:
        """Tell which of the six applications are on; the nearest switch upwards decides."""
        return _switches(organisation)

    @blp.arguments(SwitchSchema)
    @blp.response(200, SwitchesSchema)
    def patch(self, given: dict[str, Any], organisation: UUID) -> dict[str, bool]:
        """Switch one application for this organisation and all below it (administrators)."""
        service.switch_application(g.session, g.scope, organisation, **given)
        g.session.flush()
        return _switches(organisation)


@blp.route("/<id:organisation>/changes")
class Changes(MethodView):
    """The audit trail."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(AuditEventSchema))
    def get(self, page: dict[str, Any], organisation: UUID) -> Any:
        """List what was changed here and below, the newest first (administrators)."""
        return service.audit_trail(g.session, g.scope, organisation, **page)


def _switches(organisation: UUID) -> dict[str, bool]:
    return {a.value: on for a, on in service.applications(g.session, g.scope, organisation).items()}


def organisations_under(organisation: UUID | None) -> frozenset[UUID] | None:
    """Return an organisation with all below it as far as one sees; None stands for all one sees."""
    if organisation is None:
        return None
    return frozenset(node.id for node in service.subtree(g.session, g.scope, organisation))
