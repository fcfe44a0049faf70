"""Who sees forecasts: those who plan and run the plant. Customers see none for now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from backend.kernel.scope import Kind, Role, Scope

LOOKERS = (Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
"""Roles that see forecasts."""
KEEPERS = (Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
"""Roles that say what is forecast, and ask for new models."""


def seen(scope: Scope) -> frozenset[UUID]:
    """Return the organisations whose forecasts the scope sees; a system sees those it was opened for."""
    if scope.kind is Kind.SYSTEM:
        return scope.organisations
    return frozenset().union(*(scope.where(role) for role in LOOKERS)) & scope.organisations


def sees(scope: Scope, organisation_id: Any) -> ColumnElement[bool]:
    """Condition: forecasts of this organisation are seen by the scope."""
    return organisation_id.in_(seen(scope))  # type: ignore[no-any-return]  # a column's own word
