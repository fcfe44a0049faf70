"""Passwords by Argon2id (OWASP: 46 MiB, one pass, one lane; about 50 ms on a server core)."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_UNKNOWN = "nobody has this password"


class Argon2Passwords:
    """Hashes passwords; an unknown account costs the same time as a known one.

    memory_kib, passes: cost of one hash
    """

    def __init__(self, *, memory_kib: int = 47_104, passes: int = 1) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._nobody = self._hasher.hash(_UNKNOWN)

    def hash(self, password: str) -> str:
        """Return the hash to keep."""
        return self._hasher.hash(password)

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Tell whether the password fits; takes as long for a hash that is None."""
        try:
            fits = self._hasher.verify(password_hash or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return fits and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)
