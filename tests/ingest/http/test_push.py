"""Gateways push over HTTP: answered per reading, after the commit, once."""

from __future__ import annotations

import gzip
import threading

import orjson
import pytest
from sqlalchemy.exc import OperationalError

from backend.kernel import clock, ids
from backend.kernel.units import PointKind
from backend.metering import service as metering
from backend.metering.models.connection import Protocol
from tests.apps import make_app
from tests.ingest.field import make_field

NOW_MS = clock.now_us() // 1000
URL = "/api/v1/gateway/readings"


@pytest.fixture(scope="module")
def app(environment, database):
    return make_app(database, ("mobile_api", "ingest.http.views"))


def make_gateway(database):
    field = make_field(
        database,
        protocol=Protocol.HTTP,
        address={},
        points={"power": {"tag": "m1.power"}, "flow": {"tag": "m2"}},
    )
    with database.transaction(field.scope) as session:
        key = metering.issue_gateway_key(session, field.scope, connection_id=field.connection_id)
    return field, key


@pytest.fixture
def gateway(app, database):
    return make_gateway(database)


@pytest.fixture
def push(app, gateway):
    def pusher(body, *, key=gateway[1], content_type="application/json", **headers):
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return app.test_client().post(
            URL, data=data, content_type=content_type, headers={"Authorization": f"Bearer {key}", **named}
        )

    return pusher


def item(value=1.0, *, tag="m1.power", ago_ms=0, **more):
    return {"tag": tag, "time": NOW_MS - ago_ms, "value": value, **more}


def test_readings_are_stored_before_the_answer_and_each_is_answered(push, gateway):
    field, _ = gateway
    answer = push([item(1.5), item(2.5, tag="m2"), item(3, tag="m9"), item("x")])
    assert answer.status_code == 200
    assert answer.json["results"] == ["stored", "stored", "refused", "refused"]
    assert [(r["index"], r["field"]) for r in answer.json["refused"]] == [(2, "tag"), (3, "value")]
    assert "add a channel" in answer.json["refused"][0]["remedy"]
    assert [(key, value) for key, _, value, _ in field.rows()] == [
        (field.keys["power"], 1.5),
        (field.keys["flow"], 2.5),
    ]


def test_the_same_again_changes_nothing_and_says_so(push, gateway):
    body = {"readings": [item(1), item(2, ago_ms=1000)]}
    push(body)
    again = push(body).json
    assert (again["results"], again["stored"], again["unchanged"]) == (["unchanged"] * 2, 0, 2)
    mixed = push([item(1), item(7, ago_ms=1000), item(8, ago_ms=2000)]).json
    assert mixed["results"] == ["unchanged", "stored", "stored"]
    assert sorted(row[3] for row in gateway[0].rows()) == [0, 0, 1], "the corrected one is a revision"


def test_a_point_may_be_named_by_its_id_and_a_time_in_words(push, gateway):
    point = ids.show(gateway[0].points["power"])
    answer = push([{"point": point, "time": "2026-01-31T12:00:00+08:00", "value": None, "quality": "bad"}])
    assert answer.json["results"] == ["stored"]
    assert gateway[0].rows()[0][1:3] == (1_769_832_000_000_000, None)


