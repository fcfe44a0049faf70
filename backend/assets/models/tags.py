"""Tags: labels, chips and transponders, what each is bound to, its other names, and where it was seen."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class TagKind(StrEnum):
    """How a tag is read."""

    QR = "qr"
    RFID = "rfid"
    NFC = "nfc"


class TagState(StrEnum):
    """A tag waits for its asset, hangs at it, or was taken out of use for good."""

    UNBOUND = "unbound"
    BOUND = "bound"
    RETIRED = "retired"


class Surroundings(StrEnum):
    """Where labels of a batch will hang: the harsher, the more of the picture may be lost (QR levels M, Q, H)."""

    INDOORS = "indoors"
    OUTDOORS = "outdoors"
    HARSH = "harsh"


class AliasScheme(StrEnum):
    """What else a tag is called: a GS1 code, a chip's own serial number, a maker's code."""

    GS1 = "gs1"
    NFC = "nfc"
    MAKER = "maker"


class TagEventKind(StrEnum):
    """What happens to tags."""

    MADE = "made"
    BOUND = "bound"
    REBOUND = "rebound"
    RETIRED = "retired"
    ALIAS_ADDED = "alias_added"
    ALIAS_REMOVED = "alias_removed"


class TagBatch(TenantOwned, Base):
    """Tags made together, to be printed together."""

    __tablename__ = "tag_batch"

    id: Mapped[Key]
    name: Mapped[str]
    size: Mapped[int]
    surroundings: Mapped[Surroundings]
    made_at: Mapped[datetime]
    made_by: Mapped[UUID | None]


class Tag(TenantOwned, Base):
    """One tag. It belongs to whoever owns what it is bound to; an unbound one to whoever made it.

    region_id: top of the tree, within which short codes and aliases are unique
    position_id, device_id: what it is bound to, exactly one of them while it is bound
    seen_*: the newest sighting; WGS 84 [degrees], accuracy [m]
    """

    __tablename__ = "tag"
    __table_args__ = (
        UniqueConstraint("region_id", "short_code"),
        CheckConstraint("num_nonnulls(position_id, device_id) = (state = 'bound')::int", name="one_asset"),
        Index("ix_tag_position_id", "position_id", postgresql_where=text("position_id IS NOT NULL")),
        Index("ix_tag_device_id", "device_id", postgresql_where=text("device_id IS NOT NULL")),
        Index("ix_tag_batch_id", "batch_id", postgresql_where=text("batch_id IS NOT NULL")),
    )

    id: Mapped[Key]
    region_id: Mapped[UUID]
    kind: Mapped[TagKind]
    state: Mapped[TagState]
    short_code: Mapped[str]
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("tag_batch.id"))
    position_id: Mapped[UUID | None] = mapped_column(ForeignKey("position.id"))
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("device.id"))
    made_at: Mapped[datetime]
    bound_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[UUID | None]
    seen_longitude: Mapped[float | None]
    seen_latitude: Mapped[float | None]
    seen_accuracy_m: Mapped[float | None]


class TagEvent(TenantOwned, Base):
    """One thing that happened to a tag: by whom, when, where, why. Only ever added to.

    position_id, device_id: what it was bound to from then on (bound, rebound) or until then (retired)
    photo_sha256: of a picture that proves it
    """

    __tablename__ = "tag_event"
    __table_args__ = (Index("ix_tag_event_tag_id", "tag_id", "id"),)

    id: Mapped[Key]
    tag_id: Mapped[UUID] = mapped_column(ForeignKey("tag.id"))
    kind: Mapped[TagEventKind]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    position_id: Mapped[UUID | None] = mapped_column(ForeignKey("position.id"))
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("device.id"))
    reason: Mapped[str | None]
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    photo_sha256: Mapped[str | None]


class TagAlias(TenantOwned, Base):
    """Another name of a tag. value: for GS1 codes the element string, for the others what the chip says."""

    __tablename__ = "tag_alias"
    __table_args__ = (UniqueConstraint("region_id", "scheme", "value"),)

    id: Mapped[Key]
    region_id: Mapped[UUID]
    tag_id: Mapped[UUID] = mapped_column(ForeignKey("tag.id"), index=True)
    scheme: Mapped[AliasScheme]
    value: Mapped[str]
    added_at: Mapped[datetime]


class TagSighting(TenantOwned, Base):
    """Somebody scanned a tag. Only ever added to. source: camera, nfc, wedge, typed, link."""

    __tablename__ = "tag_sighting"
    __table_args__ = (Index("ix_tag_sighting_tag_id_at", "tag_id", "at"),)

    id: Mapped[Key]
    tag_id: Mapped[UUID] = mapped_column(ForeignKey("tag.id"))
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    source: Mapped[str]
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    accuracy_m: Mapped[float | None]


class TagWarning(TenantOwned, Base):
    """A tag was seen in two places faster than one tag travels: one of the two is a copy.

    At most one open warning a tag. distance_m: at least, fixes' accuracies taken off [m]; seconds between;
    times: how often it was noticed while open
    """

    __tablename__ = "tag_warning"
    __table_args__ = (
        Index("uq_tag_warning_open", "tag_id", unique=True, postgresql_where=text("acknowledged_at IS NULL")),
    )

    id: Mapped[Key]
    tag_id: Mapped[UUID] = mapped_column(ForeignKey("tag.id"), index=True)
    first_sighting_id: Mapped[UUID] = mapped_column(ForeignKey("tag_sighting.id"))
    second_sighting_id: Mapped[UUID] = mapped_column(ForeignKey("tag_sighting.id"))
    distance_m: Mapped[float]
    seconds: Mapped[float]
    raised_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    comment: Mapped[str | None]
