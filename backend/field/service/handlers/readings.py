"""A reading off the dial: stored as every reading is, with the quality 'manual'."""

from __future__ import annotations

import math

import numpy as np
from sqlalchemy.orm import Session

from backend.field.rules.operation import Operation
from backend.field.service.outcome import Done, Given, Handler
from backend.kernel import clock
from backend.kernel.errors import Refused
from backend.kernel.scope import Role, Scope
from backend.metering import service as metering


def _read(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    """The same instant and value again is a no-op; another value is the next revision, as for any source."""
    point = metering.point(session, scope, op.id)
    scope.demand(point.organisation_id, Role.TECHNICIAN, Role.OPERATOR, Role.DISPATCHER, Role.ADMINISTRATOR)
    value = op.args.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused("a reading is a number", field="value", value=str(value)[:40])
    if op.args.get("is_rehearsal"):
        return Done(0, is_noop=True)
    at = given.command.occurred_at or clock.now()
    batch = metering.ReadingBatch(
        np.array([point.key], np.int64), np.array([clock.to_us(at)], np.int64), np.array([float(value)]),
        np.array([metering.Quality.MANUAL], np.int16),
    )  # fmt: skip
    metering.store_readings(session, scope, batch, source="field", live=False, corrects=True)
    return Done(0)


HANDLERS: dict[str, Handler] = {"point.read": _read}
