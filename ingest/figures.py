"""What a sink did, for its log, the status of its worker, and benches."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass
class Figures:
    """What the sink did since it started, for the worker's log and benches."""

    stored: int = 0
    batches: int = 0
    spooled: int = 0
    dead: int = 0
    is_away: bool = False
    is_refusing: bool = False
    left_out: int = 0
    waits_seconds: deque[float] = field(default_factory=lambda: deque(maxlen=10_000))

    def wait_ms(self, share: float) -> float:
        """Return how long a share of the latest batches at most took from first reading to durable [ms]."""
        waits = sorted(self.waits_seconds)
        return round(1000 * waits[min(len(waits) - 1, int(share * len(waits)))], 1) if waits else 0.0
