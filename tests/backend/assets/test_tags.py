"""Tags in the database: made, bound by two scans, moved, retired, seen, copied, and kept apart by tenant."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from backend.assets import service as assets
from backend.assets.service import tags
from backend.assets.service.tags import Asset, Place, TagFilter
from backend.assets.service.tags.binding import Circumstances
from backend.kernel import clock, events, ids
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.scope import Scope
from backend.network import service as network
from backend.network.models import PositionKind
from backend.network.service import NewPosition
from tests.world import World, make_world

HARBOUR, AIRPORT = Place(121.50, 31.20, 10), Place(121.80, 31.15, 10)


@pytest.fixture(scope="module")
def world(environment, database) -> World:
    return make_world(database)


@pytest.fixture(scope="module")
def things(world):
    """A pump room and a meter in the east."""
    east = world.east
    with world.database.transaction(east.scope) as session:
        site = network.create_site(
            session, east.scope, organisation_id=east.enterprise.id, timezone="Asia/Shanghai", currency="CNY",
            new=NewPosition(PositionKind.SITE, "Harbour", code="H-1"),
        )  # fmt: skip
        room = network.create_position(
            session, east.scope, parent_id=site.id,
            new=NewPosition(PositionKind.STATION, "Pump room", name_zh="泵房", code="H-1-P"),
        )  # fmt: skip
        meter = assets.register_device(
            session, east.scope, organisation_id=east.enterprise.id, manufacturer="Eastron", model="SDM630",
            serial_number="SN-4711",
        )  # fmt: skip
        assets.install(
            session, east.scope, device_id=meter.id, position_id=room.id, at=clock.now() - timedelta(days=1)
        )
    return {"room": Asset(position_id=room.id), "meter": Asset(device_id=meter.id)}


@pytest.fixture
def ask(world):
    """Call a service in a transaction of its own: `ask("technician", tags.bind, tag_id, asset=…)`."""

    def call(role, service, *args, region=None, **given):
        region = region or world.east
        scope = world.scope(region, role)
        with world.database.transaction(scope) as session:
            return service(session, scope, *args, **given)

    return call


@pytest.fixture
def fresh(ask, world):
    """Make so many unbound tags of the region."""

    def make(count=1):
        batch = ask(
            "dispatcher",
            tags.make_batch,
            organisation_id=world.east.region.id,
            name="roll",
            size=count,
        )
        return [row.tag for row in ask("technician", tags.tags, TagFilter(batch_id=batch.id)).items]

    return make


def test_a_batch_holds_tags_that_wait(ask, fresh):
    made = fresh(30)
    assert len(made) == 30
    assert {tag.state for tag in made} == {"unbound"}
    assert len({tag.short_code for tag in made}) == 30
    (batch, waiting), *_ = ask("dispatcher", tags.batches).items
    assert (batch.size, waiting) == (30, 30)


@pytest.mark.parametrize("size", [0, 481])
def test_a_batch_has_one_to_480_tags(ask, world, size):
    with pytest.raises(Refused, match="480"):
        ask("dispatcher", tags.make_batch, organisation_id=world.east.region.id, name="roll", size=size)


def test_a_technician_has_no_batches_made(ask, world):
    with pytest.raises(Forbidden):
        ask("technician", tags.make_batch, organisation_id=world.east.region.id, name="roll", size=1)


def test_a_tag_is_bound_by_two_scans_and_found_by_everything_printed_on_it(ask, fresh, things, world):
    (tag,) = fresh()
    bound = ask(
        "technician", tags.bind_scanned, tag_text=tags.payload_of(tag.id), asset_text="SN-4711",
        circumstances=Circumstances(place=HARBOUR, photo_sha256="ab" * 32),
    )  # fmt: skip
    assert (bound.state, bound.device_id) == ("bound", things["meter"].device_id)
    assert bound.organisation_id == world.east.enterprise.id
    for printed in (tags.code_of(tag.id), tags.payload_of(tag.id).lower(), tag.short_code.lower()):
        assert ask("technician", tags.resolve, printed).id == tag.id
    shown = ask("technician", tags.tag, tag.id)
    assert (shown.name, shown.place) == ("Eastron SDM630 SN-4711", "Pump room")
    newest, *_ = ask("technician", tags.history, tag.id).items
    assert (newest["kind"], newest["actor"], newest["longitude"]) == (
        "bound",
        "Technician",
        HARBOUR.longitude,
    )
    assert newest["photo_sha256"] == "ab" * 32


def test_a_second_tag_of_an_asset_is_bound_by_scanning_the_first(ask, fresh, things):
    first, second = fresh(2)
    ask("technician", tags.bind, first.id, asset=things["room"])
    bound = ask(
        "technician", tags.bind_scanned, tag_text=second.short_code, asset_text=tags.code_of(first.id)
    )
    assert bound.position_id == things["room"].position_id
    there = ask("technician", tags.tags_of, position_id=things["room"].position_id)
    assert {first.id, second.id} <= {tag.id for tag in there}


def test_binding_again_to_the_same_changes_nothing(ask, fresh, things):
    (tag,) = fresh()
    for _ in range(2):
        ask("technician", tags.bind, tag.id, asset=things["room"])
    assert [event["kind"] for event in ask("technician", tags.history, tag.id).items] == ["bound", "made"]


def test_a_taken_tag_names_the_other_asset(ask, fresh, things):
    (tag,) = fresh()
    photo = Circumstances(photo_sha256="cd" * 32)
    ask("technician", tags.bind, tag.id, asset=things["room"], circumstances=photo)
    with pytest.raises(tags.TagTaken, match="Pump room") as refused:
        ask("technician", tags.bind, tag.id, asset=things["meter"])
    said = refused.value.as_dict()
    assert said["code"] == "tag_taken"
    assert said["position_id"] == ids.show(things["room"].position_id)
    assert said["photo_sha256"] == "cd" * 32


def test_a_tag_is_moved_with_a_reason_and_both_places_stay_in_its_history(ask, fresh, things):
    (tag,) = fresh()
    ask("technician", tags.bind, tag.id, asset=things["room"])
    with pytest.raises(Refused, match="why"):
        ask("technician", tags.rebind, tag.id, asset=things["meter"], reason=" ")
    moved = ask("technician", tags.rebind, tag.id, asset=things["meter"], reason="stuck to the wrong one")
    assert (moved.position_id, moved.device_id) == (None, things["meter"].device_id)
    kinds = [(event["kind"], event["name"]) for event in ask("technician", tags.history, tag.id).items]
    assert kinds == [("rebound", "Eastron SDM630 SN-4711"), ("bound", "Pump room"), ("made", None)]


def test_a_retired_tag_stays_so(ask, fresh, things):
    (tag,) = fresh()
    ask("technician", tags.bind, tag.id, asset=things["room"])
    for _ in range(2):
        gone = ask("technician", tags.retire, tag.id, reason="scratched")
    assert (gone.state, gone.position_id) == ("retired", None)
    newest, *rest = ask("technician", tags.history, tag.id).items
    assert (newest["kind"], newest["reason"], newest["name"]) == ("retired", "scratched", "Pump room")
    assert len(rest) == 2
    with pytest.raises(tags.TagRetired):
        ask("technician", tags.bind, tag.id, asset=things["room"])


def test_a_forged_code_asks_the_database_nothing(world):
    with pytest.raises(tags.TagForged):
        tags.resolve(None, world.east.scope, "HTTPS://ENERFIELD.EXAMPLE/T/" + "0" * 35)
    with pytest.raises(tags.TagForged):
        tags.public_tag(None, Scope.public(), "0" * 35)


def test_an_unknown_scan_says_what_to_do(ask):
    with pytest.raises(NotFound, match="no tag is called so") as refused:
        ask("technician", tags.resolve, "SN-0815")
    assert "bind" in refused.value.remedy


def test_a_makers_transponder_is_entered_and_found_by_any_form_of_its_code(ask, world, things):
    given = {
        "organisation_id": world.east.enterprise.id, "kind": "rfid", "tag_id": ids.new_id(),
        "aliases": [("gs1", "3074257BF7194E4000001A85"), ("nfc", "04:a1:b2:c3:d4:e5:f6"), ("maker", "KX-9")],
    }  # fmt: skip
    first, again = (ask("technician", tags.register_tag, **given) for _ in range(2))
    assert first.id == again.id == given["tag_id"]
    ask("technician", tags.bind, first.id, asset=things["meter"])
    for scanned in (
        "urn:epc:id:sgtin:0614141.812345.6789",
        "(01)80614141123458(21)6789",
        "04A1B2C3D4E5F6",
        "KX-9",
    ):
        assert ask("technician", tags.resolve, scanned).id == first.id
    with pytest.raises(Conflict, match="another tag has this name"):
        ask(
            "technician",
            tags.register_tag,
            organisation_id=world.east.region.id,
            kind="nfc",
            aliases=[("maker", "KX-9")],
        )
    ask("technician", tags.remove_alias, first.id, scheme="maker", value="KX-9")
    with pytest.raises(NotFound):
        ask("technician", tags.resolve, "KX-9")


def test_a_scan_is_remembered_once_and_the_newest_wins(ask, fresh):
    (tag,) = fresh()
    now, sighting_id = clock.now(), ids.new_id()
    for _ in range(2):
        ask(
            "technician",
            tags.record_sighting,
            tag.id,
            source="camera",
            place=HARBOUR,
            sighting_id=sighting_id,
        )
    ask("operator", tags.record_sighting, tag.id, source="typed", at=now - timedelta(days=2))
    assert len(ask("technician", tags.sightings, tag.id).items) == 2
    shown = ask("technician", tags.tag, tag.id)
    assert (shown.seen_by, shown.tag.seen_longitude) == ("Technician", HARBOUR.longitude)
    assert shown.tag.seen_at > now


def test_a_tag_seen_far_apart_raises_one_warning_until_somebody_answers(ask, fresh, world, owner_database):
    events.listen("assets.tag_cloned", "test", lambda *_: None)
    (tag,) = fresh()
    start = clock.now() - timedelta(hours=1)
    for minute, place in enumerate((HARBOUR, AIRPORT, HARBOUR)):
        at = start + timedelta(minutes=minute)
        ask("technician", tags.record_sighting, tag.id, source="camera", place=place, at=at)
    (warning,) = ask("dispatcher", tags.warnings, tag_id=tag.id).items
    assert warning["distance_m"] == pytest.approx(29_050, rel=0.02)
    assert (warning["seconds"], warning["times"]) == (60, 2)
    assert ask("dispatcher", tags.tag, tag.id).warnings == 1
    with owner_database.transaction(Scope.public()) as session:
        told = (
            session.execute(text("SELECT body FROM outbox WHERE name = 'assets.tag_cloned'")).scalars().all()
        )
    assert [body["tag_id"] for body in told] == [str(tag.id)]
    with pytest.raises(Forbidden):
        ask("technician", tags.acknowledge_warning, warning["id"], comment="a copy at the airport")
    ask("dispatcher", tags.acknowledge_warning, warning["id"], comment="a copy at the airport")
    assert ask("dispatcher", tags.warnings, tag_id=tag.id).items == []
    (answered,) = ask("dispatcher", tags.warnings, tag_id=tag.id, is_open=False).items
    assert (answered["acknowledged_by"], answered["comment"]) == ("Dispatcher", "a copy at the airport")


def test_scans_that_arrive_late_are_compared_where_they_belong(ask, fresh):
    (tag,) = fresh()
    start = clock.now() - timedelta(days=5)
    for minutes in (0, 600):
        at = start + timedelta(minutes=minutes)
        ask("technician", tags.record_sighting, tag.id, source="camera", place=HARBOUR, at=at)
    late = start + timedelta(minutes=599)
    ask("operator", tags.record_sighting, tag.id, source="camera", place=AIRPORT, at=late)
    (warning,) = ask("dispatcher", tags.warnings, tag_id=tag.id).items
    assert (warning["seconds"], warning["second"]["longitude"]) == (60, HARBOUR.longitude)


def test_the_index_gives_all_bound_tags_and_then_what_changed(ask, fresh, things):
    stay, move, go = fresh(3)
    for tag in (stay, move, go):
        ask("technician", tags.bind, tag.id, asset=things["room"])
    held: dict[str, list] = {}
    cursor = None

    def pull():
        nonlocal cursor
        while True:
            page = ask("technician", tags.index, cursor=cursor, limit=2)
            for item in page.items:
                held[item[0]] = item[1:]
            cursor = page.cursor
            if page.is_current:
                return

    pull()
    room = ["p", ids.show(things["room"].position_id)]
    assert [held[ids.show(tag.id)] for tag in (stay, move, go)] == [room] * 3
    ask("technician", tags.rebind, move.id, asset=things["meter"], reason="wrong one")
    ask("technician", tags.retire, go.id, reason="torn")
    ask("technician", tags.add_alias, stay.id, scheme="maker", value="KX-77")
    pull()
    assert held[ids.show(move.id)] == ["d", ids.show(things["meter"].device_id)]
    assert held[ids.show(go.id)] == [None, None]
    assert held[ids.show(stay.id)] == [*room, "KX-77"]


def test_who_only_sees_the_former_owner_learns_that_a_tag_left(ask, fresh, things, world):
    batch = ask(
        "administrator", tags.make_batch, organisation_id=world.east.park.id, name="parks own", size=1
    )
    (row,) = ask("administrator", tags.tags, TagFilter(batch_id=batch.id)).items
    parks_own = Scope.system(frozenset({world.east.park.id}), "a phone that sees only the park")

    def pull(cursor):
        with world.database.transaction(parks_own) as session:
            items = []
            while True:
                page = tags.index(session, parks_own, cursor=cursor)
                items, cursor = [*items, *page.items], page.cursor
                if page.is_current:
                    return items, cursor

    _, cursor = pull(None)
    ask("administrator", tags.bind, row.tag.id, asset=things["room"])
    items, _ = pull(cursor)
    assert [ids.show(row.tag.id), None, None] in items


def test_tenants_and_customers_see_no_tags_of_others(ask, fresh, things, world):
    (tag,) = fresh()
    ask("technician", tags.bind, tag.id, asset=things["room"])
    for role, region in (("administrator", world.west), ("customer", world.east)):
        with pytest.raises(NotFound):
            ask(role, tags.resolve, tags.code_of(tag.id), region=region)
        assert tag.id not in {row.tag.id for row in ask(role, tags.tags, TagFilter(), region=region).items}
    with pytest.raises((NotFound, Forbidden)):
        ask("technician", tags.bind, tag.id, asset=things["room"], region=world.west)


def test_anybody_with_the_code_sees_what_stands_here_and_whom_to_call(
    fresh, ask, things, world, owner_database
):
    with owner_database.transaction(Scope.public()) as session:
        session.execute(
            text("UPDATE organisation SET emergency_phone = '+86 21 5555 0119' WHERE id = :id"),
            {"id": world.east.region.id},
        )
    (tag,) = fresh()
    ask("technician", tags.bind, tag.id, asset=things["meter"])
    with world.database.transaction(Scope.public()) as session:
        shown = tags.public_tag(session, Scope.public(), tags.code_of(tag.id))
    assert (shown.operator, shown.emergency_phone, shown.kind) == (
        "East energy",
        "+86 21 5555 0119",
        "station",
    )


def test_the_history_of_a_tag_is_only_ever_added_to(world):
    for statement in ("DELETE FROM tag_event", "UPDATE tag_sighting SET source = 'x'"):
        with (
            pytest.raises(Exception, match="permission denied"),
            world.database.transaction(world.east.scope) as session,
        ):
            session.execute(text(statement))
