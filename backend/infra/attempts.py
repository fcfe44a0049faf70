"""How often one may try to log in, counted in Redis for all processes together.

Nobody can lock a stranger out: the count over all networks spares networks from which the account
has logged in before (a known network), which keep their own, smaller count.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time
from collections.abc import Iterator

import structlog
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from backend.kernel.errors import TooManyAttempts

PAIR = (parse("5/minute"), parse("20/hour"))
NETWORK = (parse("30/minute"), parse("200/hour"))
ACCOUNT = (parse("30/10 minutes"),)
KNOWN_SECONDS = 90 * 86_400

_log = structlog.get_logger(__name__)


class RedisAttempts:
    """Counts failures; falls back to this process's memory while Redis is away, so that log-in goes on."""

    def __init__(self, redis_url: str, *, prefix: str = "enerfield:login") -> None:
        self._prefix = prefix
        self._storage: Storage = storage_from_string(_limits_url(redis_url), wrap_exceptions=False)
        self._fallback = MemoryStorage()

    def check(self, account: str, network: str) -> None:
        """Raise TooManyAttempts when this account or this network has failed too often."""
        self._try(self._check, account, network)

    def failed(self, account: str, network: str) -> None:
        """Count one failure."""
        self._try(self._count, account, network)

    def succeeded(self, account: str, network: str) -> None:
        """Remember that this network knows the account's password."""
        self._try(self._remember, account, network)

    def _try(self, action, account: str, network: str) -> None:
        pair = (_short(account), network_of(network))
        try:
            action(self._storage, *pair)
        except (RedisError, OSError) as error:
            _log.warning("login throttle without redis", error=str(error))
            action(self._fallback, *pair)

    def _check(self, storage: Storage, account: str, network: str) -> None:
        limiter, waits = MovingWindowRateLimiter(storage), []
        for item, *key in self._limits(storage, account, network):
            if not limiter.test(item, *key):
                waits.append(limiter.get_window_stats(item, *key).reset_time - time.time())
        if waits:
            wait_s = max(1, math.ceil(max(waits)))
            raise TooManyAttempts(
                "too many attempts to log in",
                remedy=f"wait {wait_s} s, or ask for a password reset",
                retry_after_s=wait_s,
            )

    def _count(self, storage: Storage, account: str, network: str) -> None:
        limiter = MovingWindowRateLimiter(storage)
        for item, *key in self._limits(storage, account, network):
            limiter.hit(item, *key)

    def _remember(self, storage: Storage, account: str, network: str) -> None:
        storage.incr(self._known(account, network), KNOWN_SECONDS)

    def _limits(
        self, storage: Storage, account: str, network: str
    ) -> Iterator[tuple[RateLimitItem, str, ...]]:
        for item in PAIR:
            yield item, self._prefix, "pair", account, network
        for item in NETWORK:
            yield item, self._prefix, "network", network
        if not storage.get(self._known(account, network)):
            for item in ACCOUNT:
                yield item, self._prefix, "account", account

    def _known(self, account: str, network: str) -> str:
        return f"{self._prefix}:known:{account}:{network}"


def network_of(address: str) -> str:
    """Return the network an address counts for: IPv4 as it is, IPv6 by its /64."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if ip.version == 4:
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False).network_address)


def _short(account: str) -> str:
    """Addresses are personal data: the counter keeps a digest."""
    return hashlib.sha256(account.encode()).hexdigest()[:32]


def _limits_url(redis_url: str) -> str:
    return "redis+" + redis_url if redis_url.startswith("unix:") else redis_url
