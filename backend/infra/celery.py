"""Celery's transport settings. Celery carries tasks; what is to be done stands in the outbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backend.infra.canary import QUEUES

LONGEST = timedelta(hours=6)
"""Redis hands a task out again after this long: no task may take longer."""


def configuration(redis_url: str) -> dict[str, Any]:
    """Return the settings of the Celery application on one Redis."""
    if redis_url.startswith("unix:"):
        redis_url = "redis+socket://" + redis_url.removeprefix("unix://")
    return {
        "broker_url": redis_url,
        "task_ignore_result": True,
        "task_acks_late": True,  # a killed worker's task comes again; listeners are idempotent
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "broker_transport_options": {
            "visibility_timeout": LONGEST.total_seconds(), "socket_timeout": 30, "socket_keepalive": True,
            "health_check_interval": 10,
        },
        "broker_connection_retry_on_startup": True,
        "broker_pool_limit": 4,
        "task_default_queue": QUEUES[0],
        "task_create_missing_queues": False,
        "task_time_limit": LONGEST.total_seconds() - 60,
        "worker_hijack_root_logger": False,
        "timezone": "UTC",
        "enable_utc": True,
    }  # fmt: skip
