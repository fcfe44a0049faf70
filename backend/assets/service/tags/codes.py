"""Codes and printed addresses of tags, by this installation's keys and host."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from backend.assets.rules import tags as rules
from backend.assets.rules.tags import Keyring
from backend.kernel.settings import Settings, settings


def keyring(of: Settings | None = None) -> Keyring:
    """Return the keys that sign this installation's tags."""
    known = of or settings()
    return Keyring(known.secret_key, known.tag_key, known.tag_older_keys)


def code_of(tag_id: UUID) -> str:
    """Return a tag's 35 characters, signed with today's key."""
    return rules.code(tag_id, keyring())


def payload_of(tag_id: UUID) -> str:
    """Return the address printed on a tag.

    Labels outlive installations on trial: with a host of its own for tags, or an encrypted base address,
    it is https; only a plain `http://` address without one is printed as it is.
    """
    known = settings()
    base = urlsplit(known.base_url)
    scheme = "https" if known.tag_host else base.scheme
    return rules.payload(code_of(tag_id), known.tag_host or base.netloc, scheme=scheme)


def read(code: str) -> UUID:
    """Return the id in a tag's code; raises TagForged. Asks no database."""
    return rules.read_code(code, keyring())
