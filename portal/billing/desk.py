"""What several pages of billing begin with: whose accounts, today, and names of customers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from flask import g, request

from backend.billing.service import ledger
from backend.kernel import clock, paging
from backend.kernel.errors import Refused
from backend.kernel.ids import parse
from backend.kernel.periods import local_date
from backend.kernel.scope import Role
from backend.network import service as network
from backend.tenancy import service as tenancy
from portal.navigation import below, look
from portal.words import named_here as named

KEEPERS = (Role.MANAGER, Role.ADMINISTRATOR)


def today() -> date:
    """Return the local day of what the page is about."""
    return local_date(clock.now(), g.zone)


def is_office() -> bool:
    """Tell whether the asker keeps accounts anywhere."""
    return g.scope.holds(*KEEPERS)


def keeps(organisation_id: UUID) -> bool:
    """Tell whether the asker keeps the accounts of an organisation."""
    return any(organisation_id in g.scope.where(role) for role in KEEPERS)


def book_here() -> Any:
    """Return the book of the organisation looked at, or of the first below or above it that keeps one; else None."""
    node = look()
    books = list(paging.every(lambda cursor: ledger.books(g.session, g.scope, cursor=cursor, limit=200)))
    if node is None or not books:
        return books[0] if books else None
    own = below(node)
    return next((one for one in books if one.organisation_id == node.id), None) or next(
        (one for one in books if one.organisation_id in own), books[0]
    )


def in_zone_of(organisation_id: UUID) -> str:
    """Return the time zone of an operator, and let the page be in it."""
    g.zone = network.zone_of(g.session, g.scope, organisation_id) or g.zone
    return str(g.zone)


def names_of(organisations: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of organisations, as far as the asker sees them."""
    found = tenancy.organisations_by_id(g.session, g.scope, set(organisations))
    return {key: named(one) for key, one in found.items()}


def customer_asked() -> UUID | None:
    """Return the customer the address names."""
    return parse(request.args["customer"]) if request.args.get("customer") else None


def required_day(name: str) -> date:
    """Return a day of a form; raises Refused for what is none."""
    typed = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise Refused(
            "this is no day", field=name, value=typed[:40], remedy="write it like 2026-10-01"
        ) from None


def maybe_day(name: str) -> date | None:
    """Return a day of a form, None where nothing was typed."""
    return required_day(name) if request.form.get(name, "").strip() else None
