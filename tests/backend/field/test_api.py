"""The contract over HTTP: every answer is marked as ours, one bad operation is in nobody's way."""

from __future__ import annotations

import io
import json

import pytest
from sqlalchemy import text

from backend.kernel import ids
from backend.workorders import service as work
from tests.apps import Phone as Line

SIGNED = "Enerfield-Signature"


@pytest.fixture(scope="module")
def line(app, east):
    return Line(app, east.email("technician"), "api-phone")


@pytest.fixture(scope="module")
def order(world, east):
    scope = world.scope(east, "dispatcher")
    with world.database.transaction(scope) as session:
        new = work.Report(position_id=east.ids["supply"], title="Lid is loose")
        return work.report(session, scope, new=new, source=work.Source.DISPATCHER).order


def push(line, device_id, *operations):
    body = {"batch_id": ids.show(ids.new_id()), "device_id": device_id, "operations": list(operations)}
    return line.ask("POST", "/field/push", data=json.dumps(body), content_type="application/json")


def test_operations_go_up_and_come_down_again(line, phone, dispatched):
    mine, order = phone(), dispatched(fault_class="power_quality")
    cursor = line.get("/field/pull").json["cursor"]
    said = mine.tap("work_order", order.id, "comment", text="by wire")
    answer = push(line, mine.device_id, said)
    assert (answer.status_code, answer.headers[SIGNED]) == (200, "1")
    assert answer.json["server_time"].endswith("Z")
    assert [one["outcome"] for one in answer.json["results"]] == ["applied"]
    told = line.get("/field/pull", cursor=cursor)
    assert told.headers[SIGNED] == "1"
    texts = [row["row"]["text"] for row in told.json["rows"] if row["entity"] == "comment"]
    assert "by wire" in texts and not told.json["more"]


def test_what_waits_is_answered_held_and_goes_when_the_middle_comes(line, phone, order):
    mine = phone()
    first = mine.tap("work_order", order.id, "comment", text="1")
    middle = mine.tap("work_order", order.id, "comment", text="2", deps=(first["op_id"],))
    last = mine.tap("work_order", order.id, "comment", text="3", deps=(middle["op_id"],))
    held = push(line, mine.device_id, first, last).json["results"]
    assert [one["outcome"] for one in held] == ["applied", "held"]
    assert held[1]["missing"] == [middle["op_id"]] and held[1]["until"]
    assert push(line, mine.device_id, middle).json["results"][0]["outcome"] == "applied"
    assert push(line, mine.device_id, last).json["results"][0]["result"]["outcome"] == "applied"


def test_while_a_request_of_the_phone_is_worked_on_another_is_told_to_wait(line, phone, order, world):
    mine = phone()
    said = mine.tap("work_order", order.id, "comment", text="once")
    with world.database.transaction(mine.scope) as session:
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:who, 0))"),
                        {"who": f"field {mine.scope.actor_id} {mine.device_id}"})  # fmt: skip
        busy, elsewhere = push(line, mine.device_id, said), push(line, "another phone")
    assert (busy.status_code, busy.json["code"], busy.headers[SIGNED]) == (409, "conflict", "1")
    assert elsewhere.status_code == 200
    assert push(line, mine.device_id, said).json["results"][0]["outcome"] == "applied"


def test_the_same_id_with_other_content_is_refused_and_signed(line, phone, order):
    mine = phone()
    said = mine.tap("work_order", order.id, "comment", text="one")
    push(line, mine.device_id, said)
    answer = push(line, mine.device_id, said | {"args": {"text": "two"}})
    assert (answer.status_code, answer.headers[SIGNED]) == (422, "1")


def test_a_batch_too_large_is_refused_and_signed(line, phone, order):
    mine = phone()
    many = [mine.tap("work_order", order.id, "comment", text="x") for _ in range(51)]
    long = mine.tap("work_order", order.id, "comment", text="x" * 260_000)
    for answer in (push(line, mine.device_id, *many), push(line, mine.device_id, long)):
        assert (answer.status_code, answer.headers[SIGNED]) == (422, "1")


def test_the_key_of_a_batch_is_its_id(line, phone):
    body = {"batch_id": "one", "device_id": phone().device_id, "operations": []}
    asked = {key: line.client.post("/api/v1/field/push", json=body, headers=line.headers | {"Idempotency-Key": key})
             for key in ("one", "other")}  # fmt: skip
    assert (asked["one"].status_code, asked["other"].status_code) == (200, 422)


def test_a_batch_too_large_is_refused_though_it_does_not_say_how_large_it_is(line, phone, order):
    mine = phone()
    body = json.dumps({"batch_id": "b", "device_id": mine.device_id, "operations": [
        mine.tap("work_order", order.id, "comment", text="x" * 260_000)]}).encode()  # fmt: skip
    answer = line.client.post(
        "/api/v1/field/push", input_stream=io.BytesIO(body), headers=line.headers, content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )  # fmt: skip
    assert (answer.status_code, answer.json["field"]) == (422, "operations")


