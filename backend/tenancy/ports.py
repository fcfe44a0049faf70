"""What tenancy needs of the outside: hashing of passwords, and a count of attempts."""

from __future__ import annotations

from typing import Protocol


class Passwords(Protocol):
    """Hashes passwords so that a stolen table is of little use."""

    def hash(self, password: str) -> str:
        """Return the hash to keep."""

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Tell whether the password fits; takes as long for a hash that is None."""

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether the hash was made with weaker parameters than today's."""


class Attempts(Protocol):
    """Counts tries per account and per network, across all processes."""

    def begin(self, account: str, network: str) -> None:
        """Count a try to log in before it is judged, so that many at once are no way round the count.

        raises TooManyAttempts when this account or this network has failed too often
        """

    def succeeded(self, account: str, network: str) -> None:
        """Take back the count of a try that was right, and remember that this network knows the password.

        Strangers then cannot lock the account out there.
        """

    def ask_for_letter(self, account: str, network: str) -> None:
        """Count a wish for a letter; raises TooManyAttempts when account or network asked too often."""
