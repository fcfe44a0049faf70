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
    """Counts failed log-ins per account and per network, across all processes."""

    def check(self, account: str, network: str) -> None:
        """Raise TooManyAttempts when this account or this network has failed too often."""

    def failed(self, account: str, network: str) -> None:
        """Count one failure."""

    def succeeded(self, account: str, network: str) -> None:
        """Remember that this network knows the account's password, so that strangers cannot lock it out."""
