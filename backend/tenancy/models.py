"""Organisations, people, what they are where, and how they prove who they are."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel import ids
from backend.kernel.db import Base, Key, TenantOwned
from backend.kernel.tree import Ltree


class OrganisationKind(StrEnum):
    """Tiers of the tree; levels may be skipped."""

    REGION = "region"
    PARK = "park"
    ENTERPRISE = "enterprise"
    CUSTOMER = "customer"


class Application(StrEnum):
    """The six applications of the product; each can be off for an organisation and all below."""

    MONITORING = "monitoring"
    ANALYSIS = "analysis"
    MANAGEMENT = "management"
    MAINTENANCE = "maintenance"
    TRADING = "trading"
    SERVICES = "services"


class Organisation(Base):
    """A node of the tree region > park > enterprise > customer.

    emergency_phone: called when it smells of gas; where a node has none, the nearest one's above
    """

    __tablename__ = "organisation"
    __table_args__ = (Index("ix_organisation_path", "path", postgresql_using="gist"),)

    id: Mapped[Key]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    path: Mapped[str] = mapped_column(Ltree())
    kind: Mapped[OrganisationKind]
    name: Mapped[str]
    name_zh: Mapped[str | None]
    trade: Mapped[str | None]
    emergency_phone: Mapped[str | None]
    is_simulated: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_at: Mapped[datetime]


class ApplicationSwitch(TenantOwned, Base):
    """One application switched on or off at a node; the nearest switch upwards decides, on by default."""

    __tablename__ = "application_switch"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    application: Mapped[Application] = mapped_column(primary_key=True)
    is_on: Mapped[bool]


class PersonStatus(StrEnum):
    """Invited people have no password yet; suspended people cannot log in and their sessions end."""

    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"


class Person(Base):
    """Somebody who can log in. E-mail addresses are kept in lower case."""

    __tablename__ = "person"

    id: Mapped[Key]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    status: Mapped[PersonStatus]
    locale: Mapped[str] = mapped_column(default="en")
    preferences: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]


class Membership(TenantOwned, Base):
    """A role held by a person at a node of the tree, and below it."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("person_id", "organisation_id", "role"),)

    id: Mapped[Key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str]
    created_at: Mapped[datetime]


class PortalSession(Base):
    """A log-in of a browser. The cookie holds a random token; here lies only its SHA-256."""

    __tablename__ = "portal_session"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True, default=ids.new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user_agent: Mapped[str | None]
    network: Mapped[str | None]


class RefreshToken(Base):
    """A link in the chain of a phone's log-in. Using a rotated one again ends the whole family.

    started_at: when the family's first token was given; expires_at: when this one falls silent
    """

    __tablename__ = "refresh_token"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    family_id: Mapped[UUID] = mapped_column(index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    device_id: Mapped[str]
    device_name: Mapped[str | None]
    started_at: Mapped[datetime]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    rotated_at: Mapped[datetime | None]
    successor_hash: Mapped[bytes | None]
    revoked_at: Mapped[datetime | None]


class OneTimeToken(Base):
    """An invitation or password reset sent by mail: random, hashed here, used once, short-lived."""

    __tablename__ = "one_time_token"
    __table_args__ = (CheckConstraint("purpose IN ('invitation', 'password_reset')", name="purpose"),)

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
