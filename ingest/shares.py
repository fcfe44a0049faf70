"""How workers divide connections among themselves: evenly, and with few changes of hands. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID


@dataclass(frozen=True)
class Shares:
    """What a worker is to do about its share: connections to take, and to give back."""

    take: tuple[UUID, ...] = ()
    give: tuple[UUID, ...] = ()


def divide(
    wanted: Mapping[UUID, str], *, workers: Mapping[str, frozenset[str]], held: Mapping[UUID, str], me: str
) -> Shares:
    """Return what `me` is to take and to give back, so that every worker comes to an equal share.

    Connections that the same workers can read form a group; of a group's n connections each of its w workers
    may hold n // w, and the n % w that hold most now one more. Whoever holds more gives back, whoever holds
    less takes what nobody holds. Each worker prefers others, so that two seldom reach for the same.

    wanted: connection -> protocol; workers: who is there -> protocols it reads; held: connection -> worker
    """
    groups: dict[frozenset[str], list[UUID]] = {}
    for connection, protocol in wanted.items():
        able = frozenset(name for name, protocols in workers.items() if protocol in protocols) | {me}
        groups.setdefault(able, []).append(connection)
    take: list[UUID] = []
    give: list[UUID] = []
    for able, connections in groups.items():
        quota = _quota(me, able, connections, held)
        liked = sorted(connections, key=lambda connection: _liking(me, connection))
        mine = [connection for connection in liked if held.get(connection) == me]
        free = [connection for connection in liked if connection not in held]
        take += free[: max(0, quota - len(mine))]
        give += mine[quota:]
    return Shares(tuple(take), tuple(give))


def _quota(me: str, able: frozenset[str], connections: list[UUID], held: Mapping[UUID, str]) -> int:
    """Return how many of a group's connections `me` may hold; together the quotas make up all of them."""
    count = Counter(held[connection] for connection in connections if connection in held)
    least, more = divmod(len(connections), len(able))
    place = sorted(able, key=lambda worker: (-count[worker], worker)).index(me)
    return least + (place < more)


def _liking(worker: str, connection: UUID) -> bytes:
    """Return where a connection stands in a worker's order of preference, the same at each asking."""
    return blake2b(worker.encode() + connection.bytes, digest_size=8).digest()
