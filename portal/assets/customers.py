"""Customers' files: whom to ring, what was said, which contracts and documents there are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.assets import service
from backend.assets.service import About
from backend.kernel.errors import EnerfieldError, Refused
from backend.tenancy import service as tenancy
from portal.address import asked, following
from portal.assets import views, words
from portal.navigation import below, look
from portal.pages import done, pages, refused
from portal.words import named_here as named


@pages.get("/customers")
def customers() -> str:
    """Answer: who are our customers, and whom do we ring there?"""
    node = look()
    page = service.list_customers(g.session, g.scope, organisations=below(node), cursor=asked())
    return render_template(
        "assets/customers.html",
        rows=[
            {
                "name": named(one), "trade": one.trade, "contacts": contacts,
                "link": url_for("portal.customer", customer_id=one.id),
            }
            for one, contacts in page.items
        ],
        next=following(page),
    )  # fmt: skip


@pages.get("/customers/<uuid:customer_id>")
def customer(customer_id: UUID) -> str:
    """Show one customer's file."""
    look()
    contacts = service.list_contacts(g.session, g.scope, customer_id, cursor=asked("contacts"))
    notes = service.list_notes(g.session, g.scope, customer_id, cursor=asked("notes"), limit=20)
    contracts = service.list_contracts(g.session, g.scope, customer_id, cursor=asked("contracts"), limit=20)
    documents, more_documents = views.documents_of(About(customer_id=customer_id))
    g.organisation = tenancy.organisation(g.session, g.scope, customer_id)
    return render_template(
        "assets/customer.html", customer=g.organisation, may_keep=views.may_read_files(), contacts=contacts.items,
        more_contacts=following(contacts, "contacts"), notes=notes.items, more_notes=following(notes, "notes"),
        contracts=contracts.items, more_contracts=following(contracts, "contracts"), documents=documents,
        more_documents=more_documents, about={"customer": customer_id},
        document_kinds=list(words.DOCUMENT_KINDS.items()), may_edit=views.may_edit(),
    )  # fmt: skip


@pages.post("/customers/<uuid:customer_id>/contacts")
def add_contact(customer_id: UUID) -> Response:
    """Add somebody to ring."""
    names = ("function", "phone", "email", "note")
    return _kept(
        customer_id, service.add_contact, name=request.form.get("name", ""),
        **{name: views.said(name) for name in names},
    )  # fmt: skip


@pages.post("/customers/<uuid:customer_id>/contacts/<uuid:contact_id>/archive")
def archive_contact(customer_id: UUID, contact_id: UUID) -> Response:
    """Take somebody out of the file who is no longer to be rung."""
    back = url_for("portal.customer", customer_id=customer_id)
    try:
        service.archive_contact(g.session, g.scope, contact_id=contact_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Taken out of the list."), back)


@pages.post("/customers/<uuid:customer_id>/notes")
def add_note(customer_id: UUID) -> Response:
    """Write down what was said."""
    return _kept(customer_id, service.add_note, text=request.form.get("text", ""))


@pages.post("/customers/<uuid:customer_id>/contracts")
def add_contract(customer_id: UUID) -> Response:
    """Refer to a contract by its number."""
    try:
        starts_on, ends_on = views.day("starts_on"), views.day("ends_on")
        if starts_on is None:
            raise Refused(_("say from which day on"), field="starts_on")
    except EnerfieldError as error:
        return refused(error, url_for("portal.customer", customer_id=customer_id))
    return _kept(
        customer_id, service.add_contract, number=request.form.get("number", ""), starts_on=starts_on,
        title=request.form.get("title", ""), ends_on=ends_on,
    )  # fmt: skip


def _kept(customer_id: UUID, command: Any, **given: Any) -> Response:
    back = url_for("portal.customer", customer_id=customer_id)
    try:
        command(g.session, g.scope, customer_id=customer_id, **given)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Added."), back)
