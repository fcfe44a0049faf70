"""Probes say what works, and figures are not for everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine

from backend.infra import canary
from backend.kernel import clock
from backend.kernel.db import Database


@pytest.fixture
def client(app, world):
    return app.test_client()


def test_a_process_that_answers_is_alive(client):
    assert client.get("/healthz").json == {"alive": True}


def test_ready_means_database_redis_broker_and_fresh_readings(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.json
    assert answer.json["ready"] is True
    assert {name for name, part in answer.json.items() if name != "ready" and part["ok"]} >= {
        "database", "redis", "broker", "ingest",
    }  # fmt: skip
    assert answer.json["ingest"]["newest_age_s"] < 300


def test_readings_that_stopped_coming_are_said(client):
    with clock.shifted(timedelta(minutes=10)):
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json["ingest"]["ok"]) == (503, False)


@pytest.mark.parametrize(
    ("part", "setting", "nowhere"),
    [("redis", "redis_url", "redis://127.0.0.1:1"), ("broker", "mqtt_url", "mqtt://127.0.0.1:1")],
)
def test_a_server_that_is_away_is_named(app, client, monkeypatch, part, setting, nowhere):
    monkeypatch.setattr(app, "settings", replace(app.settings, **{setting: nowhere}))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json[part]["ok"]) == (503, False)
    assert answer.json["database"]["ok"] is True


def test_without_the_database_the_probe_still_answers_and_requests_say_when_to_come_back(
    app, client, monkeypatch, phone, world
):
    mine = phone(world.east, "manager")
    away = Database(app.database.url)
    away.engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    monkeypatch.setattr(app, "database", away)
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json["database"]["ok"] is False
    answer = mine.get("/auth/me")
    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (
        503,
        "unavailable",
        "5",
    )


def test_queues_are_alive_when_their_canary_came_back(app, client):
    assert client.get("/readyz").json["jobs"]["ok"] is False
    for queue in canary.QUEUES:
        canary.sing(app.settings.redis_url, queue)
    assert client.get("/readyz").json["jobs"]["ok"] is True
    with clock.shifted(timedelta(minutes=4)):
        assert client.get("/readyz").json["jobs"]["ok"] is False


def test_figures_are_for_this_machine_or_with_the_token(app, client, monkeypatch):
    assert "enerfield_requests_total" in client.get("/metrics").text
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get("/metrics", environ_overrides=elsewhere).status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403
    monkeypatch.setattr(app, "settings", replace(app.settings, metrics_token="sesame"))
    answers = [
        client.get("/metrics", headers={"Authorization": f"Bearer {token}"}, environ_overrides=elsewhere)
        for token in ("sesame", "wrong", "")
    ]
    assert [answer.status_code for answer in answers] == [200, 403, 403]


def test_figures_hold_no_addresses_people_or_ids(app, client, phone, world):
    phone(world.east, "manager").get("/points")
    figures = client.get("/metrics").text
    assert 'endpoint="metering.Points"' in figures
    assert "@" not in figures
    assert "/api/v1" not in figures
