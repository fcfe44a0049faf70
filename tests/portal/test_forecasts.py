"""Pages of forecasts: a list with the rung of each, a fan with what came, and who may see and ask."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import text

from backend.forecasting import service
from backend.kernel.ids import show
from tests.forecasting import foresee


@pytest.fixture(scope="module", autouse=True)
def foreseen(world):
    foresee(world, world.east)
    return world.east.ids["target"]


def test_the_list_says_what_comes_by_which_method_and_how_old_it_is(browser, world, foreseen):
    page = browser(world.east, "operator").get("/forecasts")
    assert page.status_code == 200
    assert f"/forecasts/{foreseen}" in page.text
    assert "same hours of last week" in page.text
    assert "kW" in page.text


def test_a_forecast_is_a_fan_with_what_was_measured_and_says_why_no_better_method(browser, world, foreseen):
    page = browser(world.east, "manager").get(f"/forecasts/{foreseen}?span=week")
    assert page.status_code == 200
    assert "Made by the rung “same hours of last week”" in page.text
    assert "no model has been trained yet" in page.text
    assert page.text.count('<path class="area"') >= 3
    assert "measured until" in page.text
    assert "air temperature" in page.text
    assert "Train a new model now" in page.text
    source = re.search(r'data-chart="([^"]+)"', page.text)[1].replace("&amp;", "&")
    told = browser(world.east, "manager").get(source).json
    assert [one["upper"] is not None for one in told["series"]] == [True, True, True, False, False]


def test_the_fan_goes_out_as_csv(browser, world, foreseen):
    answer = browser(world.east, "dispatcher").get(f"/forecasts/{foreseen}/forecast.csv?span=week")
    assert answer.mimetype == "text/csv"
    head, *rows = answer.text.splitlines()
    assert head.startswith("time_utc,measured_kW,q05_kW") and head.endswith("q95_kW")
    foreseen_rows = [row.split(",") for row in rows if row.split(",")[2]]
    assert len(foreseen_rows) >= 20
    assert all(float(row[2]) <= float(row[12]) for row in foreseen_rows)


def test_an_earlier_forecast_is_shown_as_it_was_issued(browser, world, foreseen):
    manager = browser(world.east, "manager")
    links = re.findall(r'href="([^"]*known=[^"]+)"', manager.get(f"/forecasts/{foreseen}").text)
    page = manager.get(links[0].replace("&amp;", "&"))
    assert "As it was foreseen at" in page.text
    assert "Back to the newest" in page.text


def test_a_new_model_is_asked_for_by_those_who_may(browser, world, foreseen):
    dispatcher = browser(world.east, "dispatcher")
    assert "Train a new model now" not in dispatcher.get(f"/forecasts/{foreseen}").text
    assert dispatcher.post(f"/forecasts/{foreseen}/training", follow_redirects=True).status_code == 200
    done = browser(world.east, "operator").post(f"/forecasts/{foreseen}/training", follow_redirects=True)
    assert "It is used only if it is better." in done.text
    assert "A new model is wanted since" in done.text


def test_weather_is_brought_by_file_or_refused_in_words(browser, world):
    import io

    place = world.east.ids["weather_place"]
    manager = browser(world.east, "manager")

    def bring(text: str):
        data = {"file": (io.BytesIO(text.encode()), "w.csv"), "next": "/forecasts"}
        return manager.post(f"/weather/{place}/files", data=data, follow_redirects=True).text

    assert "Taken: 1 stretch" in bring(
        "valid_at,temperature_c\n2026-01-01T00:00Z,4.5\n2026-01-01T01:00Z,4.0\n"
    )
    assert "Row 2" in bring("valid_at,temperature_c\nyesterday,4.5\n")


def said(world, **more):
    """What a form of a new forecast sends, as a browser does."""
    ids = world.east.ids
    return {
        "name": "Roof", "name_zh": "屋顶光伏", "source": "pv", "position": show(ids["plant"]),
        "points": show(ids["load"]),
        "step_minutes": "60", "horizon_hours": "72", "floor": "0", "ceiling": "",
        "weather_place": show(ids["weather_place"]), "latitude": "", "longitude": "", "tilt_deg": "12",
        "azimuth_deg": "", "peak_kw": "60", **more,
    }  # fmt: skip


def targets(world):
    scope = world.scope(world.east, "manager")
    with world.database.transaction(scope) as session:
        return {one.name: one for one in service.list_targets(session, scope).items}


def traces(owner_database, target_id):
    with owner_database.engine.connect() as connection:
        asked = text("SELECT action FROM audit_event WHERE entity_id = :id ORDER BY id")
        return list(connection.execute(asked, {"id": str(target_id)}).scalars())


def test_something_new_is_forecast_by_those_who_may(browser, world, foreseen):
    manager, dispatcher = browser(world.east, "manager"), browser(world.east, "dispatcher")
    assert "New forecast" in manager.get("/forecasts").text
    assert "New forecast" not in dispatcher.get("/forecasts").text
    assert dispatcher.get("/forecasts/new").status_code == 403
    assert dispatcher.post("/forecasts/new", data=said(world)).status_code == 403
    page = manager.get("/forecasts/new").text
    assert "Meters that are added up" in page and "east load" in page
    made = manager.post("/forecasts/new", data=said(world), follow_redirects=True)
    assert "It is forecast from now on." in made.text and "solar power" in made.text
    one = targets(world)["Roof"]
    assert (one.source, one.horizon_hours, one.unit) == (service.Source.PV, 72, "kWh")
    assert one.plant == {  # where nothing was typed, the modules stand at their weather's place
        "latitude": 31.2, "longitude": 121.5, "tilt_deg": 12.0, "azimuth_deg": None, "peak_kw": 60.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "wrong", "words"),
    [
        ("name", {"name": "east plant load"}, "This name is taken"),
        ("points", {"points": []}, "1 to 200 points"),
        ("step_minutes", {"step_minutes": "15"}, "east load counts by 60 min"),
        ("horizon_hours", {"horizon_hours": "400"}, "400 h ahead is not forecast. Use 1 to 168"),
        ("floor", {"floor": "90", "ceiling": "40"}, "The floor is below the ceiling"),
        ("latitude", {"latitude": "95", "longitude": "1"}, "95 is out of range. Use -90 to 90"),
        ("latitude", {"weather_place": ""}, "Give latitude and longitude"),
        ("peak_kw", {"peak_kw": "much"}, "much is not a number"),
        ("position", {"position": ""}, "Nothing is chosen"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_with_its_remedy(
    browser, world, foreseen, field, wrong, words
):
    sent = said(world, name="Wrong") | wrong
    answer = browser(world.east, "operator").post("/forecasts/new", data=sent)
    assert answer.status_code == 422
    assert words.lower() in html.unescape(answer.text).lower()
    assert re.search(
        rf'(?:id="{field}"|<fieldset)[^>]*aria-invalid="true" aria-describedby="{field}-said"', answer.text
    ), answer.text
    assert f'id="{field}-said"' in answer.text
    assert "Wrong" not in targets(world)


def test_what_may_change_is_changed_and_past_forecasts_stay_as_they_were(
    browser, world, foreseen, owner_database
):
    manager, path = browser(world.east, "manager"), f"/forecasts/{foreseen}/edit"
    page = manager.get(path).text
    assert 'value="east plant load"' in page and 'name="step_minutes"' not in page
    sent = said(world, name="East plant", horizon_hours="12", ceiling="210")
    assert "Saved." in manager.post(path, data=sent, follow_redirects=True).text
    one = targets(world)["East plant"]
    assert (one.horizon_hours, one.ceiling, one.step_minutes) == (12, 210.0, 60)
    scope = world.scope(world.east, "manager")
    with world.database.transaction(scope) as session:
        before = service.forecast(session, scope, world.east.ids["forecast"])
        again = service.replay(session, scope, before.forecast_id)
    assert (again.values == before.values).all() and before.values.max() > 210
    assert traces(owner_database, foreseen)[-1] == "forecast_target.changed"
    taken = manager.post(path, data=said(world, name=""))
    assert taken.status_code == 422 and "A name has 1 to 200 characters" in taken.text
    assert browser(world.east, "dispatcher").post(path, data=sent).status_code == 403
    assert browser(world.west, "manager").get(path).status_code == 404


def test_a_forecast_that_is_retired_leaves_the_list_and_stays_readable(
    browser, world, foreseen, owner_database
):
    manager = browser(world.east, "manager")
    manager.post("/forecasts/new", data=said(world, name="Short-lived", source="load"))
    one = targets(world)["Short-lived"]
    gone = manager.post(f"/forecasts/{one.id}/end", follow_redirects=True)
    assert "Short-lived is forecast no more" in gone.text and f"/forecasts/{one.id}" not in gone.text
    page = manager.get(f"/forecasts/{one.id}").text
    assert "Forecast no more since" in page and "Train a new model now" not in page
    assert traces(owner_database, one.id) == ["forecast_target.added", "forecast_target.ended"]
    like = manager.get(f"/forecasts/new?like={show(one.id)}").text
    assert 'value="Short-lived"' not in like
    assert re.search(rf'name="points" value="{show(world.east.ids["load"])}" checked', like)


def test_a_weather_place_is_added_and_says_whether_its_weather_comes(browser, world, foreseen):
    operator = browser(world.east, "operator")
    new = {"name": "Roof station", "latitude": "31.3", "longitude": "121.4", "source": "http",
           "organisation": show(world.east.enterprise.id)}  # fmt: skip
    done = operator.post("/weather/new", data=new, follow_redirects=True)
    assert "Its weather is kept from now on." in done.text and "nothing yet" in done.text
    assert "east weather station" in done.text and "comes" in done.text
    wrong = operator.post("/weather/new", data=new | {"latitude": "131"})
    assert wrong.status_code == 422 and "this is no latitude" in html.unescape(wrong.text).lower()
    assert browser(world.east, "dispatcher").get("/weather/new").status_code == 403


@pytest.mark.parametrize("role", ["customer", "technician"])
def test_others_see_nothing_of_it(browser, world, foreseen, role):
    one = browser(world.east, role)
    assert one.get("/forecasts").status_code == 403
    assert one.get(f"/forecasts/{foreseen}").status_code in (403, 404)
    assert "/forecasts" not in one.get("/", follow_redirects=True).text
