"""Work in the background: the Celery application, its queues, and what is started when."""

from __future__ import annotations

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, worker_process_init
from kombu import Queue

from backend import wiring
from backend.infra import canary, celery, logs
from backend.kernel.db import database
from backend.kernel.settings import settings

app = Celery("enerfield", include=["backend.worker.tasks"])
app.config_from_object(celery.configuration(settings().redis_url))
app.conf.task_queues = [Queue(name) for name in canary.QUEUES]
app.conf.task_routes = {"upkeep.*": {"queue": "upkeep"}, "outbox.*": {"queue": "events"}}
app.conf.beat_schedule = {
    "send due events": {"task": "outbox.send_due", "schedule": 1.0, "options": {"expires": 5}},
    "canary of events": {"task": "canary.sing", "schedule": float(canary.EVERY_S), "args": ("events",),
                         "options": {"queue": "events", "expires": canary.EVERY_S}},
    "canary of upkeep": {"task": "canary.sing", "schedule": float(canary.EVERY_S), "args": ("upkeep",),
                         "options": {"queue": "upkeep", "expires": canary.EVERY_S}},
    "sort closed periods": {"task": "upkeep.metering", "schedule": crontab(minute="40", hour="18")},
    "forget what is over": {"task": "upkeep.forget", "schedule": crontab(minute="10", hour="18")},
}  # fmt: skip
"""Name -> task and time (UTC; 18:40 is night in China). `enerfield schedule` fires them."""

wiring.connect()


@setup_logging.connect
def _log_like_everything_else(**_kw: object) -> None:
    logs.configure()


@worker_process_init.connect
def _own_connections(**_kw: object) -> None:
    """A forked worker opens its own database connections: the parent's are not shared."""
    database().engine.dispose(close=False)
