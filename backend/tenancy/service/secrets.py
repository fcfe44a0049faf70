"""Random secrets: the holder keeps the text, the database only its SHA-256."""

from __future__ import annotations

import hashlib
import secrets


def new_secret() -> str:
    """Return 256 random bits as text that fits a cookie or an address."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """Return what the database keeps of a secret. It is random, so one plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()