@pytest.mark.parametrize(
    "sent",
    [{"sent_at": "tomorrow"}, {"sent_at": "+012345-01-01T00:00:00.000Z"}, {"mono_ms": -5.5, "boot_id": "b"}],
)
def test_clocks_of_a_batch_that_make_no_sense_are_left_aside(line, phone, order, sent):
    mine = phone()
    body = {"batch_id": "b", "device_id": mine.device_id, **sent,
            "operations": [mine.tap("work_order", order.id, "comment", text="fine")]}  # fmt: skip
    assert line.ask("POST", "/field/push", json=body).json["results"][0]["outcome"] == "applied"


def test_refusals_of_every_kind_are_signed(app, line):
    nobody = app.test_client()
    answers = [
        nobody.get("/api/v1/field/pull"), nobody.post("/api/v1/field/push", json={}),
        line.ask("POST", "/field/push", json={}), line.get("/field/pull", cursor="nonsense"),
        line.get("/field/uploads", sha256="x"),
        line.ask("PATCH", f"/field/uploads/{ids.show(ids.new_id())}", data=b"x"),
        line.ask("POST", "/field/push", data=b"{", content_type="application/json"),
    ]  # fmt: skip
    assert [one.status_code for one in answers] == [401, 401, 422, 422, 422, 404, 400]
    assert {one.headers.get(SIGNED) for one in answers} == {"1"}


PART = "01KASG2V3W4X5Y6Z7A8B9C0D1E"
WRONG = [
    {"entity_id": "no id"}, {"seq": 0}, {"seq": "1"}, {"occurred_at": "yesterday"},
    {"occurred_at": "2026-01-01T00:00:00"}, {"deps": ["x"]}, {"deps": 3}, {"args": 3}, {"args": {"text": "a\0b"}},
    {"args": {"text": "\ud800"}}, {"schema": 0}, {"schema": "1"}, {"args": {"text": None}}, {"op_id": "x"},
    {"geo": {"lat": "north"}}, {"heard": {"at": "now", "mono_ms": 1}}, {"heard": 3}, {"mono_ms": "soon"},
    {"clock_offset_ms": "much"}, {"device_id": "x"},
    {"entity": "visit", "command": "punch", "args": {"kind": "work", "seconds": "long"}},
    {"command": "attach", "args": {"role": "before", "sha256": "a" * 64, "size": "big"}},
    {"command": "attach", "args": {"role": "before", "sha256": "a" * 64, "size": 10**30}},
    {"command": "use_part", "args": {"part_id": PART, "quantity": 1}},
    {"command": "use_part", "args": {"part_id": PART, "quantity": "NaN"}},
    {"command": "use_part", "args": {"part_id": PART, "quantity": 1e300}},
    {"command": "rehearse", "args": {}}, {"command": "answer", "args": {"item": "x", "value": {"a": 1}}},
    {"command": "codes", "args": {"problem": ["a"]}}, {"entity": "point", "command": "read", "args": {"value": "1"}},
    {"entity": "position", "command": "move_pin", "args": {"lat": 1e9, "lon": 2}},
    {"entity": "position", "command": "rename", "args": {"name": ""}},
    {"entity": "tag", "command": "bind", "args": {"tag": "?"}},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=lambda one: json.dumps(one)[:60])
def test_one_that_cannot_be_read_is_refused_alone(line, phone, east, order, wrong):
    mine = phone()
    good = mine.tap("work_order", order.id, "comment", text="fine")
    said = mine.tap("work_order", order.id, "comment", text="wrong") | wrong
    if said["entity"] == "position":
        said["entity_id"] = ids.show(east.ids["plant"])
    last = mine.tap("work_order", order.id, "comment", text="fine too")
    answer = push(line, mine.device_id, good, said, last)
    assert answer.status_code == 200, answer.text
    assert [one["outcome"] for one in answer.json["results"]] == ["applied", "rejected", "applied"]


@pytest.mark.parametrize(
    "at",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "1970-01-01T00:00:00Z",
        "+012026-01-01T00:00:00.000Z",
    ],
)
def test_a_clock_that_says_anything_is_taken(line, phone, order, at):
    mine = phone()
    said = mine.tap("work_order", order.id, "comment", text=f"at {at}")
    answer = push(line, mine.device_id, said | {"occurred_at": at, "clock_offset_ms": 9e12})
    assert answer.json["results"][0]["outcome"] == "applied"
    assert line.get("/field/pull").status_code == 200


def test_a_cursor_of_another_time_begins_again(line):
    answer = line.get("/field/pull", cursor="0000000000000000.7.")
    assert answer.status_code == 200 and answer.json["rows"]
