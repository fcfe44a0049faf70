"""Kept files on their way out: streamed, never run by a browser, asked for again only when they changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from flask import Response, request

SHOWN = frozenset({"image/jpeg", "image/png", "image/webp"})
"""Kinds a page may show; everything else is saved."""
PIECE = 1 << 18
"""Read at a time [B]."""


def answer_file(stream: BinaryIO, *, name: str, media_type: str, size: int, sha256: str) -> Response:
    """Return a stream as an answer with its length and an entity tag; the caller has looked at who asks.

    nosniff comes with every answer; the policy here keeps what is opened by itself from doing anything
    """
    if sha256 in request.if_none_match:
        stream.close()
        response = Response(status=304)
    else:
        response = Response(_pieces(stream), mimetype=media_type)
        response.call_on_close(stream.close)
        response.content_length = size
        shown = "inline" if media_type in SHOWN else "attachment"
        response.headers.set("Content-Disposition", shown, filename=name)
    response.set_etag(sha256)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while piece := stream.read(PIECE):
            yield piece
