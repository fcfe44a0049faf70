"""Names, plates, pins and tags, changed by a phone that was away."""

from __future__ import annotations

import pytest

from backend.assets import service as assets
from backend.assets.service import tags
from backend.field import service
from backend.kernel import ids
from backend.network import service as network

DONE = ("applied", "merged")


def test_a_place_is_renamed_and_its_pin_moved_from_a_phone(phone, east, acting):
    mine = phone()
    done = mine.do("position", east.ids["plant"], "rename", name="Pump house")
    assert done["outcome"] == "applied", done
    moved = mine.do("position", east.ids["plant"], "move_pin", lat=31.25, lon=121.55)
    assert moved["outcome"] == "applied", moved
    with acting("dispatcher") as (session, scope):
        assert network.position(session, scope, east.ids["plant"]).name == "Pump house"


def test_a_stale_name_wins_when_it_is_newer_and_both_words_are_kept(phone, east, acting):
    mine = phone()
    with acting("administrator") as (session, scope):
        network.change_position(session, scope, position_id=east.ids["supply"], name="Office's name")
    done = mine.do("position", east.ids["supply"], "rename", base_rev=0, name="Field's name")
    assert (done["outcome"], done["overwritten"]) == ("merged", {"name": "Office's name"}), done
    early = mine.tap("position", east.ids["supply"], "rename", base_rev=0, name="Older name")
    with acting("administrator") as (session, scope):
        network.change_position(session, scope, position_id=east.ids["supply"], name="Newest name")
    late = mine.push(early)[0]
    assert (late["outcome"], late["class"]) == ("conflict", "same_field"), late


def test_a_name_that_was_turned_down_contradicts_nobody(phone, east, acting):
    mine, theirs, place = phone(), phone("second"), east.ids["supply"]
    first = mine.tap("position", place, "rename", base_rev=0, name="First thought")
    assert theirs.do("position", place, "rename", base_rev=0, name="Pump hall")["outcome"] in DONE
    second = theirs.tap("position", place, "rename", base_rev=0, name="Pump hall 2")
    assert mine.push(first)[0]["outcome"] == "conflict"
    done = theirs.push(second)[0]
    assert done["outcome"] in DONE, "only a word that stood gives way to another"
    with acting("dispatcher") as (session, scope):
        assert network.position(session, scope, place).name == "Pump hall 2"


def test_another_field_the_office_changed_meanwhile_is_no_contradiction(phone, east, acting):
    mine = phone()
    here = {"type": "Point", "coordinates": [121.51, 31.21]}
    with acting("administrator") as (session, scope):
        network.change_position(session, scope, position_id=east.ids["plant"], geometry=here)
    assert (
        mine.do("position", east.ids["plant"], "rename", base_rev=0, name="Boiler house")["outcome"]
        == "applied"
    )
    moved = mine.do("position", east.ids["plant"], "move_pin", base_rev=0, lat=31.25, lon=121.55)
    assert (moved["outcome"], moved["overwritten"]) == ("merged", {"lat": 31.21, "lon": 121.51})


def test_of_two_names_of_the_same_person_the_later_stands_whichever_came_first(phone, east, acting):
    one, other = phone(), phone()
    early = one.tap("position", east.ids["plant"], "rename", base_rev=0, name="First thought")
    assert (
        other.do("position", east.ids["plant"], "rename", base_rev=0, name="Second thought")["outcome"]
        == "applied"
    )
    late = one.push(early)[0]
    assert (late["outcome"], late["is_noop"]) == ("applied", True)
    with acting("dispatcher") as (session, scope):
        assert network.position(session, scope, east.ids["plant"]).name == "Second thought"


