"""One handler a command of the contract, by `entity.command`."""

from __future__ import annotations

from backend.field.service.handlers import assets, orders, readings, tags, visits
from backend.field.service.outcome import Handler

HANDLERS: dict[str, Handler] = {
    **orders.HANDLERS, **visits.HANDLERS, **assets.HANDLERS, **tags.HANDLERS, **readings.HANDLERS,
}  # fmt: skip
