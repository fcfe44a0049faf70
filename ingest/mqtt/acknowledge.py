"""Acknowledging a message once all that was made of it is durable."""

from __future__ import annotations

import threading
from collections.abc import Callable

Done = Callable[[], None]


def after(count: int, done: Done | None) -> Done | None:
    """Return a callback that calls `done` at the last of its `count` calls, from any thread."""
    if done is None or count == 1:
        return done
    left = count
    lock = threading.Lock()

    def one_less() -> None:
        nonlocal left
        with lock:
            left -= 1
            is_last = left == 0
        if is_last:
            done()

    return one_less
