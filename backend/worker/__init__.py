"""Work in the background: the Celery application, its queues, and what is started when."""

from __future__ import annotations

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, worker_process_init
from kombu import Queue

from backend import wiring
from backend.infra import canary, celery, logs
from backend.kernel.db import database
from backend.kernel.settings import settings

app = Celery(
    "enerfield",
    include=[
        "backend.worker.tasks",
        "backend.worker.fieldwork",
        "backend.worker.billing",
        "backend.worker.documents",
        "backend.worker.analysis",
        "backend.worker.fits",
        "backend.worker.forecasting",
        "backend.worker.optimisation",
    ],
)
app.config_from_object(celery.configuration(settings().redis_url))
own = os.environ.get("ENERFIELD_WORKER_CANARY")  # set by the keeper, see backend/cli/server/kept.py
app.conf.task_queues = [Queue(name) for name in (*canary.QUEUES, *([own] if own else []))]
app.conf.task_routes = {
    "upkeep.*": {"queue": "upkeep"}, "outbox.*": {"queue": "events"}, "billing.*": {"queue": "upkeep"},
    "fieldwork.*": {"queue": "events"}, "documents.*": {"queue": "upkeep"},
    "fits.*": {"queue": "upkeep"},
    "optimisation.*": {"queue": "plans"},
    "forecasting.*": {"queue": "upkeep"},
}  # fmt: skip
app.conf.beat_schedule = {
    "send due events": {"task": "outbox.send_due", "schedule": 1.0, "options": {"expires": 5}},
    "canary of events": {"task": "canary.sing", "schedule": float(canary.EVERY_S), "args": ("events",),
                         "options": {"queue": "events", "expires": canary.EVERY_S}},
    "canary of upkeep": {"task": "canary.sing", "schedule": float(canary.EVERY_S), "args": ("upkeep",),
                         "options": {"queue": "upkeep", "expires": canary.EVERY_S}},
    "canary of plans": {"task": "canary.sing", "schedule": float(canary.EVERY_S), "args": ("plans",),
                        "options": {"queue": "plans", "expires": canary.EVERY_S}},
    "plans by the clock": {"task": "optimisation.tick", "schedule": 60.0,
                           "options": {"queue": "plans", "expires": 50}},
    "plans against what was counted": {"task": "optimisation.compare", "schedule": crontab(minute="12,42"),
                                       "options": {"queue": "plans", "expires": 1500}},
    "old plans": {"task": "optimisation.forget", "schedule": crontab(minute="50", hour="18"),
                  "options": {"queue": "plans"}},
    "field work's clock": {"task": "fieldwork.tick", "schedule": 5.0, "options": {"expires": 10}},
    "planned inspections": {"task": "fieldwork.inspect", "schedule": 900.0, "options": {"expires": 900}},
    "monthly reports": {"task": "fieldwork.report_months", "schedule": crontab(minute="5"),
                        "options": {"expires": 3000}},
    "documents on schedule": {"task": "documents.deliver", "schedule": 900.0, "options": {"expires": 900}},
    "views of analysis on schedule": {"task": "documents.deliver_analysis", "schedule": 900.0,
                                      "options": {"expires": 900}},
    "fits of use": {"task": "fits.refit", "schedule": crontab(minute="50", hour="18", day_of_week="sun")},
    "places among peers": {"task": "fits.make_places", "schedule": crontab(minute="15", hour="19")},
    "operations that waited too long": {"task": "fieldwork.settle_overdue", "schedule": 600.0,
                                        "options": {"expires": 600}},
    "photos that never came": {"task": "fieldwork.ask_for_photos", "schedule": crontab(minute="20", hour="23")},
    "bills so far": {"task": "billing.refresh_so_far", "schedule": crontab(minute="25"), "options": {"expires": 3000}},
    "reminders of bills": {"task": "billing.remind", "schedule": crontab(minute="25"), "options": {"expires": 3000}},
    "prepaid balances": {"task": "billing.balances", "schedule": crontab(minute="35"), "options": {"expires": 3000}},
    "weather that came": {"task": "forecasting.take_weather", "schedule": 120.0, "options": {"expires": 120}},
    "forecasts that are due": {"task": "forecasting.issue", "schedule": crontab(minute="3,18,33,48"),
                               "options": {"expires": 600}},
    "models that are due": {"task": "forecasting.train", "schedule": 300.0, "options": {"expires": 300}},
    "old forecasts": {"task": "forecasting.keep_house", "schedule": crontab(minute="50", hour="18")},
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
