"""What `script/server` starts ends with it: after Ctrl-C, after a failure, and after a kill -9."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

from tests.servers import make_folder

REGION = """
import sys
from pathlib import Path
from backend.cli.server import ports
from backend.cli.server.mosquitto import Mosquitto
from backend.cli.server.postgres import Postgres
from backend.cli.server.redis import Redis
from backend.cli.server.supervisor import Stopped, Supervisor

home, last = Path(sys.argv[1]), sys.argv[2]
try:
    with Supervisor(home) as supervisor:
        supervisor.serve(Postgres(home / "postgres", home / "log/postgres.log"))
        supervisor.serve(Redis(home / "redis", home / "log/redis.log", ports.any_free()))
        supervisor.serve(Mosquitto(home / "mosquitto", home / "log/mosquitto.log", ports.any_free()))
        supervisor.run("idle", [sys.executable, "-c", "import time; time.sleep(600)"], {})
        supervisor.run("last", [sys.executable, "-c", last], {})
        print("up", flush=True)
        supervisor.watch()
except Stopped:
    sys.exit(0)
"""
IDLE = "import time; time.sleep(600)"


@pytest.fixture
def home(tmp_path_factory):
    """A folder that the servers' accounts may enter."""

    return make_folder()


@pytest.fixture
def begin(home):
    """Start supervisors over `home`; each call returns the process and everything below it."""
    begun: list[subprocess.Popen] = []

    def start(last: str = IDLE) -> tuple[subprocess.Popen, list[psutil.Process]]:
        begun.append(
            subprocess.Popen(
                [sys.executable, "-c", REGION, str(home), last],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        assert begun[-1].stdout.readline() == "up\n", begun[-1].stderr.read()
        return begun[-1], psutil.Process(begun[-1].pid).children(recursive=True)

    yield start
    for one in begun:
        with one:  # closes its pipes
            one.kill()
    shutil.rmtree(home, ignore_errors=True)


def assert_gone(processes: list[psutil.Process], within_s: float = 15) -> None:
    """Assert that every one of these processes ends in time."""
    assert len(processes) >= 5
    _, left = psutil.wait_procs(processes, timeout=within_s)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert left == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop_it_stops_everything(home, begin, number):
    started, below = begin()
    started.send_signal(number)
    assert started.wait(30) == 0
    assert_gone(below)
    assert not (home / "processes.json").exists()


def test_killed_outright_it_leaves_no_process(begin):
    started, below = begin()
    os.kill(started.pid, signal.SIGKILL)
    started.wait(30)
    assert_gone(below)


def test_after_a_kill_the_next_start_finds_its_data(begin):
    started, _ = begin()
    os.kill(started.pid, signal.SIGKILL)
    started.wait(30)
    again, below = begin()
    again.terminate()
    assert again.wait(30) == 0
    assert_gone(below)


def test_one_process_that_fails_ends_all_and_its_last_words_are_told(begin):
    started, below = begin("import time; time.sleep(1); print('the valve is stuck'); raise SystemExit(7)")
    _, errors = started.communicate(timeout=30)
    assert started.returncode == 1
    assert "last ended with exit code 7" in errors
    assert "the valve is stuck" in errors
    assert_gone(below)


def test_a_process_that_will_not_stop_is_killed(begin):
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    started, below = begin(stubborn)
    time.sleep(0.5)
    started.terminate()
    assert started.wait(30) == 0
    assert_gone(below)


def test_two_cannot_run_from_one_folder(home, begin):
    started, below = begin()
    second = subprocess.run(
        [sys.executable, "-c", REGION, str(home), IDLE], capture_output=True, text=True, check=False
    )
    started.terminate()
    started.wait(30)
    assert second.returncode == 1
    assert f"process {started.pid}" in second.stderr
    assert_gone(below)


def test_torn_lists_of_an_earlier_run_do_not_stand_in_the_way_of_the_next(tmp_path):
    from backend.cli.server import ports
    from backend.cli.server.supervisor import _end_leftovers

    for torn in ("", '{"12": 1', "[1]", "null"):
        for name in ("processes.json", "ports.json"):
            (tmp_path / name).write_text(torn)
        _end_leftovers(tmp_path / "processes.json")
        port = ports.remembered(tmp_path, "web")
        assert ports.remembered(tmp_path, "web") == port
