"""Stick a label on every device and machine of the region, and leave a sheet of labels that wait.

Ids come from keys, so that the demo's labels are the same each time it is loaded; what is signed on them
differs with the installation's secret.
"""

import hashlib
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets.service import tags
from backend.assets.service.tags import Asset
from backend.demo.founding import Ground
from backend.demo.people import REGION
from backend.demo.region import Region
from backend.tenancy.service.organisations import set_emergency_phone

MACHINES = frozenset({"unit", "station", "feeder", "stack", "plant", "substation"})
EMERGENCY_PHONE = "021-5550-0119"
WAITING = 24


def stick(session: Session, region: Region, ground: Ground) -> None:
    """Make and bind the labels in the caller's transaction, a batch for each owner."""
    set_emergency_phone(session, ground.scope, ground.organisations[REGION], phone=EMERGENCY_PHONE)
    for owner, assets in _by_owner(region, ground).items():
        ids = {tag_id(key): asset for key, asset in assets.items()}
        tags.make_batch(
            session,
            ground.scope,
            organisation_id=owner,
            name="Devices and machines",
            size=len(ids),
            tag_ids=list(ids),
        )
        for identifier, asset in ids.items():
            tags.bind(session, ground.scope, identifier, asset=asset)
    tags.make_batch(
        session, ground.scope, organisation_id=ground.organisations[REGION], name="Sheet that waits", size=WAITING,
        tag_ids=[tag_id(f"waiting {number}") for number in range(WAITING)],
    )  # fmt: skip


def tag_id(key: str) -> UUID:
    """Return the id of the label of a device or position: a UUIDv7 of the start of 2025, random bits from the key."""
    random = int.from_bytes(hashlib.sha256(f"label of {key}".encode()).digest()[:10], "big")
    value = (
        1_735_689_600_000 << 80
        | 0x7 << 76
        | (random >> 68 & 0xFFF) << 64
        | 0b10 << 62
        | random & (1 << 62) - 1
    )
    return UUID(int=value)


def _by_owner(region: Region, ground: Ground) -> dict[UUID, dict[str, Asset]]:
    found: dict[UUID, dict[str, Asset]] = {}
    for device in region.devices:
        asset = Asset(device_id=ground.devices[device.key])
        found.setdefault(ground.owners[device.position], {})[f"device {device.key}"] = asset
    for position in region.positions:
        if position.kind in MACHINES:
            asset = Asset(position_id=ground.positions[position.key])
            found.setdefault(ground.owners[position.key], {})[f"position {position.key}"] = asset
    return found
