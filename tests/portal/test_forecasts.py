"""Pages of forecasts: a list with the rung of each, a fan with what came, and who may see and ask."""

from __future__ import annotations

import re

import pytest

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


@pytest.mark.parametrize("role", ["customer", "technician"])
def test_others_see_nothing_of_it(browser, world, foreseen, role):
    one = browser(world.east, role)
    assert one.get("/forecasts").status_code == 403
    assert one.get(f"/forecasts/{foreseen}").status_code in (403, 404)
    assert "/forecasts" not in one.get("/", follow_redirects=True).text
