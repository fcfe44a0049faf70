"""The weather a forecast follows: its age, its error, and files of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from backend.forecasting.service import weather
from backend.forecasting.service.weather_files import MOST_BYTES, read_weather
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.periods import Period
from portal.forecasting import words
from portal.pages import done, own_path, pages, refused
from portal.refusals import in_words
from portal.words import named_here as named


def weather_card(target: Any, period: Period) -> dict[str, Any] | None:
    """Return the weather of a target: its place, what came last, how far forecasts of it were off; None without any."""
    if target.weather_place_id is None:
        return None
    place = weather.place(g.session, g.scope, target.weather_place_id)
    found = weather.errors(g.session, g.scope, place_id=place.id, period=period)
    leads = sorted({one.lead_h for one in found})
    rows = []
    for name, (said, unit) in words.VARIABLES.items():
        mine = {one.lead_h: one.mae for one in found if one.variable == name}
        if mine:
            rows.append({"name": said, "unit": unit, "cells": [mine.get(lead) for lead in leads]})
    return {
        "name": named(place), "asked_at": place.asked_at, "error": _error(place.error), "leads": leads, "rows": rows,
        "take": url_for("portal.take_weather_file", weather_place_id=place.id), "source": place.source,
    }  # fmt: skip


def _error(said: str | None) -> str:
    """Return what hindered a delivery in the reader's language, after the name of the file it was in."""
    name, _colon, reason = (said or "").partition(": ")
    return f"{name}: {in_words(reason)}" if name.endswith((".csv", ".epw")) else in_words(said)


@pages.post("/weather/<uuid:weather_place_id>/files")
def take_weather_file(weather_place_id: UUID) -> Any:
    """Take a file of weather."""
    back = own_path(request.form.get("next"))
    try:
        file = request.files.get("file")
        if file is None or not file.filename:
            raise Refused(_("Choose a file first."), field="file")
        delivered = read_weather(file.filename, file.stream.read(MOST_BYTES + 1))
        count = weather.upload(g.session, g.scope, place_id=weather_place_id, delivered=delivered)
    except EnerfieldError as error:
        return refused(error, back)
    words_ = ngettext("Taken: %(num)d stretch of weather.", "Taken: %(num)d stretches of weather.", count)
    return done(words_, back)