def test_what_the_phone_saw_decides_whether_two_words_meet(phone, east, acting):
    mine, place = phone(), east.ids["plant"]
    with acting("administrator") as (session, scope):
        network.change_position(session, scope, position_id=place, code="B-7")
        seen = network.position(session, scope, place).name
    done = mine.do("position", place, "rename", base_rev=0, name="North hall", was={"name": seen})
    assert done["outcome"] == "applied", done
    again = mine.do("position", place, "rename", base_rev=0, name="North hall", was={"name": "long ago"})
    assert again["outcome"] == "applied", again
    with acting("administrator") as (session, scope):
        network.change_position(session, scope, position_id=place, name="Hall N")
    done = mine.do("position", place, "rename", base_rev=0, name="Hall 7", was={"name": "North hall"})
    assert (done["outcome"], done["overwritten"]) == ("merged", {"name": "Hall N"}), done


def test_a_later_name_in_one_language_leaves_an_earlier_one_in_another_alone(phone, east, acting):
    one, other, place = phone(), phone(), east.ids["plant"]
    early = one.tap("position", place, "rename", name="Pump house", name_zh="旧泵房")
    assert other.do("position", place, "rename", name_zh="泵房")["outcome"] == "applied"
    assert one.push(early)[0]["outcome"] == "applied"
    with acting("dispatcher") as (session, scope):
        found = network.position(session, scope, place)
        assert (found.name, found.name_zh) == ("Pump house", "泵房")


def test_each_language_has_its_own_name(phone, east, acting):
    mine, place = phone(), east.ids["plant"]
    with acting("dispatcher") as (session, scope):
        name = network.position(session, scope, place).name
    assert mine.do("position", place, "rename", name_zh="泵房")["outcome"] == "applied"
    with acting("dispatcher") as (session, scope):
        found = network.position(session, scope, place)
        assert (found.name, found.name_zh) == (name, "泵房")
    assert mine.do("position", place, "rename", name_zh=" ")["outcome"] == "rejected"


def test_a_plate_is_put_right_by_whoever_stands_before_it(phone, east, acting):
    mine, device = phone(), east.ids["asset"]
    done = mine.do("device", device, "relabel", serial_number="SN-77", was={"serial_number": "east-1"})
    assert done["outcome"] == "applied", done
    with acting("dispatcher") as (session, scope):
        assert assets.device(session, scope, device).serial_number == "SN-77"
    refused = mine.do("device", device, "relabel", supplier="Somebody")
    assert refused["outcome"] == "rejected", refused


@pytest.mark.parametrize(("resolution", "name"), [("mine", "Field's word"), ("theirs", "Office's word")])
def test_the_word_that_is_picked_holds(phone, east, acting, resolution, name):
    mine, place = phone(), east.ids["supply"]
    with acting("administrator") as (session, scope):
        network.change_position(session, scope, position_id=place, name="Office's word")
    done = mine.do("position", place, "rename", name="Field's word", was={"name": "before both"})
    assert done["outcome"] == "merged", done
    with acting("dispatcher") as (session, scope):
        conflict = service.conflicts(session, scope).items[0]
        service.resolve(session, scope, conflict_id=conflict.id, resolution=resolution)
        assert network.position(session, scope, place).name == name


@pytest.mark.usefixtures("app")  # whose key signs what is printed
def test_a_tag_that_hung_elsewhere_is_moved_when_the_phone_is_right(phone, east, acting):
    mine, tag, text = phone(), east.ids["tag"], tags.payload_of(east.ids["tag"])
    done = mine.do("tag", tag, "bind", tag=text, position_id=ids.show(east.ids["supply"]))
    assert (done["outcome"], done["class"]) == ("conflict", "tag_taken"), done
    with acting("dispatcher") as (session, scope):
        conflict = service.conflicts(session, scope).items[0]
        service.resolve(session, scope, conflict_id=conflict.id, resolution="mine")
        assert tags.resolve(session, scope, text).position_id == east.ids["supply"]
    back = mine.do(
        "tag", tag, "rebind", tag=text, position_id=ids.show(east.ids["plant"]), reason="it was right before"
    )
    assert back["outcome"] == "applied", back
