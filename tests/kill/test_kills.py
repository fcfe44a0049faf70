"""kill -9 of ingest, database and broker at random instants: what was acknowledged is there, once."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from uuid import uuid4

import pytest

from backend.kernel.db import Database
from backend.kernel.settings import settings
from backend.metering import service as metering
from backend.metering.models.connection import Protocol
from tests.apps import make_app
from tests.ingest.field import make_field
from tests.kill.plant import (
    DEVICES,
    TAGS,
    Devices,
    IngestProcess,
    Pusher,
    Tap,
    device_of,
    readings_of,
    rounds,
)

COUNTS = [pytest.param(4, id="4 rounds"), pytest.param(200, id="200 rounds", marks=pytest.mark.long)]


class Plant:
    """Servers of its own, a worker behind a tap, devices, and a pushing gateway."""

    def __init__(self, postgres, broker, redis_url: str, tmp_path) -> None:
        self.topic = f"k{uuid4().hex}"
        self.database_server, self.broker = postgres(), broker()
        self.tap = Tap(self.broker.port)
        self.database = Database(self.database_server.url())
        table = {"topic": f"{self.topic}/{{device}}", "time": "ts", "time_unit": "ms", "sequence": "n"}
        self.field = make_field(
            self.database, protocol=Protocol.MQTT,
            address={"url": f"mqtt://127.0.0.1:{self.tap.port}", "messages": [table]},
            points={
                f"d{d}.p{i}": {"device": f"d{d}", "path": f"p{i}"}
                for d in range(DEVICES)
                for i in range(TAGS)
            },
        )  # fmt: skip
        self.gateway = make_field(
            self.database, protocol=Protocol.HTTP, address={}, points={"p": {"tag": "p"}}
        )
        with self.database.transaction(self.gateway.scope) as session:
            key = metering.issue_gateway_key(
                session, self.gateway.scope, connection_id=self.gateway.connection_id
            )
        environment = {
            "ENERFIELD_DATABASE_URL": self.database_server.url(), "ENERFIELD_MQTT_URL": self.broker.url,
            "ENERFIELD_REDIS_URL": redis_url, "ENERFIELD_HOME": str(tmp_path),
            "ENERFIELD_SECRET_KEY": "a secret that only this test session knows",
        }  # fmt: skip
        self.ingest = IngestProcess(environment, tmp_path / "ingest.log")
        self.ingest.start()
        self.until(lambda: self._is_heard())
        ours = dataclasses.replace(settings(), database_url=self.database_server.url())
        app = make_app(self.database, ("ingest.http.views",))
        app.settings = ours
        self.devices = Devices(self.broker.port, self.topic)
        self.pusher = Pusher(app.test_client(), key, "p")

    def kill(self, victim: str, away_seconds: float) -> None:
        """Kill one of the three as a power cut would, and bring it back."""
        if victim == "ingest":
            self.ingest.end()
            time.sleep(away_seconds)
            self.ingest.start()
            return
        server = self.database_server if victim == "database" else self.broker
        server.kill()
        time.sleep(away_seconds)
        server.start()

    def rest(self) -> None:
        """Wait until the worker is back at work, stop sending, and wait until nothing moves any more."""
        acknowledged = len(self.tap.acknowledged)
        self.until(lambda: len(self.tap.acknowledged) > acknowledged, seconds=90)
        self.devices.stop()
        self.pusher.stop()
        still = 0
        before = (-1, -1)
        while still < 8:
            time.sleep(0.5)
            now = (self.field.count(), len(self.tap.acknowledged))
            still = still + 1 if now == before else 0
            before = now

    def close(self) -> None:
        """End everything this made."""
        self.ingest.end()
        self.devices.stop()
        self.pusher.stop()
        self.tap.close()
        self.database.dispose()

    @staticmethod
    def until(condition, seconds: float = 40.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not come about in time"
            time.sleep(0.1)

    def _is_heard(self) -> bool:
        state = self.field.state()
        return state is not None and state.contact_at is not None and state.error is None


@pytest.fixture
def plant(environment, postgres, broker, redis_url, tmp_path):
    made = Plant(postgres, broker, redis_url, tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.timeout(3600)
def test_every_acknowledged_reading_is_there_once(plant, count):
    victims = rounds(seed=count, count=count)
    for victim, after_seconds, away_seconds in victims:
        time.sleep(after_seconds)
        plant.kill(victim, away_seconds)
    time.sleep(3)
    plant.rest()

    rows = plant.field.rows()
    stored = {(key, at, value) for key, at, value, _ in rows}
    assert len(stored) == len(rows), "no instant of a point is there twice"
    assert {revision for *_, revision in rows} <= {0}, "nothing was stored as a correction of itself"

    def missing(payloads) -> set[bytes]:
        return {p for p in payloads if not readings_of(p, plant.field.keys, device_of(p)) <= stored}

    assert len(plant.tap.acknowledged) > 100 * count
    assert missing(plant.tap.acknowledged) == set(), "what we acknowledged to the broker is stored"
    pushed = {(at, value) for _, at, value, _ in plant.gateway.rows()}
    assert plant.pusher.accepted
    assert plant.pusher.accepted <= pushed, "what we answered with 2xx is stored"
    _judge_what_the_broker_lost(plant, missing(plant.devices.accepted), victims)


def _judge_what_the_broker_lost(plant, lost: set[bytes], victims) -> None:
    """What the broker accepted and forgot in a kill of its own is no loss of ours, but it shows as a gap."""
    if "broker" not in {victim for victim, *_ in victims}:
        assert lost == set()
    if lost:
        with contextlib.suppress(AssertionError):  # the comparison below says more
            plant.until(lambda: plant.field.state().missed == len(lost), seconds=60)
        assert plant.field.state().missed == len(lost)
        assert plant.field.state().last_gap["device"] in {f"d{d}" for d in range(DEVICES)}
    else:
        assert plant.field.state().missed == 0


@pytest.mark.parametrize("victim", ["ingest", "database"])
def test_while_the_broker_stands_not_one_message_is_lost(plant, victim):
    for _ in range(2):
        time.sleep(0.7)
        plant.kill(victim, 0.5)
    time.sleep(2)
    plant.rest()
    stored = {(key, at, value) for key, at, value, _ in plant.field.rows()}
    for payload in plant.devices.accepted:
        assert readings_of(payload, plant.field.keys, device_of(payload)) <= stored
    assert len(plant.devices.accepted) > 200
    assert plant.field.state().missed == 0


def test_a_worker_that_starts_while_the_database_is_away_reads_on_and_spools(plant, tmp_path):
    time.sleep(1)
    plant.database_server.kill()
    plant.ingest.end()
    plant.ingest.start()
    acknowledged = len(plant.tap.acknowledged)
    plant.until(lambda: len(plant.tap.acknowledged) > acknowledged + 200)
    plant.ingest.end()
    plant.ingest.start()
    plant.database_server.start()
    plant.rest()
    stored = {(key, at, value) for key, at, value, _ in plant.field.rows()}
    for payload in plant.tap.acknowledged:
        assert readings_of(payload, plant.field.keys, device_of(payload)) <= stored
