"""Points, as far as a scope sees them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.kernel.scope import Scope
from backend.metering.models import Point


def owned_keys(session: Session, scope: Scope) -> NDArray[np.int64]:
    """Keys of all points the scope's organisations own, ascending."""
    keys = session.scalars(
        select(Point.key).where(Point.organisation_id.in_(scope.organisations)).order_by(Point.key)
    ).all()
    return np.array(keys, dtype=np.int64)
