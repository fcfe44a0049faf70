"""Pages of plans: the operator's first page, what if, accepted plans, the plant as text; and their words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from backend.kernel import clock
from backend.kernel.ids import show
from backend.optimisation import service
from backend.optimisation.rules import explaining, planning
from backend.optimisation.rules import model as rules
from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.targets import Kind, Target
from portal.optimisation import drawing, words
from tests import coordination
from tests.backend.optimisation.scene import park
from tests.plants import document, equip


@pytest.fixture(scope="module")
def planned(world):
    """The east with a plant and a plan that began three hours ago."""
    equip(world, world.east)
    with world.database.transaction(world.east.scope) as session:
        made = service.make_plan(
            session,
            world.east.scope,
            plant_id=world.east.ids["plant_model"],
            at=clock.now() - timedelta(hours=3),
        )
        assert made.problem is None
    return made


def test_an_operator_lands_on_the_plan(browser, world, planned):
    answer = browser(world.east, "operator").get("/")
    assert answer.status_code == 302 and answer.location.endswith("/plan")


def test_where_no_plant_is_described_the_page_says_what_to_do(browser, world):
    page = browser(world.west, "operator").get("/plan")
    assert page.status_code == 200
    assert "No plant is described here yet" in page.text and "/plant-models/new" in page.text


def test_the_plan_says_what_runs_what_should_and_why(browser, world, planned):
    page = browser(world.east, "operator").get("/plan").text
    assert "What runs, what should run, why" in page and "Accept this plan" in page
    assert "Saves against doing nothing" in page and "Saves against fixed priorities" in page
    assert "Engine" in page and "runs at" in page
    assert "middle of the same hours of 4 weeks before" in page
    assert 'class="part buy1"' in page and 'class="part need1"' in page
    with world.database.transaction(world.east.scope) as session:
        plan = service.open_plan(session, world.east.scope, plan_id=planned.id).plan
    is_used = bool(np.abs(plan.flows["Battery", "electricity"]).max() > 1)  # prices differ at some hours
    assert ('class="part store1"' in page) is is_used


@pytest.mark.parametrize(
    ("role", "status"), [("manager", 200), ("dispatcher", 403), ("customer", 403), ("technician", 403)]
)
def test_only_those_who_answer_for_the_plant_open_the_plan(browser, world, planned, role, status):
    assert browser(world.east, role).get("/plan").status_code == status
    assert browser(world.east, role).get(f"/plans/{planned.id}").status_code == status


def test_a_slider_gives_a_plan_beside_the_present_one(browser, world, planned):
    operator = browser(world.east, "operator")
    path = f"/plans/{planned.id}/what-if"
    part = operator.get(
        path, query_string={"price_factor": "150", "out": "Engine"}, headers={"HX-Request": "true"}
    )
    assert part.status_code == 200 and "<html" not in part.text
    assert "Against the present plan" in part.text and "out of service" in part.text
    assert "Nothing is otherwise" in operator.get(path, query_string={"price_factor": "100"}).text
    for wrong in ({"price_factor": "x"}, {"price_factor": "9000"}, {"out": "Nobody"}):
        assert 'role="alert"' in operator.get(path, query_string=wrong).text


def test_an_accepted_plan_is_the_schedule_and_is_held_against_what_was_counted(browser, world, planned):
    operator = browser(world.east, "operator")
    assert operator.post(f"/plans/{planned.id}/accept").status_code == 303
    page = operator.get("/plan").text
    assert "This plan is the schedule until" in page
    actual = operator.get(f"/plans/{planned.id}/actual").text
    assert "Deviation" in actual and "than planned" in actual
    assert "in force" in operator.get(f"/plant-models/{planned.plant_id}/plans").text
    table = operator.get(f"/plans/{planned.id}/table.csv")
    assert table.mimetype == "text/csv" and "Battery content" in table.text


def test_a_plants_text_is_checked_before_it_is_kept(browser, world, planned):
    operator, path = browser(world.east, "operator"), f"/sites/{world.east.ids['site']}/plant-model"
    text = operator.get(path).text
    assert "kind: battery" in text
    wrong = operator.post(path, data={"text": "name: x\nunits: [{kind: boile}]\ndemands: []", "deed": "keep"})
    assert wrong.status_code == 422 and "did you mean" in wrong.text
    right = rules.write(rules.parse(document(world.east)))
    assert "It reads well" in operator.post(path, data={"text": right, "deed": "check"}).text
    assert operator.post(path, data={"text": right, "deed": "keep"}).status_code == 303
    shown = operator.get(f"/plant-models/{planned.plant_id}").text
    assert "capacity_kwh" in shown and show(world.east.ids["p.level"]) in shown


def test_a_plan_that_failed_says_why_above_the_last_good_one(browser, world, planned):
    scope, site = world.east.scope, world.east.ids["site"]
    with world.database.transaction(scope) as session:
        service.store_plant(
            session, scope, site_id=site, document=document(world.east, Grid={"tariff": "gone"})
        )
    operator = browser(world.east, "operator")
    assert operator.post(f"/plant-models/{planned.plant_id}/plans").status_code == 303
    page = operator.get("/plan").text
    assert "No plan could be made" in page and "there is no such tariff" in page
    assert "Below stands the last plan that could be made" in page
    with world.database.transaction(scope) as session:
        service.store_plant(session, scope, site_id=site, document=document(world.east))


def test_what_was_agreed_stands_with_the_plan_and_may_be_left_out_of_a_trial(browser, world, planned):
    agreed = coordination.agree(world, world.east, Kind.ENERGY, 1000.0)
    operator = browser(world.east, "operator")
    assert operator.post(f"/plant-models/{planned.plant_id}/plans").status_code == 303
    page = operator.get("/plan").text
    assert "Agreed targets this plan keeps to" in page and f"/together/targets/{agreed.id}" in page
    assert "electricity bought exceeds what was agreed by" in page.lower()
    assert "What limits is the agreed target (Electricity bought)" in page
    assert "the agreed target (Electricity bought) is what limits here" in page
    assert not re.search(r"worth \d{4}", page)
    assert "of the time known" in page and "Leave agreed targets out" in page
    path = re.search(r'action="(/plans/[^"]+/what-if)"', page)[1]
    assert "agreed targets are left out" in operator.get(path, query_string={"free": "1"}).text
    assert "keeps to 1 agreed target" in operator.get(path, query_string={"price_factor": "90"}).text
    target = operator.get(f"/together/targets/{agreed.id}").text
    assert "Whether it is kept, by the meters" in target and "target exceeded" in target
    assert "19,325" in target and "100.0 % of the time so far is known" in target
    coordination.forget(world, world.east, agreed)


def test_every_sentence_a_plan_may_say_has_its_words_here():
    """A new sentence of `explaining` needs its words on the page, in both languages."""
    said = set()
    for seed in range(3):
        task = park(seed)
        none = tuple(
            Target(Kind.ENERGY, 0.0, task.horizon.start, task.horizon.start + timedelta(days=1), one)
            for one in ("electricity", "gas")
        )
        for given in (task, replace(task, targets=none)):
            said |= {action.template for action in explaining.explain(task.plant, planning.plan(given))}
    assert len(said) > 8 and any(one.endswith(explaining.AGREED) for one in said)
    plain = {one.removesuffix(explaining.AGREED).removesuffix(explaining.MISSED) for one in said}
    assert plain - words.REASONS.keys() == set()


def test_a_stretch_is_one_outline_and_each_step_can_be_read(app):
    planned, parts = _two_parts()
    with app.test_request_context():
        picture = drawing.stack(parts, planned, "kWh", "UTC")
    assert [one["path"].count("M") for one in picture["parts"]] == [2, 1]
    read = picture["read"]
    assert read["ends"][-1] == 1.0 and len(read["hours"]) == planned.steps
    assert [one["rates"] for one in read["parts"]] == [
        ["+3.00 kW", "", "+3.00 kW", "+3.00 kW"],
        ["−2.00 kW"] * 4,
    ]


def _two_parts():
    planned = Horizon(datetime(2026, 11, 28, tzinfo=UTC), np.ones(4))
    return planned, [
        drawing.Part("Grid", np.array([3.0, 0.0, 3.0, 3.0]), "buy1"), drawing.Part("Demand", np.full(4, -2.0), "need1"),
    ]  # fmt: skip
