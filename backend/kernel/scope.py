"""Who asks, and what they may see. The second argument of every service and query."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from backend.kernel.errors import Forbidden


class Role(StrEnum):
    """What a person is at a node of the organisation tree."""

    TECHNICIAN = "technician"
    CUSTOMER = "customer"
    DISPATCHER = "dispatcher"
    OPERATOR = "operator"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


STAFF = frozenset({Role.TECHNICIAN, Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR})


class Kind(StrEnum):
    """The four kinds of asking. None of them is unlimited."""

    PERSON = "person"
    GATEWAY = "gateway"
    SYSTEM = "system"
    PUBLIC = "public"


@dataclass(frozen=True)
class Scope:
    """Who asks and what they may see.

    kind: person, gateway, system or public
    actor_id: the person's or connection's id; None for system and public
    organisations: every organisation the asker sees: the nodes of their memberships and all below
    roles: role -> organisations where it is held (with all below)
    reason: why a system scope was opened, for the audit
    locale: the language of answers, 'zh' or 'en'
    """

    kind: Kind
    organisations: frozenset[UUID]
    actor_id: UUID | None = None
    roles: tuple[tuple[Role, frozenset[UUID]], ...] = ()
    reason: str = ""
    locale: str = "en"

    @classmethod
    def person(cls, actor_id: UUID, roles: dict[Role, frozenset[UUID]], *, locale: str = "en") -> Scope:
        """A person with the organisations of each of their roles, subtrees included."""
        seen = frozenset().union(*roles.values()) if roles else frozenset()
        return cls(Kind.PERSON, seen, actor_id, tuple(sorted(roles.items())), locale=locale)

    @classmethod
    def gateway(cls, connection_id: UUID, organisations: frozenset[UUID]) -> Scope:
        """A field gateway that pushes readings with its key."""
        return cls(Kind.GATEWAY, organisations, connection_id)

    @classmethod
    def system(cls, organisations: frozenset[UUID], reason: str) -> Scope:
        """A worker or listener acting for an organisation and all below it."""
        if not reason:
            raise ValueError("a system scope says why it was opened")
        return cls(Kind.SYSTEM, organisations, reason=reason)

    @classmethod
    def public(cls) -> Scope:
        """Somebody unknown: fault reports and tag pages only."""
        return cls(Kind.PUBLIC, frozenset())

    def where(self, role: Role) -> frozenset[UUID]:
        """Return the organisations in which the asker holds `role`."""
        return dict(self.roles).get(role, frozenset())

    def holds(self, *roles: Role) -> bool:
        """Tell whether the asker holds any of `roles` anywhere."""
        return any(self.where(role) for role in roles)

    @property
    def staff_organisations(self) -> frozenset[UUID]:
        """Organisations seen as staff (or as system or gateway); a mere customer's are not among them."""
        if self.kind is not Kind.PERSON:
            return self.organisations
        return frozenset().union(*(self.where(role) for role in STAFF))

    def demand(self, organisation_id: UUID, *roles: Role) -> None:
        """Raise Forbidden unless the asker holds one of `roles` at `organisation_id` (systems may)."""
        if self.kind is Kind.SYSTEM and organisation_id in self.organisations:
            return
        if not any(organisation_id in self.where(role) for role in roles):
            wanted = " or ".join(role.value for role in roles)
            raise Forbidden(
                f"this needs the role {wanted} here", remedy="ask an administrator of the organisation"
            )
