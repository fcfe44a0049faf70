"""Documents and photos: added, opened, taken out of the list."""

from __future__ import annotations

from uuid import UUID

from flask import g, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.app.downloads import answer_file
from backend.assets import service
from backend.assets.service import About, DocumentKind
from backend.kernel.errors import EnerfieldError, Refused
from portal.assets import views
from portal.assets.device import back_to
from portal.navigation import first_page
from portal.pages import done, own_path, pages, refused


@pages.post("/documents")
def add_document() -> Response:
    """Add a file to a position, a device or a customer's file."""
    back = own_path(request.form.get("next"))
    try:
        about = About(**{f"{name}_id": _id(name) for name in ("position", "device", "customer")})
        file = request.files.get("file")
        if file is None or not file.filename:
            raise Refused(_("no file was chosen"), field="file", remedy=_("choose one, then send"))
        file.stream.seek(0)
        kind = request.form.get("kind", "other")
        new = service.NewDocument(
            title=request.form.get("title", ""), file_name=file.filename, data=file.read(),
            kind=DocumentKind(kind) if kind in set(DocumentKind) else DocumentKind.OTHER,
            is_shared=bool(request.form.get("is_shared")),
        )  # fmt: skip
        service.add_document(g.session, g.scope, views.files(), about=about, new=new)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Added."), back_to(about))


@pages.get("/documents/<uuid:document_id>")
def document(document_id: UUID) -> Response:
    """Open a document, or its small picture."""
    small = bool(request.args.get("small"))
    files = views.files()
    found, stream = service.open_document(g.session, g.scope, files, document_id=document_id, preview=small)
    sha256 = (found.preview_sha256 if small else found.sha256) or ""
    return answer_file(
        stream, name=found.file_name, media_type="image/webp" if small else found.media_type,
        size=files.size(sha256), sha256=sha256,
    )  # fmt: skip


@pages.post("/documents/<uuid:document_id>/archive")
def archive_document(document_id: UUID) -> Response:
    """Take a document out of the list; its bytes stay."""
    found = service.document(g.session, g.scope, document_id)
    back = back_to(About(found.position_id, found.device_id, found.customer_id))
    try:
        service.archive_document(g.session, g.scope, document_id=document_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Taken out of the list."), back)


def _id(name: str) -> UUID | None:
    text = request.form.get(name)
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Refused(_("this is no identifier"), field=name, value=first_page()) from None
