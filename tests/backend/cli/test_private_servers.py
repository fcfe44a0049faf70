"""The servers under everything: they start, keep what was committed, and leave nothing behind."""

from __future__ import annotations

import json
import socket

import paho.mqtt.publish
import psycopg
import pytest
from sqlalchemy import text

from backend.cli import db
from backend.cli.server import ports
from backend.cli.server.postgres import LONGEST_SOCKET_FOLDER, settings_for
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope


def test_a_fresh_database_has_the_newest_version(database_url):
    assert db.current(database_url) == db.head()


def test_the_product_reaches_its_database_as_a_role_that_owns_nothing(database):
    with database.transaction(Scope.public()) as session:
        assert session.execute(text("SELECT current_user")).scalar_one() == "enerfield_app"


def test_what_was_committed_survives_the_killing_of_the_database(postgres):
    own = postgres()
    with psycopg.connect(own.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    own.kill()
    own.start()
    with psycopg.connect(own.url()) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_the_database_has_no_network_port_and_a_socket_of_legal_length(postgres):
    own = postgres()
    with psycopg.connect(own.url()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert len(str(own.sockets)) <= LONGEST_SOCKET_FOLDER


def test_a_broker_with_a_password_turns_strangers_away(broker):
    own = broker()
    own.stop()
    own.password = "a secret of the house"
    own.start()
    with pytest.raises(Exception, match=r"(?i)not auth"):
        paho.mqtt.publish.single("a", b"1", hostname="127.0.0.1", port=own.port)
    paho.mqtt.publish.single(
        "a",
        b"1",
        qos=1,
        hostname="127.0.0.1",
        port=own.port,
        auth={"username": "enerfield", "password": own.password},
    )


@pytest.mark.parametrize(("memory_gb", "buffers"), [(1, "170MB"), (8, "1365MB"), (64, "4096MB")])
def test_the_database_takes_a_sixth_of_the_memory_and_four_gigabytes_at_most(memory_gb, buffers):
    assert settings_for(memory_gb * 2**30)["shared_buffers"] == buffers


def test_a_port_is_remembered_while_it_is_free_and_changed_when_it_is_taken(tmp_path):
    first = ports.remembered(tmp_path, "mqtt")
    assert ports.remembered(tmp_path, "mqtt") == first
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", first))
        squatter.listen()
        other = ports.remembered(tmp_path, "mqtt")
    assert other != first
    assert json.loads((tmp_path / "ports.json").read_text()) == {"mqtt": other}


def test_a_demanded_port_that_is_taken_is_refused_with_what_to_do():
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        with pytest.raises(Refused, match="taken") as refusal:
            ports.demanded(str(squatter.getsockname()[1]))
    assert "PORT=" in refusal.value.remedy
