"""How often strangers may ask for public pages, counted by network in Redis for all processes together."""

from __future__ import annotations

import math
import time

import structlog
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from backend.infra.attempts import network_of
from backend.kernel.errors import TooManyAttempts

_log = structlog.get_logger(__name__)


class Throttle:
    """Counts what a network asks for; in this process's memory while Redis is away, so that pages still answer.

    what: names the count; limits: such as '60/minute', all of which are kept
    """

    def __init__(self, redis_url: str, what: str, *limits: str) -> None:
        plain = "redis+" + redis_url if redis_url.startswith("unix:") else redis_url
        self._what = what
        self._limits: tuple[RateLimitItem, ...] = tuple(parse(limit) for limit in limits)
        self._storage: Storage = storage_from_string(plain, wrap_exceptions=False)
        self._fallback = MemoryStorage()

    def count(self, address: str) -> None:
        """Count one question of an address's network; raises TooManyAttempts."""
        network = network_of(address)
        try:
            self._count(self._storage, network)
        except (RedisError, OSError) as error:
            _log.warning("throttle without redis", error=str(error))
            self._count(self._fallback, network)

    def _count(self, storage: Storage, network: str) -> None:
        limiter = MovingWindowRateLimiter(storage)
        for limit in self._limits:
            if not limiter.hit(limit, "enerfield", self._what, network):
                reset_at = limiter.get_window_stats(limit, "enerfield", self._what, network).reset_time
                wait_s = max(1, math.ceil(reset_at - time.time()))
                raise TooManyAttempts("asked too often", remedy=f"wait {wait_s} s", retry_after_s=wait_s)
