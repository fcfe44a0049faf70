"""Forecasts: what is foreseen here, and one of them as a fan with its models, its errors and its weather."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, g, jsonify, render_template, request, url_for
from flask_babel import gettext as _

from backend.forecasting import service
from backend.forecasting.service import LEVELS, ForecastSeries, Method
from backend.kernel import clock
from backend.kernel.errors import EnerfieldError
from backend.kernel.ids import show
from backend.kernel.periods import Period, local_date
from backend.network import service as network
from backend.tenancy import service as tenancy
from portal import drawing, navigation, places
from portal.address import View, asked, following, here, moment, view_of_request
from portal.forecasting import fan, words
from portal.forecasting.weather import weather_card
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.terms import word
from portal.words import named_here as named

HORIZON = timedelta(days=8)
JUDGED = timedelta(days=30)
"""Accuracy and weather errors are told of so much of the past, where the period says nothing longer."""
EARLIER = 12
WITHOUT = ("no_model", "model_old")
"""Reasons that keep no forecast from being made: lower rungs need no model."""


@pages.get("/forecasts")
def forecasts() -> str:
    """Answer: what will be used and made in the next days, and how sure is that?"""
    node, view = look(), view_of_request(g.get("zone", "UTC"))
    organisations = navigation.below(node) if node else None
    page = service.list_targets(
        g.session, g.scope, organisations=organisations, carrier=view.carrier, cursor=asked()
    )
    ids = [one.id for one in page.items]
    newest = _newest(ids)
    standing = service.standing(g.session, g.scope, ids)
    where = network.positions_by_id(g.session, g.scope, {one.position_id for one in page.items})
    rows = [
        _row(one, newest.get(one.id), standing.get(one.id), where.get(one.position_id)) for one in page.items
    ]
    return render_template("forecasting/forecasts.html", rows=rows, next=following(page), view=view,
                           may_keep=g.scope.holds(*service.KEEPERS))  # fmt: skip


@pages.get("/forecasts/<uuid:target_id>")
def forecast(target_id: UUID) -> str:
    """Answer: what is foreseen, by which method, what came of it, and may one rely on it?"""
    target, view = _look(target_id)
    newest, known_at = _newest([target_id]).get(target_id), moment(request.args.get("known"), "known")
    g.known_at = known_at
    shown = _at(target_id, known_at) if known_at else newest
    drawn = fan.fan_of(target, view, None if known_at else newest, known_at)
    models = service.list_models(g.session, g.scope, target_id=target_id, limit=20).items
    return render_template(
        "forecasting/forecast.html", target=target, view=view, steps=_steps(target), curve=fan.card(drawn, view),
        shown=shown, known_at=known_at, rung=_rung(shown), missing=_missing(target),
        revised=service.revised_since(g.session, g.scope, shown.forecast_id) if shown else 0,
        unit=drawn.unit, factor=fan.rate(target.unit, target.step_minutes)[1], accuracy=_accuracy(target, view),
        scores=_scores(models), models=_models(models), earlier=_earlier(target),
        source=word(words.SOURCES, target.source),
        untrained=words.untrained(target.untrained) if target.untrained else "",
        terms=_terms(target), may_keep=_may_keep(target), sky=weather_card(target, _judged(view)),
        plain_link=here(known=None), like_link=url_for("portal.new_forecast", like=show(target.id)),
    )  # fmt: skip


@pages.get("/forecasts/<uuid:target_id>/curve.json")
def forecast_curve(target_id: UUID) -> Response:
    """Give the fan to the script."""
    return jsonify(fan.for_script(*_fan(target_id)))


@pages.get("/forecasts/<uuid:target_id>/forecast.csv")
def forecast_csv(target_id: UUID) -> Response:
    """Give the fan as a file."""
    drawn, view = _fan(target_id)
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in drawn.target.name)
    headers = {"Content-Disposition": f'attachment; filename="{name}-{view.on.isoformat()}.csv"'}
    return Response(fan.as_file(drawn), mimetype="text/csv", headers=headers)


@pages.post("/forecasts/<uuid:target_id>/training")
def train_forecast(target_id: UUID) -> Any:
    """Have a new model trained."""
    back = url_for("portal.forecast", target_id=target_id)
    try:
        service.ask_for_training(g.session, g.scope, target_id=target_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("A new model is trained within minutes. It is used only if it is better."), back)


def _look(target_id: UUID) -> tuple[Any, View]:
    look()
    target = service.target(g.session, g.scope, target_id)
    g.zone, _calendar = service.place_of(g.session, g.scope, target)
    return target, view_of_request(g.zone)


def _fan(target_id: UUID) -> tuple[fan.Fan, View]:
    target, view = _look(target_id)
    known_at = moment(request.args.get("known"), "known")
    newest = None if known_at else _newest([target_id]).get(target_id)
    return fan.fan_of(target, view, newest, known_at), view


def _newest(target_ids: list[UUID]) -> dict[UUID, ForecastSeries]:
    now = clock.now()
    return service.at(
        g.session, g.scope, target_ids=target_ids, start=now - timedelta(hours=1), end=now + HORIZON
    )


def _at(target_id: UUID, known_at: datetime) -> ForecastSeries | None:
    about = {"target_ids": [target_id], "start": known_at, "end": known_at + HORIZON, "known_at": known_at}
    return service.at(g.session, g.scope, **about).get(target_id)


def _row(one: Any, newest: ForecastSeries | None, champion: Any, where: Any) -> dict[str, Any]:
    unit, factor = fan.rate(one.unit, one.step_minutes)
    now = newest.values[0] * factor if newest is not None else None
    ahead = (newest.median[: int(timedelta(hours=48) / newest.step)] * factor).tolist() if newest else []
    scores = _own(champion.scores) if champion is not None else None
    return {
        "name": named(one), "carrier": one.carrier.value, "place": named(where) if where else "",
        "link": url_for("portal.forecast", target_id=one.id), "unit": unit,
        "median": None if now is None else float(now[LEVELS.index(0.5)]),
        "low": None if now is None else float(now[LEVELS.index(0.1)]),
        "high": None if now is None else float(now[LEVELS.index(0.9)]),
        "spark": drawing.spark(ahead), "issued_at": newest.issued_at if newest else None,
        "rung": word(words.METHODS, newest.method) if newest else "",
        "sign": words.sign(newest.method) if newest else "unknown",
        "missing": _missing(one), "skill": scores["skill"] if scores else None,
    }  # fmt: skip


def _rung(shown: ForecastSeries | None) -> dict[str, str] | None:
    if shown is None:
        return None
    return {"sign": words.sign(shown.method), "words": words.ladder(shown.method, list(shown.passed))}


def _missing(target: Any) -> str:
    """Say why nothing can be forecast; nothing while something is."""
    if not target.failing:
        return ""
    reasons = dict.fromkeys(words.why(one) for one in target.failing["passed"] if one["why"] not in WITHOUT)
    return _("; ").join(reasons)


def _judged(view: View) -> Period:
    """Return the period that is judged: the view's, or the month before now where that is shorter or still runs."""
    now = clock.now()
    if view.is_current or view.span in ("day", "week"):
        end = min(view.period.end or now, now)
        return Period(min(view.period.start, end - JUDGED), end)
    return view.period


