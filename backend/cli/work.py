"""`enerfield work`: background jobs."""

from __future__ import annotations

import logging

import click


@click.command()
@click.option("--processes", default=2, show_default=True, help="Jobs done at the same time.")
@click.option("--queue", "queues", multiple=True, help="Only these kinds of work (default: all).")
def command(processes: int, queues: tuple[str, ...]) -> None:
    """Run background jobs until stopped; the job at hand is finished first."""
    from celery.app.utils import find_app

    from backend.kernel.settings import settings

    settings()  # a wrong setting is said at once, in one line
    for each_task in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(each_task).setLevel(logging.WARNING)  # a line a second would bury the others
    chosen = ["--queues", ",".join(queues)] if queues else []
    find_app("backend.worker").worker_main(
        [
            *("worker", "--concurrency", str(processes), "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle"),
            *chosen,
        ]
    )
