"""Who analyses: whose energy a scope may look into, and which part of it a question is about."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from backend.kernel.scope import Kind, Role, Scope

ANALYSTS = (Role.MANAGER, Role.DISPATCHER, Role.OPERATOR)
"""Roles that look into consumption; customers see their own under Use."""


def analysed(scope: Scope) -> frozenset[UUID]:
    """Return the organisations the scope looks into; a system looks into those it was opened for."""
    if scope.kind is Kind.SYSTEM:
        return scope.organisations
    return frozenset().union(*(scope.where(role) for role in ANALYSTS)) & scope.organisations


def analyses(scope: Scope, organisation_id: Any) -> ColumnElement[bool]:
    """Condition: the scope looks into this organisation."""
    return organisation_id.in_(analysed(scope))
