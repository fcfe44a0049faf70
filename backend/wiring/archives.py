"""A run's bills set as PDF and packed into ZIP files, a lot a step."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets.ports import FileStore
from backend.billing.rules.documents.bill import BillDocument
from backend.billing.service import archives, documents
from backend.infra.files import FolderFiles
from backend.kernel.events import Event
from backend.kernel.ids import show
from backend.kernel.scope import Scope
from backend.kernel.settings import settings

Printed = Callable[[Iterable[BillDocument], str], Iterable[bytes]]
"""Sets bills in a language as PDFs, in order."""


def step(session: Session, scope: Scope, event: Event, *, printed: Printed) -> None:
    """Pack the next lot; told twice, the second finds the lot after it, or nothing to do."""
    found, bill_ids = archives.take(session, scope, archive_id=UUID(event.body["archive_id"]))
    if not bill_ids:
        return
    told = documents.bill_documents(session, scope, bill_ids=bill_ids, base_url=settings().base_url)
    some = [told[bill_id] for bill_id in bill_ids]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as part:  # a PDF is compressed already
        for bill_id, one, data in zip(bill_ids, some, printed(some, found.locale), strict=True):
            part.writestr(f"bill-{one.number or show(bill_id)}.pdf", data)
    store: FileStore = FolderFiles(settings().home / "files")
    sha256 = store.put(out.getvalue())
    archives.packed(session, scope, found, bill_ids=bill_ids, sha256=sha256, size=out.tell())