@pytest.mark.parametrize(
    ("reading", "field"),
    [
        (item(ago_ms=-7_200_000), "time"), (item(ago_ms=NOW_MS), "time"),
        ({**item(), "time": "2026-01-31"}, "time"),
        ({**item(), "time": None}, "read_at"), ({**item(), "time": "0001-01-01T00:00:00+14:00"}, "time"),
        ({"tag": "m1.power", "read_at": "noon", "value": 1}, "read_at"),
        ({**item(), "read_at": NOW_MS - 5}, "read_at"), ({"tag": "m1.power", "value": 1}, "read_at"),
        (item(True), "value"), (item(quality="fine"), "quality"), ({**item(), "colour": 1}, "colour"),
        ({"time": 1, "value": 2}, "point"), (7, None), (item(tag=["a"]), "tag"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_by_field(push, reading, field):
    answer = push([reading]).json
    assert answer["results"] == ["refused"]
    assert answer["refused"][0].get("field") == field


def test_gzip_and_one_reading_per_line_are_understood(push, gateway):
    lines = b"\n".join(orjson.dumps(item(n, ago_ms=n)) for n in range(100))
    answer = push(gzip.compress(lines), content_type="application/x-ndjson", Content_Encoding="gzip")
    assert answer.json["stored"] == 100
    assert gateway[0].count() == 100


@pytest.mark.parametrize(
    ("body", "how", "status"),
    [
        (b"{", {}, 422), (b'{"a": 1}', {}, 422), (b"[]", {"content_type": "text/csv"}, 415),
        (b"[]", {"Content_Encoding": "br"}, 422), (b"junk", {"Content_Encoding": "gzip"}, 422),
        (gzip.compress(b"[]", mtime=0)[:-4], {"Content_Encoding": "gzip"}, 422),
        (gzip.compress(b" " * 9_000_000, mtime=0), {"Content_Encoding": "gzip"}, 422), (b" " * 9_000_000, {}, 413),
        (orjson.dumps([1] * 10_001), {}, 422),
    ],
)  # fmt: skip
def test_a_body_that_is_no_list_of_readings_is_refused_whole(push, body, how, status):
    assert push(body, **how).status_code == status


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic x"}, {"Authorization": "Bearer enf_wrong"}])
def test_without_the_gateways_key_nothing_is_taken(app, headers):
    answer = app.test_client().post(URL, json=[], headers=headers)
    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")


def test_a_key_replaced_or_switched_off_opens_nothing(push, gateway, database):
    field, key = gateway
    with database.transaction(field.scope) as session:
        newer = metering.issue_gateway_key(session, field.scope, connection_id=field.connection_id)
    assert (push([], key=key).status_code, push([], key=newer).status_code) == (401, 200)
    with database.transaction(field.scope) as session:
        metering.enable_connection(session, field.scope, connection_id=field.connection_id, is_enabled=False)
    assert push([], key=newer).status_code == 401


def test_an_instant_is_called_read_at_or_time(push, gateway):
    at = "2026-01-31T12:00:00Z"
    said = [{"tag": "m1.power", "value": 1, name: at} for name in ("read_at", "time")]
    answer = push({"readings": [*said, {**said[0], "time": at}]})
    assert answer.json["results"] == ["stored"] * 3
    assert gateway[0].rows() == [(gateway[0].keys["power"], 1_769_860_800_000_000, 1.0, 0)]


def test_another_tenants_points_look_as_if_they_were_not_there(push, database):
    other, _ = make_gateway(database)
    answer = push([{"point": ids.show(other.points["power"]), "time": NOW_MS, "value": 1}])
    assert answer.json["results"] == ["refused"]
    assert other.count() == 0


def test_an_idempotency_key_repeats_its_answer_and_refuses_another_content(push, gateway):
    first = push([item(1)], Idempotency_Key="k1")
    again = push([item(1)], Idempotency_Key="k1")
    assert first.json["results"] == again.json["results"] == ["stored"]
    other = push([item(2)], Idempotency_Key="k1")
    assert (other.status_code, other.json["field"]) == (422, "Idempotency-Key")
    assert push([item(2)], Idempotency_Key="x" * 256).status_code == 422


def test_twenty_at_once_with_one_key_have_one_effect_and_one_answer(app, push, gateway):
    answers = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(push([item(n) for n in (4,)], Idempotency_Key="race").data)
        )
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert gateway[0].count() == 1


def test_while_the_database_is_away_the_gateway_is_told_to_come_back(push, monkeypatch):
    def away(*_, **__):
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))

    monkeypatch.setattr("backend.metering.service.gateways.gateway_of_key", away)
    answer = push([item(1)])
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_intervals_labelled_by_their_end_are_kept_by_their_start(push, gateway):
    field, _ = gateway
    field.add_point("sold", {"tag": "sold", "label": "end", "minutes": 15}, PointKind.INTERVAL)
    push([{"tag": "sold", "time": "2026-01-31T12:15:00Z", "value": 4}])
    assert (field.keys["sold"], 1_769_860_800_000_000, 4.0, 0) in field.rows()


def test_the_connections_page_shows_that_the_gateway_was_heard(push, gateway):
    push([item(1)])
    assert gateway[0].state().contact_at is not None


def test_the_api_describes_it(app):
    described = app.test_client().get("/api/v1/openapi.json").json["paths"][URL]["post"]
    assert described["security"] == [{"gateway": []}]
    assert {"200", "401", "422", "503"} <= described["responses"].keys()
    assert "application/x-ndjson" in described["requestBody"]["content"]
