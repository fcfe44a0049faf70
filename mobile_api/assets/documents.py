"""Documents and photos at positions, devices and in customers' files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response, current_app, g
from flask.views import MethodView

from backend.app.downloads import answer_file
from backend.assets import service
from backend.assets.rules.files import TAKEN
from backend.assets.service import DocumentKind
from backend.kernel.errors import Refused
from mobile_api.assets.blueprint import blp
from mobile_api.fields import Id, PageQuery, Schema, instant, page_of


class DocumentSchema(Schema):
    """A file with a title. Its bytes are at /documents/{id}/content."""

    id = Id()
    organisation_id = Id()
    position_id = Id(allow_none=True)
    device_id = Id(allow_none=True)
    customer_id = Id(allow_none=True)
    kind = ma.fields.String(attribute="kind.value", metadata={"enum": [kind.value for kind in DocumentKind]})
    title = ma.fields.String()
    file_name = ma.fields.String(metadata={"example": "rating plate.jpg"})
    media_type = ma.fields.String(metadata={"example": "image/jpeg"})
    size_bytes = ma.fields.Integer()
    sha256 = ma.fields.String(metadata={"description": "Of the bytes as kept (pictures are written anew)."})
    has_preview = ma.fields.Function(lambda one: one.preview_sha256 is not None, metadata={"type": "boolean"})
    is_shared = ma.fields.Boolean(metadata={"description": "Customers see it too."})
    created_at = instant()
    actor_id = Id(allow_none=True)


class NewDocumentSchema(Schema):
    """A file and what is said of it, as a multipart body."""

    file = ma.fields.Raw(
        required=True,
        metadata={"type": "string", "format": "binary", "description": f"{TAKEN}; at most 32 MB."},
    )
    title = ma.fields.String(load_default="", validate=ma.validate.Length(max=200))
    kind = ma.fields.Enum(DocumentKind, by_value=True, load_default=DocumentKind.OTHER)
    is_shared = ma.fields.Boolean(load_default=False)


@blp.route("/positions/<id:position>/documents")
class DocumentsAtPosition(MethodView):
    """Of a position."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(DocumentSchema))
    def get(self, page: dict[str, Any], position: UUID) -> Any:
        """List the documents of a position and of what stands there, the newest first."""
        return service.documents_of(g.session, g.scope, service.About(position_id=position), **page)

    @blp.arguments(NewDocumentSchema, location="files")
    @blp.response(201, DocumentSchema)
    def post(self, sent: dict[str, Any], position: UUID) -> Any:
        """Add a document or photo to a position; the same bytes again add nothing."""
        return _add(service.About(position_id=position), sent)


@blp.route("/devices/<id:device>/documents")
class DocumentsOfDevice(MethodView):
    """Of a device."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(DocumentSchema))
    def get(self, page: dict[str, Any], device: UUID) -> Any:
        """List the documents of a device, the newest first."""
        return service.documents_of(g.session, g.scope, service.About(device_id=device), **page)

    @blp.arguments(NewDocumentSchema, location="files")
    @blp.response(201, DocumentSchema)
    def post(self, sent: dict[str, Any], device: UUID) -> Any:
        """Add a document or photo to a device; the same bytes again add nothing."""
        return _add(service.About(device_id=device), sent)


@blp.route("/customers/<id:customer>/documents")
class DocumentsOfCustomer(MethodView):
    """Of a customer's file."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(DocumentSchema))
    def get(self, page: dict[str, Any], customer: UUID) -> Any:
        """List the documents in a customer's file, the newest first; customers see those shared with them."""
        return service.documents_of(g.session, g.scope, service.About(customer_id=customer), **page)

    @blp.arguments(NewDocumentSchema, location="files")
    @blp.response(201, DocumentSchema)
    def post(self, sent: dict[str, Any], customer: UUID) -> Any:
        """Add a document to a customer's file."""
        return _add(service.About(customer_id=customer), sent)


@blp.route("/documents/<id:document>")
class OneDocument(MethodView):
    """One of them."""

    @blp.response(200, DocumentSchema)
    def get(self, document: UUID) -> Any:
        """Return what is known of a document."""
        return service.document(g.session, g.scope, document)

    @blp.response(204)
    def delete(self, document: UUID) -> None:
        """Take a document out of the lists; its bytes stay."""
        service.archive_document(g.session, g.scope, document_id=document)


@blp.route("/documents/<id:document>/content")
class Content(MethodView):
    """Its bytes."""

    @blp.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
    def get(self, document: UUID) -> Response:
        """Stream the file; its kind is the document's media_type."""
        found, stream = service.open_document(
            g.session,
            g.scope,
            current_app.files,
            document_id=document,  # type: ignore[attr-defined]
        )
        return answer_file(
            stream,
            name=found.file_name,
            media_type=found.media_type,
            size=found.size_bytes,
            sha256=found.sha256,
        )


@blp.route("/documents/<id:document>/preview")
class Preview(MethodView):
    """A small picture of it."""

    @blp.response(200, {"type": "string", "format": "binary"}, content_type="image/webp")
    def get(self, document: UUID) -> Response:
        """Stream the small picture of a photo; 404 where there is none."""
        files = current_app.files  # type: ignore[attr-defined]
        found, stream = service.open_document(g.session, g.scope, files, document_id=document, preview=True)
        sha256 = found.preview_sha256 or ""
        return answer_file(
            stream, name="preview.webp", media_type="image/webp", size=files.size(sha256), sha256=sha256
        )


def _add(about: service.About, sent: dict[str, Any]) -> Any:
    file = sent.pop("file")
    if not hasattr(file, "stream"):
        raise Refused("this is no file", field="file", remedy="send it as a part with a file name")
    file.stream.seek(0)
    new = service.NewDocument(data=file.read(), file_name=file.filename or "file", **sent)
    return service.add_document(g.session, g.scope, current_app.files, about=about, new=new)  # type: ignore[attr-defined]
