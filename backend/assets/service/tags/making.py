"""Making tags: batches to be printed, chips found in the field, and other names."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets.models.tags import (
    AliasScheme,
    Surroundings,
    Tag,
    TagAlias,
    TagBatch,
    TagEventKind,
    TagKind,
    TagState,
)
from backend.assets.queries import tags as queries
from backend.assets.rules import epc
from backend.assets.rules import tags as rules
from backend.assets.service.tags.record import DESKS, HANDS, note, trace
from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict, Refused
from backend.kernel.paging import Page
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy
from backend.tenancy.models import Organisation

MOST = 480
"""Tags in a batch: twenty sheets of 24."""


def make_batch(
    session: Session, scope: Scope, *, organisation_id: UUID, name: str, size: int,
    surroundings: str = Surroundings.INDOORS, tag_ids: Sequence[UUID] = (),
) -> TagBatch:  # fmt: skip
    """Make QR tags that wait for their assets, to be printed together.

    tag_ids: ids made elsewhere, one a tag; without them new ones
    """
    scope.demand(organisation_id, *DESKS)
    if not 1 <= size <= MOST:
        raise Refused(
            f"a batch holds 1 to {MOST} tags", field="size", value=size, remedy="make several batches"
        )
    if not 1 <= len(name.strip()) <= 100:
        raise Refused("a batch has a name of 1 to 100 characters", field="name", value=name[:100])
    owner = tenancy.organisation(session, scope, organisation_id)
    batch = TagBatch(
        id=ids.new_id(), organisation_id=owner.id, name=name.strip(), size=size,
        surroundings=Surroundings(surroundings), made_at=clock.now(), made_by=scope.actor_id,
    )  # fmt: skip
    session.add(batch)
    session.flush()
    for tag_id in tag_ids or _fresh(session, scope, region_of(owner), size):
        _add(session, scope, owner, tag_id, TagKind.QR, batch)
    session.flush()
    audit.record(
        session, scope, action="tag.batch_made", entity="tag_batch", entity_id=batch.id,
        organisation_id=owner.id, after={"name": batch.name, "size": size},
    )  # fmt: skip
    return batch


def register_tag(
    session: Session, scope: Scope, *, organisation_id: UUID, kind: str,
    aliases: Sequence[tuple[str, str]] = (), tag_id: UUID | None = None,
) -> Tag:  # fmt: skip
    """Enter a tag that was not printed by us: a maker's RFID, an NFC chip, a label found at the thing.

    aliases: (scheme, what it says) by which it will be found; tag_id: made by a phone without signal,
    so that the same call again changes nothing
    """
    scope.demand(organisation_id, *HANDS)
    if tag_id is not None and (known := _known(session, scope, tag_id)) is not None:
        return known
    owner = tenancy.organisation(session, scope, organisation_id)
    (identifier,) = [tag_id] if tag_id else _fresh(session, scope, region_of(owner), 1)
    tag = _add(session, scope, owner, identifier, TagKind(kind), None)
    session.flush()
    for scheme, value in aliases:
        add_alias(session, scope, tag.id, scheme=scheme, value=value)
    trace(session, scope, tag, "registered", after={"kind": tag.kind.value})
    return tag


def add_alias(session: Session, scope: Scope, tag_id: UUID, *, scheme: str, value: str) -> TagAlias:
    """Give a tag another name, one in its region; saying it again changes nothing.

    GS1 codes may come as hexadecimal EPC, as URI, as bar code or as address: they are kept as element string.
    """
    tag = queries.tag(session, scope, tag_id, lock=True)
    scope.demand(tag.organisation_id, *HANDS)
    plain = canonical(scheme, value)
    holder = queries.alias_holder(session, scope, tag.region_id, scheme, plain)
    if holder is not None:
        if holder.tag_id == tag.id:
            return holder
        raise Conflict(
            "another tag has this name", field="value", value=plain, tag_id=ids.show(holder.tag_id),
            remedy="look at that tag; if its chip moved here, take the name from it first",
        )  # fmt: skip
    alias = TagAlias(
        id=ids.new_id(), organisation_id=tag.organisation_id, region_id=tag.region_id, tag_id=tag.id,
        scheme=AliasScheme(scheme), value=plain, added_at=clock.now(),
    )  # fmt: skip
    session.add(alias)
    note(session, scope, tag, TagEventKind.ALIAS_ADDED, reason=plain)
    session.flush()
    trace(session, scope, tag, "alias_added", after={"scheme": scheme, "value": plain})
    return alias


def remove_alias(session: Session, scope: Scope, tag_id: UUID, *, scheme: str, value: str) -> None:
    """Take a name from a tag."""
    tag = queries.tag(session, scope, tag_id, lock=True)
    scope.demand(tag.organisation_id, *HANDS)
    plain = canonical(scheme, value)
    for alias in queries.aliases(session, scope, [tag.id]):
        if (alias.scheme, alias.value) == (scheme, plain):
            session.delete(alias)
            note(session, scope, tag, TagEventKind.ALIAS_REMOVED, reason=plain)
            session.flush()
            trace(session, scope, tag, "alias_removed", before={"scheme": scheme, "value": plain})


def list_aliases(
    session: Session, scope: Scope, tag_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> Page[TagAlias]:
    """Return a page of the other names of a tag, the oldest first."""
    tag = queries.tag(session, scope, tag_id)
    return queries.aliases_page(session, scope, tag.id, cursor=cursor, limit=limit)


def canonical(scheme: str, value: str) -> str:
    """Return a name as it is kept; raises Refused where it is none of its scheme."""
    plain = value.strip()
    if scheme == AliasScheme.GS1:
        if (said := epc.element_string(plain)) is None:
            raise Refused(
                "this is neither an SGTIN nor a GIAI", field="value", value=plain[:100],
                remedy="scan it again, or enter it as the maker's own code",
            )  # fmt: skip
        return said
    if scheme == AliasScheme.NFC:
        compact = plain.replace(":", "").replace(" ", "").upper()
        if not 8 <= len(compact) <= 20 or set(compact) - set("0123456789ABCDEF"):
            raise Refused("a chip's serial number has 4 to 10 bytes in hexadecimal", field="value",
                          value=plain[:100], remedy="hold the phone to the chip again")  # fmt: skip
        return compact
    if not 1 <= len(plain) <= 100:
        raise Refused("a maker's code has 1 to 100 characters", field="value", value=plain[:100])
    return plain


def region_of(organisation: Organisation) -> UUID:
    """Return the top of the tree an organisation stands in: names of tags are unique there."""
    return UUID(organisation.path.split(".")[0])


def _add(
    session: Session, scope: Scope, owner: Organisation, tag_id: UUID, kind: TagKind, batch: TagBatch | None
) -> Tag:
    tag = Tag(
        id=tag_id, organisation_id=owner.id, region_id=region_of(owner), kind=kind, state=TagState.UNBOUND,
        short_code=rules.short_code(tag_id), batch_id=batch.id if batch else None, made_at=clock.now(),
    )  # fmt: skip
    session.add(tag)
    session.flush()
    note(session, scope, tag, TagEventKind.MADE)
    return tag


def _fresh(session: Session, scope: Scope, region_id: UUID, count: int) -> list[UUID]:
    """Return new ids whose short codes nobody in the region has."""
    found: dict[str, UUID] = {}
    while len(found) < count:
        drawn = {rules.short_code(one): one for one in (ids.new_id() for _ in range(count - len(found)))}
        taken = queries.taken_short_codes(session, scope, region_id, drawn)
        found |= {short: one for short, one in drawn.items() if short not in taken}
    return sorted(found.values())


def _known(session: Session, scope: Scope, tag_id: UUID) -> Tag | None:
    found = queries.shown(session, scope, tag_id)
    return found.Tag if found else None
