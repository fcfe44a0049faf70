"""Who proposes dispatchers a day, and who knows how long driving takes."""

from __future__ import annotations

import threading
from functools import cache, partial
from importlib import import_module

from backend.infra.roads import Osrm
from backend.infra.vroom import Vroom
from backend.kernel.settings import settings
from backend.workorders.ports import Planner, Roads

WITHIN_S = 6
"""How long the planner may search while somebody waits [s]."""


@cache
def warm() -> None:
    """Begin to load the planner: the first question of a process would wait for that too."""
    threading.Thread(target=partial(import_module, "vroom"), daemon=True).start()


@cache
def planner() -> Planner:
    """Return the planner of this process; people wait for it, so it does not search for long."""
    return Vroom(limit_s=WITHIN_S)


@cache
def roads() -> Roads | None:
    """Return the road service of this installation; None where none is set: great circles."""
    url = settings().roads_url
    return Osrm(url) if url else None
