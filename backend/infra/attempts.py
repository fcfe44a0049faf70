"""How often one may try to log in or ask for a letter, counted in Redis for all processes together.

A try is counted before it is judged and given back when it was right, so that a hundred tries at once
are no way round the count.

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
from limits.storage import MemoryStorage, RedisStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from backend.kernel.errors import TooManyAttempts

PAIR = (parse("5/minute"), parse("20/hour"))
NETWORK = (parse("30/minute"), parse("200/hour"))
ACCOUNT = (parse("30/10 minutes"),)
LETTERS = {"network": parse("30/hour"), "account": parse("6/hour")}
KNOWN_SECONDS = 90 * 86_400

_log = structlog.get_logger(__name__)

Limit = tuple[RateLimitItem, *tuple[str, ...]]
"""How often, and what is counted."""


class RedisAttempts:
    """Counts tries; falls back to this process's memory while Redis is away, so that log-in goes on."""

    def __init__(self, redis_url: str, *, prefix: str = "enerfield:login") -> None:
        self._prefix = prefix
        self._storage: Storage = storage_from_string(_limits_url(redis_url), wrap_exceptions=False)
        self._fallback = MemoryStorage()

    def begin(self, account: str, network: str) -> None:
        """Count a try; raise TooManyAttempts when this account or this network has failed too often."""
        self._try(self._begin, account, network)

    def succeeded(self, account: str, network: str) -> None:
        """Give the try back, and remember that this network knows the account's password."""
        self._try(self._succeeded, account, network)

    def ask_for_letter(self, account: str, network: str) -> None:
        """Count a wish for a letter; raise TooManyAttempts when account or network asked too often."""
        self._try(self._ask_for_letter, account, network)

    def _try(self, action, account: str, network: str) -> None:
        pair = (_short(account), network_of(network))
        try:
            action(self._storage, *pair)
        except (RedisError, OSError) as error:
            _log.warning("login throttle without redis", error=str(error))
            action(self._fallback, *pair)

    def _begin(self, storage: Storage, account: str, network: str) -> None:
        if wait_s := _take(storage, list(self._limits(storage, account, network))):
            raise TooManyAttempts(
                "too many attempts to log in",
                remedy=f"wait {wait_s} s, or ask for a password reset",
                retry_after_s=wait_s,
            )

    def _succeeded(self, storage: Storage, account: str, network: str) -> None:
        for item, *key in self._limits(storage, account, network):
            _give_back(storage, item.key_for(*key))
        storage.incr(self._known(account, network), KNOWN_SECONDS)

    def _ask_for_letter(self, storage: Storage, account: str, network: str) -> None:
        asking = [
            (LETTERS["network"], self._prefix, "letters to network", network),
            (LETTERS["account"], self._prefix, "letters to account", account),
        ]
        if wait_s := _take(storage, asking):
            raise TooManyAttempts(
                "too many letters were asked for",
                remedy="look at the letters that came; the last one is good for an hour",
                retry_after_s=wait_s,
            )

    def _limits(self, storage: Storage, account: str, network: str) -> Iterator[Limit]:
        for item in PAIR:
            yield item, self._prefix, "pair", account, network
        for item in NETWORK:
            yield item, self._prefix, "network", network
        if not storage.get(self._known(account, network)):
            for item in ACCOUNT:
                yield item, self._prefix, "account", account

    def _known(self, account: str, network: str) -> str:
        return f"{self._prefix}:known:{account}:{network}"


def _take(storage: Storage, limits: list[Limit]) -> int:
    """Count one under every limit, or under none of them; returns how long to wait [s], 0 when counted."""
    limiter = MovingWindowRateLimiter(storage)
    for number, (item, *key) in enumerate(limits):
        if limiter.hit(item, *key):
            continue
        for taken, *taken_key in limits[:number]:
            _give_back(storage, taken.key_for(*taken_key))
        full = [(one, names) for one, *names in limits if not limiter.test(one, *names)] or [(item, key)]
        free_at = max(limiter.get_window_stats(one, *names).reset_time for one, names in full)
        return max(1, math.ceil(free_at - time.time()))
    return 0


def _give_back(storage: Storage, name: str) -> None:
    """Take the newest entry out of a moving window, which the library itself cannot."""
    if isinstance(storage, RedisStorage):
        storage.get_connection().lpop(storage.prefixed_key(name))
    elif isinstance(storage, MemoryStorage):
        with storage.locks[name]:
            del storage.events.get(name, [])[:1]


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
