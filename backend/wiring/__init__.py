"""The one page where areas meet upward: which listener hears which event, which gateway fits which port."""

from __future__ import annotations

from functools import cache

from backend.infra.attempts import RedisAttempts
from backend.infra.passwords import Argon2Passwords
from backend.kernel.events import listen
from backend.kernel.settings import settings
from backend.tenancy import events as tenancy
from backend.tenancy.service import Gate
from backend.wiring import letters


def connect() -> None:
    """Register every listener. Called once by each process that publishes or delivers events."""
    listen(tenancy.INVITED, "letter of invitation", letters.invitation)
    listen(tenancy.GRANTED, "letter of access", letters.access)
    listen(tenancy.RESET_WANTED, "letter of password reset", letters.password_reset)


@cache
def gate() -> Gate:
    """Return what stands at the door of this process: password hashing and the count of attempts."""
    return Gate(Argon2Passwords(), RedisAttempts(settings().redis_url))
