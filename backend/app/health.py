"""Probes: is the process alive, can it serve, what are its figures."""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import redis
from flask import Blueprint, Response, current_app, jsonify, request
from sqlalchemy import text

from backend.infra import canary, metrics, outbox
from backend.kernel import clock
from backend.kernel.errors import Forbidden
from backend.kernel.scope import Scope
from backend.kernel.settings import Settings

blueprint = Blueprint("health", __name__)
WAIT_S = 1.0
STALE_S = 300.0
"""With field devices connected, readings older than this mean that ingest stands still [s]."""


@blueprint.get("/healthz")
def alive() -> Response:
    """Answer at all."""
    return jsonify(alive=True)


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """Tell part by part what answers; 503 unless all do."""
    settings: Settings = current_app.settings  # type: ignore[attr-defined]
    parts = {
        "database": _tried(_database),
        "redis": _tried(lambda: _redis(settings)),
        "broker": _tried(lambda: _broker(settings)),
        "ingest": _tried(_ingest),
        "jobs": _tried(lambda: _jobs(settings)),
    }
    is_ready = all(part["ok"] for name, part in parts.items() if name != "jobs")
    return jsonify(ready=is_ready, **parts), 200 if is_ready else 503


@blueprint.get("/metrics")
def figures() -> Response:
    """Figures for Prometheus: to this machine, or with the token from the settings."""
    settings: Settings = current_app.settings  # type: ignore[attr-defined]
    _guard(settings)
    for refresh in (_outbox, _ingest, lambda: _jobs(settings)):
        _tried(refresh)
    return Response(metrics.render(), mimetype="text/plain; version=0.0.4")


def _tried(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return {"ok": True} | check()
    except Exception as error:  # whatever is wrong, the probe answers
        return {"ok": False, "error": type(error).__name__}


def _database() -> dict[str, Any]:
    with current_app.database.transaction(Scope.public()) as session:  # type: ignore[attr-defined]
        return {"version": session.scalar(text("SELECT version_num FROM alembic_version"))}


def _redis(settings: Settings) -> dict[str, Any]:
    with redis.Redis.from_url(settings.redis_url, socket_timeout=WAIT_S) as client:
        client.ping()
    return {}


def _broker(settings: Settings) -> dict[str, Any]:
    parts = urlsplit(settings.mqtt_url)
    port = parts.port or (8883 if parts.scheme == "mqtts" else 1883)
    with socket.create_connection((parts.hostname or "localhost", port), timeout=WAIT_S):
        return {}


def _ingest() -> dict[str, Any]:
    """Readings must be fresh once there were any."""
    with current_app.database.transaction(Scope.public()) as session:  # type: ignore[attr-defined]
        newest: datetime | None = session.scalar(
            text("SELECT received_at FROM batch WHERE is_live ORDER BY sequence DESC LIMIT 1")
        )
    if newest is None:
        return {"newest_age_s": None}
    age_s = (clock.now() - newest).total_seconds()
    metrics.BATCH_AGE.set(age_s)
    return {"ok": age_s < STALE_S, "newest_age_s": round(age_s, 1)}


def _outbox() -> dict[str, Any]:
    metrics.OUTBOX_OPEN.set(outbox.open_count(current_app.database))  # type: ignore[attr-defined]
    return {}


def _jobs(settings: Settings) -> dict[str, Any]:
    """Each queue has brought back a canary lately."""
    ages = canary.ages_s(settings.redis_url)
    for queue, age_s in ages.items():
        metrics.CANARY_AGE.labels(queue).set(-1 if age_s is None else age_s)
    fresh = all(age_s is not None and age_s < canary.LATE_S for age_s in ages.values())
    return {"ok": fresh, "canary_age_s": ages}


def _guard(settings: Settings) -> None:
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.metrics_token and hmac.compare_digest(sent.encode(), settings.metrics_token.encode()):
        return
    near = ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104  # nowhere
    if not near or "X-Forwarded-For" in request.headers:
        raise Forbidden("figures are for this machine", remedy="set ENERFIELD_METRICS_TOKEN and send it")
