"""The demo's device processes start from one command and leave nobody behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import psutil
import pytest

from backend.demo import kept
from backend.demo.devices.ports import ports


@pytest.fixture
def devices(tmp_path, mqtt_url, live):
    live._meters.keep(kept.place(tmp_path))  # as the loader leaves them
    environment = os.environ | {
        "ENERFIELD_HOME": str(tmp_path),
        "ENERFIELD_MQTT_URL": mqtt_url,
        "ENERFIELD_DATABASE_URL": "postgresql://nobody@localhost/none",
        "ENERFIELD_REDIS_URL": "redis://localhost:1/0",
    }
    command = [sys.executable, "-m", "backend.cli", "demo", "devices"]
    process = subprocess.Popen(command, env=environment)
    try:
        wait_until(
            lambda: process.poll() is None and all(answers(port) for port in ports(tmp_path).values()), 90
        )
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def answers(port):
    with closing(socket.socket()) as found:
        return found.connect_ex(("127.0.0.1", port)) == 0


def wait_until(holds, seconds):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "this took too long"
        time.sleep(0.2)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_stopping_the_devices_stops_each_of_them(devices, number, code):
    family = psutil.Process(devices.pid).children(recursive=True)
    assert len(family) == 4
    devices.send_signal(number)
    assert devices.wait(15) == code
    wait_until(lambda: not any(child.is_running() for child in family), 10)
