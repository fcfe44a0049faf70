"""Store readings at a steady rate until stopped: `python -m tests.bench.writer DATABASE_URL RATE`."""

from __future__ import annotations

import sys
import time

import numpy as np

from backend.kernel import clock
from backend.kernel.db import Database
from backend.metering import service as metering
from backend.tenancy import service as tenancy


def main(url: str, rate: int) -> None:
    """Four batches a second over all points of the one region, with the roll-ups made between them."""
    database = Database(url)
    scope = tenancy.system_scopes(database, "bench writer")[0]
    with database.transaction(scope) as session:
        keys = np.array([point.key for point in metering.all_points(session, scope)], dtype=np.int64)
    size, turn = rate // 4, 0
    while True:
        began = time.monotonic()
        chosen = np.take(keys, np.arange(turn * size, (turn + 1) * size), mode="wrap")
        batch = metering.ReadingBatch(
            chosen, np.full(size, clock.now_us()), np.full(size, 1e6 + turn), np.zeros(size)
        )
        with database.transaction(scope) as session:
            metering.store_readings(session, scope, batch, source="bench", live=True)
        turn += 1
        time.sleep(max(0.0, 0.25 - (time.monotonic() - began)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
