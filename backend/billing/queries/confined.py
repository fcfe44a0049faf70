"""Who sees what of billing: those who keep an operator's accounts, and customers what was issued to them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from backend.kernel.db import among
from backend.kernel.scope import Kind, Role, Scope

KEEPERS = (Role.MANAGER, Role.ADMINISTRATOR)
"""Roles that keep accounts: see all of an operator's, run bills, take payments."""


def kept(scope: Scope) -> frozenset[UUID]:
    """Return the organisations whose accounts the scope keeps; a system keeps those it was opened for."""
    if scope.kind is Kind.SYSTEM:
        return scope.organisations
    return frozenset().union(*(scope.where(role) for role in KEEPERS)) & scope.organisations


def keeps(scope: Scope, organisation_id: Any) -> ColumnElement[bool]:
    """Condition: the accounts of this organisation are kept by the scope."""
    return among(organisation_id, kept(scope))


def pays(scope: Scope, customer_id: Any) -> ColumnElement[bool]:
    """Condition: the scope asks for this customer: as the customer, or as who keeps the customer's own accounts."""
    return among(customer_id, kept(scope) | scope.where(Role.CUSTOMER))
