"""`enerfield work`: background jobs."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

import click


@click.command()
@click.option("--processes", default=2, show_default=True, help="Jobs done at the same time.")
@click.option("--queue", "queues", multiple=True, help="Only these kinds of work (default: all).")
@click.option(
    "--canary-seconds", default=10.0, show_default=True, help="How often the worker must prove that it hears."
)
@click.option(
    "--deaf-seconds",
    default=30.0,
    show_default=True,
    help="How late a proof may be, at the least, before it is deaf.",
)
@click.option(
    "--grace",
    default=600.0,
    show_default=True,
    help="How long the job at hand may take to finish when stopped [s].",
)
@click.option("--bare", is_flag=True, hidden=True, help="The worker itself, without its keeper.")
def command(
    processes: int,
    queues: tuple[str, ...],
    canary_seconds: float,
    deaf_seconds: float,
    grace: float,
    bare: bool,
) -> None:
    """Run background jobs until stopped; the job at hand is finished first.

    A worker that no longer takes jobs, although it runs, is started anew.
    """
    from celery.app.utils import find_app

    from backend.infra import logs
    from backend.kernel.settings import settings

    redis_url = settings().redis_url  # a wrong setting is said at once, in one line
    if bare:
        _work(processes, queues)
        return
    from backend.cli.server.keeper import Pace, keep
    from backend.cli.server.kept import KeptWorker

    logs.configure()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    arguments = ["--processes", str(processes), *(part for name in queues for part in ("--queue", name))]
    worker = KeptWorker(find_app("backend.worker"), redis_url, arguments, processes=processes, grace_s=grace)
    sys.exit(keep(worker, stop, pace=Pace(every_s=canary_seconds, least_s=deaf_seconds)))


def _work(processes: int, queues: tuple[str, ...]) -> None:
    from celery.app.utils import find_app

    for each_task in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(each_task).setLevel(logging.WARNING)  # a line a second would bury the others
    own = os.environ.get("ENERFIELD_WORKER_CANARY")
    if queues and own:
        queues = (*queues, own)
    find_app("backend.worker").worker_main(
        [
            *("worker", "--concurrency", str(processes), "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle"),
            *(("--hostname", f"{own}@%h") if own else ()),
            *(("--queues", ",".join(queues)) if queues else ()),
        ]
    )
