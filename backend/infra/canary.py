"""Does a queue live? A task sent each minute notes when it came through; a process being up proves little."""

from __future__ import annotations

from redis import Redis

from backend.kernel import clock

QUEUES = ("events", "upkeep", "plans")
"""Every queue there is: what others wait for, long work of the night, plans (seconds of one core each)."""

EVERY_S = 60
LATE_S = 180.0
_KEY = "enerfield:canary:{}"


def sing(redis_url: str, queue: str) -> None:
    """Note that a queue brought a task through."""
    with Redis.from_url(redis_url, socket_timeout=2) as client:
        client.set(_KEY.format(queue), clock.now_us(), ex=86_400)


def answer(redis_url: str, worker: str, sent: float) -> None:
    """Note that a worker took the canary its keeper sent at an instant of the keeper's own clock [s]."""
    with Redis.from_url(redis_url, socket_timeout=2) as client:
        client.set(_KEY.format(worker), sent, ex=3600)


def answered(redis_url: str, worker: str) -> float | None:
    """Return when the canary was sent that a worker took last [s of the keeper's clock]; None before the first."""
    with Redis.from_url(redis_url, socket_timeout=2) as client:
        sent = client.get(_KEY.format(worker))
    return None if sent is None else float(sent)


def ages_s(redis_url: str) -> dict[str, float | None]:
    """Return for each queue how long ago a canary came through [s]; None when none ever did."""
    with Redis.from_url(redis_url, socket_timeout=1) as client:
        seen = client.mget([_KEY.format(queue) for queue in QUEUES])
    now_us = clock.now_us()
    return {
        queue: None if at is None else round((now_us - int(at)) / 1e6, 1)
        for queue, at in zip(QUEUES, seen, strict=True)
    }
