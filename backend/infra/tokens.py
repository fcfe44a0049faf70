"""Access tokens of phones and partners: PyJWT, one algorithm, fifteen minutes."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import jwt

from backend.kernel import clock, ids
from backend.kernel.errors import Unauthenticated

ALGORITHM = "HS256"
TYPE = "at+jwt"
AUDIENCE = "enerfield-api"
LASTS = timedelta(minutes=15)
LONGEST = 2048
"""No token of ours is longer [characters]."""

_CLAIMS = ["iss", "aud", "sub", "sid", "iat", "exp", "jti"]


@dataclass(frozen=True)
class Claims:
    """What an access token says: whose it is and by which log-in it was given."""

    person_id: UUID
    family_id: UUID


class AccessTokens:
    """Gives and reads access tokens.

    secret: this installation's secret; the signing key is derived from it for this use alone
    issuer: this installation's address
    """

    def __init__(self, secret: str, issuer: str) -> None:
        self._key = derive_key(secret, "access token")
        self._issuer = issuer
        self.key_id = hashlib.sha256(self._key).hexdigest()[:16]

    def give(self, person_id: UUID, family_id: UUID) -> str:
        """Return a token for a person's log-in, good for 15 minutes."""
        now = clock.now()
        claims = {
            "iss": self._issuer, "aud": AUDIENCE, "sub": str(person_id), "sid": str(family_id),
            "iat": int(now.timestamp()), "exp": int((now + LASTS).timestamp()), "jti": str(ids.new_id()),
        }  # fmt: skip
        return jwt.encode(claims, self._key, ALGORITHM, headers={"typ": TYPE, "kid": self.key_id})

    def read(self, token: str) -> Claims:
        """Return what a token says; raises Unauthenticated for anything but one we gave that still holds."""
        try:
            self._check_header(token)
            claims = jwt.decode(
                token, self._key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=self._issuer,
                options={"require": _CLAIMS, "strict_aud": True, "verify_exp": False, "verify_iat": False},
            )  # fmt: skip
            self._check_times(claims)
            return Claims(_uuid(claims["sub"]), _uuid(claims["sid"]))
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise Unauthenticated(
                "this access token is not valid", remedy="get a new one with the refresh token"
            ) from error

    def _check_header(self, token: str) -> None:
        """Refuse before any cryptography what we never issue: other types, keys or header fields."""
        if len(token) > LONGEST or not token.isascii():
            raise ValueError("no token of ours is so long")
        header = jwt.get_unverified_header(token)
        if header != {"alg": ALGORITHM, "typ": TYPE, "kid": self.key_id}:
            raise ValueError("no token of ours has such a header")

    @staticmethod
    def _check_times(claims: dict) -> None:
        """Compare with the kernel's clock, which PyJWT does not know."""
        issued, expires, now = claims["iat"], claims["exp"], clock.now().timestamp()
        if not all(type(instant) is int for instant in (issued, expires)):
            raise ValueError("instants are whole seconds")
        if not issued - 60 <= now < expires or expires - issued > LASTS.total_seconds() or "nbf" in claims:
            raise ValueError("not now")


def derive_key(secret: str, purpose: str) -> bytes:
    """Return the key for one purpose, so that no two uses share one."""
    return hmac.new(secret.encode(), f"enerfield {purpose}".encode(), hashlib.sha256).digest()


def _uuid(text: str) -> UUID:
    if not isinstance(text, str):
        raise TypeError("ids are text")
    return UUID(text)
