"""`enerfield server`: up from nothing, ready for people, and gone without a trace."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.servers import make_folder

GIVEN = ("ENERFIELD_DATABASE_URL", "ENERFIELD_REDIS_URL", "ENERFIELD_MQTT_URL", "PORT")


@dataclass
class Running:
    """A started `enerfield server` and what it has said so far."""

    process: subprocess.Popen
    said: list[str] = field(default_factory=list)

    def wait_for(self, words: str, seconds: float) -> str:
        """Return the line that matches, or fail with all that was said."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for line in list(self.said):
                if re.search(words, line):
                    return line
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(f"{words!r} was not said:\n" + "".join(self.said))

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Stop it as Ctrl-C does; returns its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder for an installation."""
    folder = make_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server(home: Path) -> Iterator[Callable[..., Running]]:
    """Start servers over `home`."""
    started: list[Running] = []

    def start(*arguments: str, **environment: str) -> Running:
        plain = {name: value for name, value in os.environ.items() if name not in GIVEN}
        process = subprocess.Popen(
            [sys.executable, "-m", "backend.cli", "server", *arguments],
            env=plain | {"ENERFIELD_HOME": str(home), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        one = Running(process)
        threading.Thread(
            target=lambda: one.said.extend(iter(process.stdout.readline, "")), daemon=True
        ).start()
        started.append(one)
        return one

    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop(signal.SIGTERM)
        time.sleep(0.1)  # lets the reader see the end
        one.process.stdout.close()


def ask(address: str) -> bytes:
    """Return the body of a page."""
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read()


def test_an_empty_installation_starts_takes_its_first_administrator_and_leaves_no_process(home, server):
    running = server("--empty")
    address = re.search(r"http://localhost:\d+", running.wait_for(r"ready after \d+ s", 120)).group()
    assert b"true" in ask(f"{address}/healthz")
    assert b'"ready":true' in ask(f"{address}/readyz").replace(b" ", b"")

    second_terminal = {n: v for n, v in os.environ.items() if n not in GIVEN} | {"ENERFIELD_HOME": str(home)}
    founded = subprocess.run(
        [
            *(sys.executable, "-m", "backend.cli", "init", "--region", "Seaside", "--name", "Ada"),
            *("--email", "ada@example.org", "--password", "correct horse battery staple 7"),
        ],
        env=second_terminal,
        capture_output=True,
        text=True,
        check=False,
    )
    assert founded.returncode == 0, founded.stderr

    below = psutil.Process(running.process.pid).children(recursive=True)
    assert len(below) > 8
    assert running.stop() == 0
    _, left = psutil.wait_procs(below, timeout=10)
    assert left == []
    assert not (home / "environment").exists()

    again = server("--empty")
    line = again.wait_for(r"ready after \d+ s", 120)
    assert address in line, "the address stays the same from start to start"
    kept = (home / "environment").read_text()
    url = re.search(r"ENERFIELD_DATABASE_URL=(.+)", kept).group(1)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT name FROM organisation").fetchall() == [("Seaside",)]
    assert again.stop(signal.SIGTERM) == 0


def test_killed_outright_the_server_leaves_no_process(server):
    running = server("--empty")
    running.wait_for(r"ready after \d+ s", 120)
    below = psutil.Process(running.process.pid).children(recursive=True)
    running.process.kill()
    _, left = psutil.wait_procs(below, timeout=30)
    assert left == []


def test_a_taken_port_is_said_in_one_line_and_nothing_is_started(home, server):
    taken = server("--empty", PORT="x")
    taken.process.wait(30)
    assert taken.process.returncode == 1
    assert "use a number from 1 to 65535" in "".join(taken.said)
    assert not (home / "postgres").exists()


def test_the_demo_is_never_loaded_into_a_given_database(server, database_url):
    running = server(ENERFIELD_DATABASE_URL=database_url)
    running.wait_for(r"ready after \d+ s", 120)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM organisation").fetchone() == (0,)
    assert running.stop() == 0


@pytest.mark.long
def test_the_demo_region_is_live_on_first_start_and_quickly_there_on_the_second(server):
    first = server()
    first.wait_for(r"ready after \d+ s", 600)
    assert first.stop() == 0
    second = server()
    seconds = int(re.search(r"after (\d+) s", second.wait_for(r"ready after \d+ s", 120)).group(1))
    assert seconds < 15
    assert second.stop() == 0
