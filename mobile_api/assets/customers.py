"""Customers' files: whom to ring, what was said, which contracts there are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.assets import service
from mobile_api.assets.blueprint import blp
from mobile_api.fields import Id, PageQuery, Schema, instant, page_of

_LINE = ma.validate.Length(max=500)


class CustomerSchema(Schema):
    """A customer, and how many there are to ring."""

    id = Id()
    name = ma.fields.String()
    name_zh = ma.fields.String(allow_none=True)
    trade = ma.fields.String(allow_none=True)
    contacts = ma.fields.Integer()


class ContactSchema(Schema):
    """Somebody to talk to."""

    id = Id(dump_only=True)
    name = ma.fields.String(
        required=True, validate=ma.validate.Length(1, 120), metadata={"example": "Wang Min"}
    )
    function = ma.fields.String(load_default=None, allow_none=True, validate=_LINE)
    phone = ma.fields.String(
        load_default=None, allow_none=True, validate=_LINE, metadata={"example": "+86 574 1"}
    )
    email = ma.fields.String(load_default=None, allow_none=True, validate=_LINE)
    note = ma.fields.String(load_default=None, allow_none=True, validate=_LINE)


class NoteSchema(Schema):
    """What was said or agreed."""

    id = Id(dump_only=True)
    at = instant(dump_only=True)
    text = ma.fields.String(required=True, validate=ma.validate.Length(1, 4000))
    actor_id = Id(dump_only=True, allow_none=True)
    actor = ma.fields.String(dump_only=True, allow_none=True, metadata={"description": "Name."})


class ContractSchema(Schema):
    """A contract, by its number."""

    id = Id(dump_only=True)
    number = ma.fields.String(
        required=True, validate=ma.validate.Length(1, 80), metadata={"example": "2026-0417"}
    )
    title = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    starts_on = ma.fields.Date(required=True, metadata={"example": "2026-01-01"})
    ends_on = ma.fields.Date(load_default=None, allow_none=True, metadata={"description": "Its last day."})
    note = ma.fields.String(load_default=None, allow_none=True, validate=_LINE)


@blp.route("/customers")
class Customers(MethodView):
    """All of them."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(CustomerSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List customers by name; for staff."""
        found = service.list_customers(g.session, g.scope, organisations=g.scope.organisations, **page)
        return found.each(_customer)


@blp.route("/customers/<id:customer>/contacts")
class Contacts(MethodView):
    """Whom to ring."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(ContactSchema))
    def get(self, page: dict[str, Any], customer: UUID) -> Any:
        """List those to talk to, by name; for staff of who keeps the file."""
        return service.list_contacts(g.session, g.scope, customer, **page)

    @blp.arguments(ContactSchema)
    @blp.response(201, ContactSchema)
    def post(self, new: dict[str, Any], customer: UUID) -> Any:
        """Add somebody to talk to."""
        return service.add_contact(g.session, g.scope, customer_id=customer, **new)


@blp.route("/customer-contacts/<id:contact>")
class OneContact(MethodView):
    """One of them."""

    @blp.response(204)
    def delete(self, contact: UUID) -> None:
        """Take somebody out of a file who is no longer to be rung."""
        service.archive_contact(g.session, g.scope, contact_id=contact)


@blp.route("/customers/<id:customer>/notes")
class Notes(MethodView):
    """What was said."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(NoteSchema))
    def get(self, page: dict[str, Any], customer: UUID) -> Any:
        """List what was said or agreed, the newest first; for staff of who keeps the file."""
        return service.list_notes(g.session, g.scope, customer, **page).each(_note)

    @blp.arguments(NoteSchema)
    @blp.response(201, NoteSchema)
    def post(self, new: dict[str, Any], customer: UUID) -> Any:
        """Write down what was said or agreed."""
        return service.add_note(g.session, g.scope, customer_id=customer, **new)


@blp.route("/customers/<id:customer>/contracts")
class Contracts(MethodView):
    """What was agreed."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(ContractSchema))
    def get(self, page: dict[str, Any], customer: UUID) -> Any:
        """List the contracts, the newest first; for staff of who keeps the file."""
        return service.list_contracts(g.session, g.scope, customer, **page)

    @blp.arguments(ContractSchema)
    @blp.response(201, ContractSchema)
    def post(self, new: dict[str, Any], customer: UUID) -> Any:
        """Refer to a contract by its number."""
        return service.add_contract(g.session, g.scope, customer_id=customer, **new)


def _customer(row: Any) -> dict[str, Any]:
    one, contacts = row
    return {"id": one.id, "name": one.name, "name_zh": one.name_zh, "trade": one.trade, "contacts": contacts}


def _note(row: Any) -> dict[str, Any]:
    note, name = row
    return {"id": note.id, "at": note.at, "text": note.text, "actor_id": note.actor_id, "actor": name}
