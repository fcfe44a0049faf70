"""Say what is forecast: set up a new one, say it otherwise, forecast it no more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, request, url_for
from flask_babel import gettext as _

from backend.forecasting import service
from backend.forecasting.service import NewTarget, Source, weather
from backend.forecasting.service.targets import LONGEST_H, STEPS
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse, show
from portal import forms
from portal.forecasting import words
from portal.forms import Field, Page
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.picking import maybe_picked, pick, pick_several, picked, several_picked
from portal.words import named_here as named

MODULES = ("latitude", "longitude", "tilt_deg", "azimuth_deg", "peak_kw")


@pages.route("/forecasts/new", methods=["GET", "POST"])
def new_forecast() -> Any:
    """Choose the meters that are forecast together, their weather, and how far ahead."""
    node = look()
    if not g.scope.holds(*service.KEEPERS):
        g.scope.demand(node.id, *service.KEEPERS)
    like = _like()
    page = Page(
        _("New forecast"), _("Which meters are forecast together, and what drives them?"), [_home()],
        _("Forecast it"),
        [*_names(None), *_counted(node.id, like), *_ahead(like), *_limits(like), _sky(like), *_modules(like)],
        aside=_("The first forecast comes within a quarter of an hour; the first model is trained once there are "
                "24 days to learn from."),
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        source = Source(forms.among("source", Source))
        place_id = maybe_picked("weather_place", "weather_place")
        new = NewTarget(
            **_said_names(), points=_points(node.id), source=source,
            step_minutes=int(forms.among("step_minutes", STEPS)), horizon_hours=_horizon(),
            floor=forms.number("floor"), ceiling=forms.number("ceiling"), weather_place_id=place_id,
            plant=_said_modules(source, place_id),
        )  # fmt: skip
        position_id = picked("position", "forecast_place", at=node.id)
        made = service.add_target(g.session, g.scope, position_id=position_id, new=new)
    except EnerfieldError as error:
        return forms.show(page, _beside(error))
    return done(_("It is forecast from now on."), url_for("portal.forecast", target_id=made.id))


@pages.route("/forecasts/<uuid:target_id>/edit", methods=["GET", "POST"])
def edit_forecast(target_id: UUID) -> Any:
    """Say otherwise what may change of a forecast; what was forecast stays as it was issued."""
    look()
    found = service.target(g.session, g.scope, target_id)
    g.scope.demand(found.organisation_id, *service.KEEPERS)
    back = url_for("portal.forecast", target_id=found.id)
    is_pv = found.source is Source.PV
    page = Page(
        _("Edit %(name)s", name=named(found)),
        _("Meters, place, kind and steps stay: models and past forecasts rest on them."),
        [_home(), {"name": named(found), "link": back}], _("Save"),
        [*_names(found), _horizon_field(found), *_limits(found), _sky(found),
         *(_modules(found) if is_pv else [])],
        removal=(url_for("portal.end_forecast", target_id=found.id), _("Forecast it no more")),
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        place_id = maybe_picked("weather_place", "weather_place")
        with g.session.begin_nested():  # what is refused is drawn again as it was
            service.change_target(
                g.session, g.scope, target_id=found.id, **_said_names(), horizon_hours=_horizon(),
                floor=forms.number("floor"), ceiling=forms.number("ceiling"), weather_place_id=place_id,
                plant=_said_modules(found.source, place_id),
            )  # fmt: skip
    except EnerfieldError as error:
        return forms.show(page, _beside(error))
    return done(_("Saved. The next forecast is made by it."), back)


@pages.post("/forecasts/<uuid:target_id>/end")
def end_forecast(target_id: UUID) -> Any:
    """Forecast it no more; what was forecast stays."""
    look()
    try:
        found = service.end_target(g.session, g.scope, target_id=target_id)
    except EnerfieldError as error:
        return refused(error, url_for("portal.forecast", target_id=target_id))
    return done(
        _("%(name)s is forecast no more; what was forecast stays.", name=named(found)), _home()["link"]
    )


def _like() -> Any:
    """Return the target a new one begins as, if the address names one."""
    about = request.args.get("like")
    return service.target(g.session, g.scope, parse(about)) if about else None


def _home() -> dict[str, str]:
    return {"name": _("Forecasts"), "link": url_for("portal.forecasts")}


def _names(found: Any) -> list[Field]:
    return [
        Field("name", _("Name in English"), found.name if found else "", attributes={"maxlength": "200"}),
        Field("name_zh", _("Name in Chinese"), (found.name_zh if found else "") or "", is_required=False,
              attributes={"maxlength": "200"}),
    ]  # fmt: skip


def _counted(node_id: UUID, like: Any) -> list[Field]:
    """Return the fields of what is summed, where it stands, and what makes it."""
    terms = service.terms(g.session, g.scope, [like.id])[like.id] if like else []
    added, off = ([point.id for term, point in terms if term.sign == sign] for sign in (1, -1))
    return [
        Field("source", _("What it is"), like.source.value if like else Source.LOAD.value, "select",
              options=[(one.value, words.SOURCES[one]) for one in Source]),
        pick("position", _("Site or place"), "forecast_place", like.position_id if like else "", at=node_id,
             hint=_("whose days and holidays count")),
        pick_several("points", _("Meters that are added up"), "counted_point", added, at=node_id),
        pick_several("less", _("Meters that are taken off (mostly none)"), "counted_point", off, at=node_id),
    ]  # fmt: skip


def _ahead(like: Any) -> list[Field]:
    return [
        Field("step_minutes", _("Length of steps"), like.step_minutes if like else 60, "select",
              options=[(one, _("%(minutes)s min", minutes=one)) for one in STEPS],
              hint=_("never shorter than the meters count by")),
        _horizon_field(like),
    ]  # fmt: skip


def _horizon_field(found: Any) -> Field:
    return Field(
        "horizon_hours", _("How far ahead [h]"), found.horizon_hours if found else 48, "number",
        attributes={"min": "1", "max": str(LONGEST_H), "step": "1"},
        hint=_("up to %(hours)s h, which are %(days)s days", hours=LONGEST_H, days=LONGEST_H // 24),
    )  # fmt: skip


def _limits(found: Any) -> list[Field]:
    return [
        Field("floor", _("Least of a step"), _shown(found.floor) if found else "0", "number", is_required=False,
              attributes={"step": "any"}, hint=_("in the meters' unit; empty where it may turn round")),
        Field("ceiling", _("Most of a step"), _shown(found.ceiling) if found else "", "number", is_required=False,
              attributes={"step": "any"}, hint=_("in the meters' unit; empty where nothing limits it")),
    ]  # fmt: skip


def _sky(found: Any) -> Field:
    return pick(
        "weather_place", _("Weather of"), "weather_place", (found.weather_place_id if found else "") or "",
        empty=_("no place: weather does not matter"), is_half=False,
        hint=_("models learn from the weather as it was foretold there"),
    )  # fmt: skip


def _modules(found: Any) -> list[Field]:
    said = (found.plant if found else None) or {}
    any_ = {"step": "any"}
    return [
        Field("latitude", _("Modules: latitude [°]"), _shown(said.get("latitude")), "number", is_required=False,
              attributes=any_, hint=_("north positive; empty: that of the weather place")),
        Field("longitude", _("Modules: longitude [°]"), _shown(said.get("longitude")), "number", is_required=False,
              attributes=any_, hint=_("east positive; empty: that of the weather place")),
        Field("tilt_deg", _("Modules: tilt [°]"), _shown(said.get("tilt_deg")), "number", is_required=False,
              attributes=any_, hint=_("0 lies flat, 90 stands upright; empty where unknown")),
        Field("azimuth_deg", _("Modules: direction [°]"), _shown(said.get("azimuth_deg")), "number",
              is_required=False, attributes=any_, hint=_("180 looks south, 90 east; empty where unknown")),
        Field("peak_kw", _("Modules: peak power [kW]"), _shown(said.get("peak_kw")), "number", is_required=False,
              attributes=any_, hint=_("of all modules together; empty where unknown")),
    ]  # fmt: skip


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _said_names() -> dict[str, Any]:
    return {"name": forms.text("name", 201), "name_zh": forms.maybe("name_zh")}


def _horizon() -> int:
    forms.needed("horizon_hours")
    return forms.whole("horizon_hours") or 0


def _points(node_id: UUID) -> dict[UUID, int]:
    """Return the points that were chosen, added or taken off; raises Refused for one that is both."""
    added = dict.fromkeys(several_picked("points", "counted_point", at=node_id), 1)
    off = dict.fromkeys(several_picked("less", "counted_point", at=node_id), -1)
    if both := added.keys() & off.keys():
        raise Refused(
            _("One meter is added and taken off."), field="less", value=show(min(both)),
            remedy=_("choose it once"),
        )  # fmt: skip
    return added | off


def _said_modules(source: Source, place_id: UUID | None) -> dict[str, float | None] | None:
    """Return where the modules of PV stand and look, by their weather's place where nothing else was typed."""
    if source is not Source.PV:
        return None
    said = {name: forms.number(name) for name in MODULES}
    if said["latitude"] is None and said["longitude"] is None and place_id is not None:
        place = weather.place(g.session, g.scope, place_id)
        said |= {"latitude": place.latitude, "longitude": place.longitude}
    return said


def _beside(error: EnerfieldError) -> EnerfieldError:
    """Return an error without an id as its value: that says nothing to a reader, the message names the thing."""
    error.field = "latitude" if error.field == "plant" else error.field
    if error.field in ("points", "less", "position", "weather_place", "weather_place_id"):
        error.value = None
    return error
