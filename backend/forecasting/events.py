"""What forecasting tells: no model could be trained, weather that came could not be taken."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.kernel.events import Event

MODEL_UNTRAINED = "forecasting.model_untrained"
WEATHER_REFUSED = "forecasting.weather_refused"
LETTER = "forecasting.letter"


def event(name: str, organisation_id: UUID, body: dict[str, Any]) -> Event:
    """Return an event of forecasting; organisation_id: whose forecast or weather place it is.

    model_untrained: target_id, name, name_zh, why (service.failing.Untrained), facts; told once for each reason until
        one is trained
    weather_refused: place_id, name, name_zh, message (with the file's name); told for each file
    letter: said (of one of these), what (its name), way, person_id, email, locale: one reader, one way
    """
    return Event(name, organisation_id, body)
