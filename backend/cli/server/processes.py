"""The product's own processes, as a table: what runs beside the servers."""

from __future__ import annotations

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Process:
    """A process of the product: its arguments to `enerfield`, and what it does, for the person who reads."""

    arguments: tuple[str, ...]
    does: str
    is_demo: bool = False

    @property
    def command(self) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "backend.cli", *self.arguments]


PROCESSES = {
    "devices": Process(("demo", "devices"), "simulated field devices", is_demo=True),
    "web": Process(("web",), "pages and API"),
    "ingest": Process(("ingest", "run"), "readings from field devices"),
    "alarms": Process(("follow", "--only", "alarms"), "alarms, behind ingest"),
    "roll-ups": Process(("follow", "--only", "rollups"), "amounts by interval, hour, day and month"),
    "work": Process(("work", "--grace", "8"), "background jobs"),
    "schedule": Process(("schedule",), "jobs at their time"),
}
