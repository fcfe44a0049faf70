"""Phone and office, or two phones, say different things: by the class of what they say."""

from __future__ import annotations

import re
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from backend.assets import service as assets
from backend.assets.service import tags
from backend.field import service
from backend.field.service.handlers import HANDLERS
from backend.kernel import changes, ids
from backend.network import service as network
from backend.workorders import service as work

README = Path(__file__).parents[3] / "backend" / "field" / "README.md"


@pytest.fixture
def tag(environment, acting, east):
    """A tag that hangs nowhere yet."""
    with acting("system") as (session, scope):
        made = tags.make_batch(
            session, scope, organisation_id=east.enterprise.id, name=ids.show(ids.new_id()), size=1
        )
        return tags.tags(session, scope, tags.TagFilter(batch_id=made.id)).items[0].tag.id


def test_a_tag_bound_elsewhere_is_a_conflict_that_shows_the_other_thing_and_both_are_kept(
    phone, east, tag, acting
):
    first, second = phone(), phone("second")
    plant, supply = ids.show(east.ids["plant"]), ids.show(east.ids["supply"])
    assert (
        first.do("tag", tag, "bind", tag=tags.payload_of(tag), position_id=plant, evidence=("a" * 64,))[
            "outcome"
        ]
        == "applied"
    )
    refused = second.do("tag", tag, "bind", tag=tags.payload_of(tag), position_id=supply)
    assert (refused["outcome"], refused["class"]) == ("conflict", "tag_taken")
    theirs = refused["server_row"]
    assert (theirs["position_id"], theirs["photo_sha256"], theirs["other"]) == (plant, "a" * 64, "east plant")
    with acting("dispatcher") as (session, scope):
        mine = next(one.mine for one in service.conflicts(session, scope).items
                    if ids.show(one.id) == refused["conflict_id"])  # fmt: skip
    assert mine["position_id"] == supply


def test_a_name_the_office_is_just_writing_is_not_overwritten_unseen(phone, world, acting, east):
    mine, place, answers = phone(), east.ids["plant"], []
    seen = mine.do("position", place, "rename", name="Hall one")
    assert seen["outcome"] in ("applied", "merged")
    said = mine.tap("position", place, "rename", name="Hall two") | {"base_rev": _rev(world, place)}
    with acting("administrator") as (session, scope):
        network.change_position(session, scope, position_id=place, name="Hall three")
        session.flush()
        pushing = threading.Thread(target=lambda: answers.extend(mine.push(said)))
        pushing.start()
        pushing.join(1.0)
        assert not answers  # it waits for the word that is being written
    pushing.join(20)
    assert answers[0]["outcome"] in ("merged", "conflict")


def _rev(world, place):
    with world.database.transaction(world.east.scope) as session:
        return changes.revisions(session, world.east.scope, entity="position", entity_ids=[place])[place]


def test_binding_again_what_hangs_there_already_changes_nothing(phone, east, tag):
    plant = ids.show(east.ids["plant"])
    outcomes = [
        phone(role).do("tag", tag, "bind", tag=tags.payload_of(tag), position_id=plant)["outcome"]
        for role in ("technician", "second")
    ]
    assert outcomes == ["applied", "applied"]


def test_a_van_may_go_below_zero_and_never_stops_a_repair(phone, anew, acting, east):
    mine, order = phone(), anew()
    with acting("system") as (session, scope):
        van = assets.create_store(session, scope, organisation_id=east.enterprise.id, kind=assets.StoreKind.VAN,
                                  name=ids.show(ids.new_id()), person_id=mine.scope.actor_id).id  # fmt: skip
        found = assets.Move(van, east.ids["part"], Decimal(1), assets.MovementReason.COUNTED)
        assets.move_stock(session, scope, op_id=ids.new_id(), moves=[found])
    part = {"part_id": ids.show(east.ids["part"]), "store_id": ids.show(van)}
    assert mine.do("work_order", order.id, "use_part", quantity=3, **part)["outcome"] == "applied"
    with acting("system") as (session, scope):
        assert [line.quantity for line in assets.stock_in(session, scope, van, limit=200).items] == [-2]


FACTS = {
    "comment": {"text": "seal was dry"},
    "attach": {"role": "before", "sha256": "c" * 64, "size": 9, "mime": "image/jpeg"},
    "codes": {"problem": "METERING", "cause": "LOOSE", "remedy": "REPLACED"},
}


@pytest.mark.parametrize("ended", ["cancel", "withdraw"])
def test_what_was_done_before_the_office_took_the_order_away_is_kept_whole(phone, anew, acting, east, ended):
    mine, order = phone(), anew("damage")
    with acting("dispatcher") as (session, scope):
        visit = work.visits_of(session, scope, order_ids=[order.id])[0]
        if ended == "cancel":
            work.cancel(session, scope, order_id=order.id, reason="customer repaired it")
        else:
            work.withdraw(session, scope, visit_id=visit.id, reason="closer colleague")
    said = [mine.tap("work_order", order.id, command, **args) for command, args in FACTS.items()]
    said.append(mine.tap("visit", visit.id, "punch", kind="work", seconds=600))
    said.append(mine.tap("visit", visit.id, "arrive"))
    answers = mine.push(*said)
    assert [one["outcome"] for one in answers] == ["applied"] * 4 + ["conflict"], answers
    assert answers[-1]["class"] == "state"


def test_a_field_answer_given_late_by_the_same_person_does_not_undo_the_later_one(phone, anew, acting):
    one, other, order = phone(), phone(), anew("leak")
    early = one.tap("work_order", order.id, "answer", item="gas", value=1)
    assert other.do("work_order", order.id, "answer", item="gas", value=2)["outcome"] == "applied"
    assert one.push(early)[0]["is_noop"] is True
    with acting("dispatcher") as (session, scope):
        assert work.answer_of(session, scope, order_id=order.id, item="gas").value == 2


def test_every_command_of_the_contract_is_understood_and_no_other():
    """The table of commands on the area's page is the list of handlers."""
    table = README.read_text().split("## Commands")[1].split("## Uploads")[0]
    told = set()
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 4 or not cells[2].startswith("`"):
            continue
        for entity in cells[1].split(", "):
            told |= {f"{entity}.{command}" for command in re.findall(r"`(\w+)`", cells[2])}
    assert told == set(HANDLERS)
