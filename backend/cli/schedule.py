"""`enerfield schedule`: put jobs on their queues when their time comes.

What runs when stands in the Celery application (`beat_schedule`, beside the tasks). Any number of these
processes may run; a lease in the database lets one of them fire, and another takes over within seconds when
it falls silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import click

LEASE_S = 10.0
RENEW_S = 3.0


@click.command()
def command() -> None:
    """Start jobs at their time until stopped."""
    from apscheduler.schedulers.blocking import BlockingScheduler
    from celery.app.utils import find_app

    from backend.kernel.db import database
    from backend.kernel.leases import Lease
    from backend.kernel.scope import Scope

    app = find_app("backend.worker")
    lease = Lease("schedule", seconds=LEASE_S)

    def is_mine() -> bool:
        with database().transaction(Scope.public()) as session:
            return lease.hold(session)

    def fire(entry: Mapping[str, Any]) -> None:
        if is_mine():
            app.send_task(
                entry["task"], entry.get("args"), entry.get("kwargs"), **dict(entry.get("options", {}))
            )

    scheduler = BlockingScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 60}
    )
    scheduler.add_job(is_mine, "interval", seconds=RENEW_S, id="hold the lease")
    for name, entry in app.conf.beat_schedule.items():
        scheduler.add_job(fire, trigger(entry["schedule"]), [entry], id=name)
        click.echo(f"{name}: {entry['schedule']}")
    _stop_on_sigterm(scheduler)
    try:
        scheduler.start()
    finally:
        with database().transaction(Scope.public()) as session:
            lease.release(session)


def trigger(schedule: Any) -> Any:
    """Turn Celery's way of saying when (seconds, timedelta, crontab) into the scheduler's.

    Days of the week are names (`mon`), since the two count them differently.
    """
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.interval import IntervalTrigger
    from celery.schedules import crontab

    if isinstance(schedule, crontab):
        return CronTrigger(
            minute=schedule._orig_minute,
            hour=schedule._orig_hour,
            day=schedule._orig_day_of_month,
            month=schedule._orig_month_of_year,
            day_of_week=schedule._orig_day_of_week,
            timezone="UTC",
        )
    seconds = schedule.total_seconds() if isinstance(schedule, timedelta) else float(schedule)
    return IntervalTrigger(seconds=seconds, timezone="UTC", jitter=1 if seconds >= 30 else None)


def _stop_on_sigterm(scheduler: Any) -> None:
    import signal

    def stop(*_: object) -> None:
        scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
