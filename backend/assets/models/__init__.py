"""Tables of assets: devices and their lives, documents, parts and stock, customers' files."""

from backend.assets.models.customer import ContractReference, CustomerContact, CustomerNote
from backend.assets.models.device import Device, DeviceEvent, Installation
from backend.assets.models.document import Document, DocumentKind
from backend.assets.models.part import MovementReason, Part, StockMovement, Store, StoreKind
from backend.assets.models.tags import (
    AliasScheme,
    Surroundings,
    Tag,
    TagAlias,
    TagBatch,
    TagEvent,
    TagEventKind,
    TagKind,
    TagSighting,
    TagState,
    TagWarning,
)
from backend.assets.rules.life import DeviceStatus

__all__ = [
    "AliasScheme", "ContractReference", "CustomerContact", "CustomerNote", "Device", "DeviceEvent", "DeviceStatus",
    "Document", "DocumentKind", "Installation", "MovementReason", "Part", "StockMovement", "Store", "StoreKind",
    "Surroundings", "Tag", "TagAlias", "TagBatch", "TagEvent", "TagEventKind", "TagKind", "TagSighting", "TagState",
    "TagWarning",
]  # fmt: skip
