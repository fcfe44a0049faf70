"""What tenancy tells: somebody is to get a letter. Tokens never travel in events; the listener makes them."""

from __future__ import annotations

from uuid import UUID

from backend.kernel.events import Event

INVITED = "tenancy.person_invited"
GRANTED = "tenancy.access_granted"
RESET_WANTED = "tenancy.password_reset_wanted"


def invited(person_id: UUID, organisation_id: UUID, actor_id: UUID | None) -> Event:
    """Somebody new was invited to an organisation."""
    return Event(INVITED, organisation_id, {"person_id": str(person_id)}, actor_id=actor_id)


def access_granted(person_id: UUID, organisation_id: UUID, actor_id: UUID | None) -> Event:
    """Somebody who already logs in elsewhere was given a role here."""
    return Event(GRANTED, organisation_id, {"person_id": str(person_id)}, actor_id=actor_id)


def reset_wanted(person_id: UUID, organisation_id: UUID) -> Event:
    """Somebody forgot their password and asks for a letter."""
    return Event(RESET_WANTED, organisation_id, {"person_id": str(person_id)}, actor_id=person_id)