def _accuracy(target: Any, view: View) -> dict[str, Any]:
    period = _judged(view)
    if (period.end or period.start) - period.start > timedelta(days=100):
        period = Period((period.end or period.start) - timedelta(days=100), period.end)
    rows = service.accuracy(g.session, g.scope, target_id=target.id, period=period)
    first, last = (local_date(at, g.zone) for at in (period.start, period.end or period.start))
    return {"rows": rows, "first": first, "last": last}


def _own(scores: Mapping[str, Any]) -> Mapping[str, Any]:
    return scores.get(Method.MODEL.value) or scores[Method.MODEL_WITHOUT_WEATHER.value]


def _scores(models: Any) -> dict[str, Any] | None:
    """Return the rolling backtest of the model in use, method by method; else of the newest."""
    one = next((m for m in models if m.verdict is service.Verdict.CHAMPION), models[0] if models else None)
    if one is None:
        return None
    rows = [
        {"name": word(words.METHODS, method), "is_own": one.scores[method.value] is _own(one.scores)}
        | one.scores[method.value]
        for method in Method
        if method.value in one.scores
    ]
    own = _own(one.scores)
    return {
        "rows": rows, "number": one.number, "first": local_date(datetime.fromisoformat(own["first"]), g.zone),
        "last": local_date(datetime.fromisoformat(own["last"]) - timedelta(seconds=1), g.zone),
    }  # fmt: skip


def _models(models: Any) -> list[dict[str, Any]]:
    people = tenancy.names(g.session, g.scope, {one.asked_by for one in models if one.asked_by})
    return [
        {
            "number": one.number, "trained_at": one.trained_at, "verdict": word(words.VERDICTS, one.verdict),
            "sign": words.VERDICT_SIGNS[one.verdict], "pinball": _own(one.scores)["pinball"],
            "against": one.champion_scores["pinball"] if one.champion_scores else None,
            "from": one.champion_from, "until": one.champion_until, "asked_by": people.get(one.asked_by, ""),
            "known_until": one.known_until,
        }
        for one in models
    ]  # fmt: skip


def _earlier(target: Any) -> list[dict[str, Any]]:
    page = service.list_forecasts(g.session, g.scope, target_id=target.id, limit=EARLIER)
    return [
        {
            "issued_at": one.issued_at, "rung": word(words.METHODS, one.method), "sign": words.sign(one.method),
            "link": here(known=one.issued_at.isoformat()),
        }
        for one in page.items
    ]  # fmt: skip


def _terms(target: Any) -> list[dict[str, Any]]:
    rows = service.terms(g.session, g.scope, [target.id])[target.id]
    where = places.full_names({point.position_id for _term, point in rows})
    return [
        {
            "name": named(point), "place": where.get(point.position_id, ""), "is_off": term.sign < 0,
            "link": url_for("portal.point", point_id=point.id),
        }
        for term, point in rows
    ]  # fmt: skip


def _steps(target: Any) -> list[dict[str, str]]:
    return [{"name": _("Forecasts"), "link": url_for("portal.forecasts")}]


def _may_keep(target: Any) -> bool:
    return any(target.organisation_id in g.scope.where(role) for role in service.KEEPERS)
