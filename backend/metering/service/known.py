"""What is stored already, for imports that must not touch it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.kernel.scope import Scope
from backend.metering.queries import known
from backend.metering.rules import ReadingBatch


def instants(session: Session, scope: Scope, batch: ReadingBatch) -> NDArray[np.bool_]:
    """Tell for each reading of a batch whether its point has one at that instant already."""
    there = np.zeros(len(batch.point_key), np.bool_)
    there[
        list(known.places_with_reading(session, scope, batch.point_key.tolist(), batch.read_at_us.tolist()))
    ] = True
    return there
