"""Documents and photos at a position, a device, or in a customer's file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import queries
from backend.assets.models import Document, DocumentKind
from backend.assets.ports import FileStore
from backend.assets.rules import files as rules
from backend.assets.rules.life import EDITORS, MENDERS
from backend.assets.service.customers import keeper_of
from backend.kernel import audit, changes, clock, ids, paging
from backend.kernel.errors import NotFound, Refused
from backend.kernel.scope import Role, Scope
from backend.network import service as network


@dataclass(frozen=True)
class About:
    """What a document belongs to: exactly one of the three."""

    position_id: UUID | None = None
    device_id: UUID | None = None
    customer_id: UUID | None = None

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.position_id, self.device_id, self.customer_id)) != 1:
            raise Refused(
                "a document belongs to one thing",
                field="about",
                remedy="name a position, a device or a customer",
            )


@dataclass(frozen=True)
class NewDocument:
    """What is said of a file that is added. is_shared: customers see it too, where its subject is theirs to see."""

    title: str
    kind: DocumentKind
    file_name: str
    data: bytes
    is_shared: bool = False


def add_document(
    session: Session, scope: Scope, files: FileStore, *, about: About, new: NewDocument
) -> Document:
    """Keep a file with a title; the same bytes at the same thing are there once, so a retry adds nothing.

    raises Refused with the reason where the file is not taken (rules/files.py)
    """
    owner = _owner(session, scope, about)
    scope.demand(owner, *(MENDERS if about.customer_id is None else (*EDITORS, Role.MANAGER)))
    title = new.title.strip() or new.file_name
    if not 1 <= len(title) <= 200:
        raise Refused("a title has 1 to 200 characters", field="title", value=title[:200])
    taken = rules.accept(new.data)
    document = Document(
        id=ids.new_id(), organisation_id=owner, kind=new.kind, title=title, media_type=taken.media_type,
        file_name=rules.safe_name(new.file_name, taken.media_type), size_bytes=len(taken.data),
        sha256=files.put(taken.data), preview_sha256=files.put(taken.preview) if taken.preview else None,
        is_shared=new.is_shared, created_at=clock.now(), actor_id=scope.actor_id, archived_at=None, **about.__dict__,
    )  # fmt: skip
    known = queries.documents.same(session, scope, document)
    if known is not None:
        return known
    session.add(document)
    session.flush()
    _noted(session, scope, document)
    audit.record(
        session, scope, action="document.added", entity="document", entity_id=document.id, organisation_id=owner,
        after={"title": title, "kind": new.kind.value, "sha256": document.sha256},
    )  # fmt: skip
    return document


def documents_of(
    session: Session, scope: Scope, about: About, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[Document]:
    """Return a page of the documents of a thing, the newest first; at a position also of what stands there."""
    _owner(session, scope, about)
    standing: list[UUID] = []
    if about.position_id is not None:
        standing = [
            device.id
            for installation, device in queries.devices_at(session, scope, about.position_id)
            if installation.removed_at is None
        ]
    return queries.documents.documents(
        session, scope, **about.__dict__, also_devices=standing, cursor=cursor, limit=limit
    )


def document(session: Session, scope: Scope, document_id: UUID) -> Document:
    """Return what is known of a document; raises NotFound."""
    return queries.documents.document(session, scope, document_id)


def open_document(
    session: Session, scope: Scope, files: FileStore, *, document_id: UUID, preview: bool = False
) -> tuple[Document, BinaryIO]:
    """Return a document and its bytes as a stream, or those of its small picture."""
    found = queries.documents.document(session, scope, document_id)
    sha256 = found.preview_sha256 if preview else found.sha256
    if sha256 is None:
        raise NotFound("this document has no picture", field="document_id", value=str(document_id))
    return found, files.open(sha256)


def archive_document(session: Session, scope: Scope, *, document_id: UUID) -> None:
    """Take a document out of the lists; its bytes stay."""
    found = queries.documents.document(session, scope, document_id)
    scope.demand(found.organisation_id, *EDITORS)
    if found.archived_at is not None:
        return
    found.archived_at = clock.now()
    session.flush()
    _noted(session, scope, found)
    audit.record(
        session, scope, action="document.archived", entity="document", entity_id=found.id,
        organisation_id=found.organisation_id, before={"title": found.title},
    )  # fmt: skip


def _noted(session: Session, scope: Scope, document: Document) -> None:
    changes.note(
        session,
        scope,
        entity="document",
        entity_id=document.id,
        organisation_id=document.organisation_id,
    )


def _owner(session: Session, scope: Scope, about: About) -> UUID:
    """Return who keeps the documents of a thing; raises NotFound where the asker does not see it."""
    if about.position_id is not None:
        return network.position(session, scope, about.position_id).organisation_id
    if about.device_id is not None:
        return queries.device(session, scope, about.device_id).organisation_id
    assert about.customer_id is not None
    return keeper_of(session, scope, about.customer_id)
