"""`enerfield follow`: alarms and roll-ups, behind ingest."""

from __future__ import annotations

import click


@click.command()
@click.option("--only", type=click.Choice(["alarms", "rollups"]), help="Only one of the two (default: both).")
def command(only: str | None) -> None:
    """Follow arriving readings until stopped: raise alarms, sum amounts.

    Start as many as you like, also on other hosts: one at a time does the work, another takes over within
    seconds when it falls silent.
    """
    import signal
    import threading

    from backend import wiring
    from backend.infra import logs
    from backend.kernel import memory
    from backend.kernel.db import database
    from backend.worker import followers

    logs.configure()
    wiring.connect()
    memory.settle()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    followers.run(database(), [only] if only else list(followers.FOLLOWERS), stop)
    database().dispose()
