"""Customers' files: kept by the organisation above, and not the customer's to read."""

from __future__ import annotations

from datetime import date

import pytest

from backend.assets import service as assets
from backend.assets.models import DocumentKind
from backend.kernel.errors import Forbidden, NotFound, Refused
from tests.backend.assets.test_files import PDF

FILE = (assets.list_contacts, assets.list_notes, assets.list_contracts)


@pytest.fixture(scope="module")
def filed(yard):
    """A customer with a contact, a note and a contract in their file."""
    customer = yard.world.east.customer.id
    yard.do(
        assets.add_contact,
        customer_id=customer,
        name="Frau Schmidt",
        phone="+49 30 1",
        function="plant manager",
    )
    yard.do(assets.add_note, yard.person("technician"), customer_id=customer, text="key at the gate")
    yard.do(
        assets.add_contract, customer_id=customer, number="C-1", title="Supply", starts_on=date(2025, 1, 1)
    )
    return customer


def test_a_file_holds_whom_to_ring_what_was_said_and_what_was_agreed(yard, filed):
    contacts, notes, contracts = (
        yard.do(listed, yard.person("dispatcher"), customer_id=filed).items for listed in FILE
    )
    assert [one.name for one in contacts] == ["Frau Schmidt"]
    assert [(note.text, name) for note, name in notes] == [("key at the gate", "Technician")]
    assert [one.number for one in contracts] == ["C-1"]
    assert contacts[0].organisation_id == yard.world.east.enterprise.id


@pytest.mark.parametrize("listed", FILE)
def test_a_customer_does_not_read_their_own_file(yard, filed, listed):
    with pytest.raises(Forbidden):
        yard.do(listed, yard.person("customer"), customer_id=filed)


@pytest.mark.parametrize("listed", FILE)
def test_another_tenant_does_not_know_the_customer(yard, filed, listed):
    with pytest.raises(NotFound):
        yard.do(listed, yard.world.west.scope, customer_id=filed)


def test_a_document_in_the_file_is_the_customers_to_read_only_when_it_is_shared(yard, filed, files):
    customer = yard.person("customer")
    added = {}
    for title, shared in (("Offer", True), ("Credit check", False)):
        new = assets.NewDocument(title, DocumentKind.CONTRACT, "c.pdf", PDF + title.encode(), shared)
        added[title] = yard.do(
            assets.add_document, files=files, about=assets.About(customer_id=filed), new=new
        ).id  # fmt: skip
    assert yard.do(assets.document, customer, document_id=added["Offer"]).title == "Offer"
    with pytest.raises(NotFound):
        yard.do(assets.document, customer, document_id=added["Credit check"])


def test_who_left_is_no_longer_rung(yard, filed):
    gone = yard.do(assets.add_contact, customer_id=filed, name="Herr Alt")
    yard.do(assets.archive_contact, contact_id=gone.id)
    assert "Herr Alt" not in {one.name for one in yard.do(assets.list_contacts, customer_id=filed).items}


def test_a_contract_does_not_end_before_it_begins(yard, filed):
    with pytest.raises(Refused) as refused:
        yard.do(
            assets.add_contract, customer_id=filed, number="C-2", title="x", starts_on=date(2025, 1, 2),
            ends_on=date(2025, 1, 1),
        )  # fmt: skip
    assert refused.value.field == "ends_on"


def test_customers_are_listed_with_how_many_there_are_to_ring(yard, filed):
    page = yard.do(assets.list_customers, organisations=yard.scope.organisations)
    assert [(row[0].id, row[1] >= 1) for row in page.items] == [(filed, True)]
