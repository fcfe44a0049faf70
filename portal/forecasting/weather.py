"""The weather a forecast follows: its age, its error, and files of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from backend.forecasting.service import KEEPERS, weather
from backend.forecasting.service.weather_files import MOST_BYTES, read_weather
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import show
from backend.kernel.periods import Period
from portal import forms
from portal.address import asked, following
from portal.forecasting import words
from portal.forms import Field
from portal.navigation import look
from portal.pages import done, own_path, pages, refused
from portal.picking import pick, picked
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


@pages.get("/weather")
def weather_places() -> str:
    """Answer: where does weather come from, when did it last come, and what hinders it?"""
    look()
    page = weather.list_places(g.session, g.scope, cursor=asked())
    rows = [
        {
            "name": named(one), "where": f"{one.latitude:g}°, {one.longitude:g}°", "asked_at": one.asked_at,
            "error": _error(one.error), "source": words.WEATHER_SOURCES[one.source],
            "number": show(one.id) if one.source == "file" else "",
        }
        for one in page.items
    ]  # fmt: skip
    return render_template(
        "forecasting/weather.html", rows=rows, next=following(page), may_keep=g.scope.holds(*KEEPERS),
        steps=[{"name": _("Forecasts"), "link": url_for("portal.forecasts")}],
    )  # fmt: skip


@pages.route("/weather/new", methods=["GET", "POST"])
def new_weather_place() -> Any:
    """Have the weather of a place kept."""
    node = look()
    if not g.scope.holds(*KEEPERS):
        g.scope.demand(node.id, *KEEPERS)
    degrees = {"step": "any"}
    page = forms.Page(
        _("New weather place"), _("Where is it, and who brings its weather?"),
        [{"name": _("Weather places"), "link": url_for("portal.weather_places")}], _("Add the place"),
        [
            Field("name", _("Name in English"), attributes={"maxlength": "200"}),
            Field("name_zh", _("Name in Chinese"), is_required=False, attributes={"maxlength": "200"}),
            Field("latitude", _("Latitude [°]"), "", "number", attributes=degrees, hint=_("north positive")),
            Field("longitude", _("Longitude [°]"), "", "number", attributes=degrees, hint=_("east positive")),
            pick("organisation", _("Organisation"), "forecast_organisation", show(node.id)),
            Field("source", _("Weather is brought by"), "file", "select", options=list(words.WEATHER_SOURCES.items())),
        ],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        latitude, longitude = (forms.needed(name) for name in ("latitude", "longitude"))
        new = weather.NewPlace(
            forms.text("name", 201), latitude, longitude, forms.among("source", words.WEATHER_SOURCES),
            forms.maybe("name_zh"),
        )  # fmt: skip
        organisation_id = picked("organisation", "forecast_organisation")
        weather.add_place(g.session, g.scope, organisation_id=organisation_id, new=new)
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Its weather is kept from now on."), url_for("portal.weather_places"))


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
