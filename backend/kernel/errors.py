"""What can go wrong, in the trade's words. One table in `backend/app/errors.py` turns these into HTTP."""

from __future__ import annotations

import re
from typing import Any


class EnerfieldError(Exception):
    """Something the person asking can understand and act on.

    message: what happened, in plain words
    field, value: which input was wrong and what stood there
    remedy: what to do about it
    """

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        value: Any = None,
        remedy: str | None = None,
        **context: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.value = value
        self.remedy = remedy
        self.context = context

    @property
    def code(self) -> str:
        """The error's stable name for programs: `ReadingRefused` becomes `reading_refused`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def as_dict(self) -> dict[str, Any]:
        """Return the error as plain values, without what was not said."""
        said = {"field": self.field, "value": self.value, "remedy": self.remedy, **self.context}
        return {"code": self.code, "message": self.message} | {k: v for k, v in said.items() if v is not None}


class NotFound(EnerfieldError):
    """There is no such thing, or it is not for the one who asks: the two look the same from outside."""


class Refused(EnerfieldError):
    """The input is understood but cannot be taken."""


class Conflict(EnerfieldError):
    """The input contradicts what is already there."""


class Forbidden(EnerfieldError):
    """The one who asks may see this but not do that."""


class Unauthenticated(EnerfieldError):
    """Nobody knows who asks."""


class TooManyAttempts(EnerfieldError):
    """Asked too often; `retry_after_s` says when to come back."""


class Unavailable(EnerfieldError):
    """A server we need does not answer; trying again later is right."""


class ChecksumWrong(EnerfieldError):
    """Bytes did not arrive as they were sent; send them again."""


class SettingWrong(EnerfieldError):
    """A setting from the environment is missing or cannot be used."""
