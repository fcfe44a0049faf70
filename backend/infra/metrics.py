"""What is counted and timed, for Prometheus. Labels come from our own names, never from input."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "enerfield_requests", "Answered requests.", ["endpoint", "method", "status"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "enerfield_request_seconds", "Time to answer a request [s].", ["endpoint"], registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
STREAMS = Gauge("enerfield_live_streams", "Open live streams.", registry=REGISTRY)
OUTBOX_OPEN = Gauge("enerfield_outbox_open", "Events not yet delivered.", registry=REGISTRY)
BATCH_AGE = Gauge("enerfield_ingest_batch_age_seconds", "Age of the newest batch [s].", registry=REGISTRY)
CANARY_AGE = Gauge(
    "enerfield_queue_canary_age_seconds",
    "Time since a queue's last canary [s].",
    ["queue"],
    registry=REGISTRY,
)


def render() -> bytes:
    """Return everything in Prometheus' text format."""
    return generate_latest(REGISTRY)
