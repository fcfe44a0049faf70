"""What is printed on a tag, and what a scan says. Pure: no clock, no database, no Flask.

A tag's code is its id (26 Crockford characters), 8 characters of a truncated HMAC-SHA256 (40 bits) and
one character that names the key. So a forged or mistyped code is refused before anything is asked, and
labels that hang outside outlive a change of key. Beneath the picture stands a short code for fingers: the
last 7 characters of the id and a check character.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from backend.kernel import ids
from backend.kernel.errors import Conflict, Refused

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_PATH = re.compile(r"^https?://[^/]+/t/([^/?#]+)", re.IGNORECASE)
_CODE = re.compile(r"^[0-9A-TV-Z]{35}$")
_SHORT = re.compile(r"^[0-9A-TV-Z]{8}$")

ID_LENGTH, MAC_LENGTH = 26, 8
MAC_BYTES = 5


class TagForged(Refused):
    """A code that carries no signature of ours: copied wrongly, or made by somebody else."""


class TagTaken(Conflict):
    """The tag is bound to something else."""


class TagRetired(Conflict):
    """The tag was taken out of use and stays so."""


@dataclass(frozen=True)
class Keyring:
    """The keys that sign codes.

    secret: today's secret; number: the character that names today's key; older: number -> the secret that
    its key was derived from, for labels still hanging outside
    """

    secret: str
    number: str = "1"
    older: Mapping[str, str] = field(default_factory=dict)

    def key(self, number: str) -> bytes:
        """Return the key of a number, derived from its secret."""
        secret = self.older.get(number, self.secret)
        return hmac.digest(secret.encode(), b"enerfield tag " + number.encode(), hashlib.sha256)


def code(tag_id: UUID, keyring: Keyring) -> str:
    """Return a tag's 35 characters, signed with today's key."""
    return ids.show(tag_id) + _mac(tag_id, keyring, keyring.number) + keyring.number


def payload(tag_code: str, host: str, *, scheme: str = "https") -> str:
    """Return the address that is printed: upper case, so that the picture holds it in fewer modules."""
    return f"{scheme}://{host}/T/{tag_code}".upper()


def read_code(text: str, keyring: Keyring) -> UUID:
    """Return the id in a tag's code; raises TagForged where the signature does not fit.

    Small letters and O for 0, I and L for 1 are forgiven: people type codes, too.
    """
    plain = _plain(text)
    if not _CODE.match(plain) or plain[0] > "7":
        raise _forged(text)
    tag_id = ids.parse(plain[:ID_LENGTH])
    number = plain[-1]
    if not hmac.compare_digest(plain[ID_LENGTH:-1], _mac(tag_id, keyring, number)):
        raise _forged(text)
    return tag_id


def code_in(scanned: str) -> str | None:
    """Return the code in what a scanner read: the printed address on any host, or the bare code; else None."""
    text = scanned.strip()
    if found := _PATH.match(text):
        return found.group(1)
    return text if _CODE.match(_plain(text)) else None


def short_code(tag_id: UUID) -> str:
    """Return the 8 characters people type: the id's last 7 (35 random bits) and a check character."""
    tail = ids.show(tag_id)[-7:]
    return tail + _check(tail)


def shown_short(short: str) -> str:
    """Return a short code as it is printed: in two groups of four."""
    return f"{short[:4]}-{short[4:]}"


def read_short(text: str) -> str | None:
    """Return a typed short code in its plain form; None where it is none, or a slip of the finger."""
    plain = _plain(text)
    if not _SHORT.match(plain):
        return None
    return plain if _check(plain[:-1]) == plain[-1] else None


def _check(letters: str) -> str:
    """Return a check character over GF(32), as Reed and Solomon do: any one wrong letter and any two
    swapped ones show."""
    total, weight = 0, 1
    for letter in letters:
        weight = _times(weight, 2)
        total ^= _times(_VALUES[letter], weight)
    return ALPHABET[total]


def _times(a: int, b: int) -> int:
    """Multiply in GF(32) with x^5 + x^2 + 1."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 32:
            a ^= 0b100101
        b >>= 1
    return product


def _mac(tag_id: UUID, keyring: Keyring, number: str) -> str:
    digest = hmac.digest(keyring.key(number), tag_id.bytes, hashlib.sha256)[:MAC_BYTES]
    value = int.from_bytes(digest, "big")
    return "".join(ALPHABET[value >> shift & 31] for shift in range(35, -1, -5))


def _plain(text: str) -> str:
    compact = re.sub(r"[\s-]", "", text).upper()
    return compact.translate(str.maketrans("OIL", "011"))


def _forged(text: str) -> TagForged:
    return TagForged(
        "this code is not one of our labels",
        field="code",
        value=text[:100],
        remedy="scan again; when typing, compare each character",
    )
