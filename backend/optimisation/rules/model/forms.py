"""How the values of a plant model stand in its document, beside those tariffs use too."""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.billing.rules.tariff.document import Findings, Form, wrong
from backend.billing.rules.tariff.document import number as exact
from backend.kernel import ids
from backend.kernel.errors import Refused


def figure(*, least: float | None = None, most: float | None = None, above: float | None = None) -> Form:
    """Return the form of a number within bounds."""
    low = None if least is None else Decimal(str(least))
    beyond = None if above is None else Decimal(str(above))
    inner = exact(least=low, above=beyond)

    def read(value: Any, path: str, findings: Findings) -> float:
        found = float(inner.read(value, path, findings))
        if most is not None and found > most:
            raise wrong(findings, path, value, f"{found:g} is more than {most:g}", f"give at most {most:g}")
        return found

    return Form(read, _shortest)


def _shortest(value: float) -> int | str:
    return int(value) if value == int(value) else repr(value)


def _id(value: Any, path: str, findings: Findings) -> UUID:
    try:
        return ids.parse(str(value))
    except Refused:
        raise wrong(
            findings, path, value, f"'{str(value)[:40]}' is no identifier", "take it from the point's page"
        ) from None


def _hour(value: Any, path: str, findings: Findings) -> time:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", str(value)):
        raise wrong(findings, path, value, f"'{str(value)[:40]}' is no time of day", "write 08:30")
    return time.fromisoformat(str(value))


ID = Form(_id, ids.show)
HOUR = Form(_hour, lambda at: f"{at:%H:%M}")
ANY, POSITIVE, SHARE = figure(), figure(above=0), figure(least=0, most=1)
NOT_NEGATIVE = figure(least=0)
EFFICIENCY = figure(above=0, most=1)
WARMTH = figure(least=-60, most=250)
"""Temperatures of sources, sinks and rooms [°C]."""
