"""What the kill tests run: a worker process, devices that number their messages, and who kills what."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

import orjson
from paho.mqtt import client as paho

from backend.kernel import clock
from tests.kill.tap import Tap

TAGS = 4
DEVICES = 3


class IngestProcess:
    """`enerfield ingest run` as an installation runs it."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment = {**os.environ, **environment}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it need not be ready."""
        command = [
            sys.executable,
            "-m",
            "backend.cli",
            "ingest",
            "run",
            "--protocol",
            "mqtt",
            "--worker",
            "k",
        ]
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    def end(self, number: int = signal.SIGKILL) -> None:
        """End it with a signal."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None


class Devices:
    """Devices that publish numbered messages; the broker's acknowledgements are kept."""

    def __init__(self, port: int, topic: str, *, per_second: float = 150.0) -> None:
        self.accepted: set[bytes] = set()
        self._on_the_way: dict[int, bytes] = {}
        self._published: deque[int] = deque()
        self._topic = topic
        self._pause = 1.0 / per_second
        self._began_ms = clock.now_us() // 1000 - 3_600_000
        self._next = 0
        self._stop = threading.Event()
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=f"devices-{topic}", protocol=paho.MQTTv5
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.on_publish = lambda _c, _u, mid, *_: self._published.append(mid)
        self._client.connect_async("127.0.0.1", port, clean_start=False, keepalive=5)
        self._client.loop_start()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """Publish nothing more and wait until the broker has it all."""
        self._stop.set()
        self._thread.join()
        end = time.monotonic() + 20
        while self._on_the_way and time.monotonic() < end:
            self._note_accepted()
            time.sleep(0.05)
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        while not self._stop.wait(self._pause):
            number = self._next
            self._next += 1
            device, n = number % DEVICES, number // DEVICES
            said = {"n": n, "ts": self._began_ms + number, **{f"p{i}": number + i / 10 for i in range(TAGS)}}
            payload = orjson.dumps(said)
            info = self._client.publish(f"{self._topic}/d{device}", payload, qos=1)
            self._on_the_way[info.mid] = payload
            self._note_accepted()

    def _note_accepted(self) -> None:
        """Keep what the broker has acknowledged by now."""
        while self._published:
            self.accepted.add(self._on_the_way.pop(self._published.popleft()))


class Pusher:
    """A gateway that pushes numbered readings over HTTP; what was answered 2xx is kept."""

    def __init__(self, client, key: str, tag: str) -> None:
        self.accepted: set[tuple[int, float]] = set()
        self._client, self._tag = client, tag
        self._headers = {"Authorization": f"Bearer {key}"}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """Push nothing more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        began_ms, number = clock.now_us() // 1000 - 3_600_000, 0
        while not self._stop.wait(0.02):
            items = [
                {"tag": self._tag, "time": began_ms + number + i, "value": number + i} for i in range(20)
            ]
            with contextlib.suppress(OSError):
                answer = self._client.post("/api/v1/gateway/readings", json=items, headers=self._headers)
                if answer.status_code == 200:
                    self.accepted |= {(item["time"] * 1000, float(item["value"])) for item in items}
                    number += 20


def readings_of(payload: bytes, keys: dict[str, int], device: int) -> set[tuple[int, int, float]]:
    """Return the rows a message must have become: (key, instant [µs], value)."""
    said = orjson.loads(payload)
    return {(keys[f"d{device}.p{i}"], said["ts"] * 1000, said[f"p{i}"]) for i in range(TAGS)}


def device_of(payload: bytes) -> int:
    """Return which device a message came from: it is in its numbers."""
    said = orjson.loads(payload)
    return round(said["p0"]) - said["n"] * DEVICES


def rounds(seed: int, count: int) -> list[tuple[str, float, float]]:
    """Return who is killed in each round, after how long, and how long they stay away [s]."""
    chance = random.Random(seed)
    victims = ["ingest", "database", "broker"]
    return [
        (
            victims[n % 3] if n < 3 else chance.choice(victims),
            chance.uniform(0.3, 2.0),
            chance.uniform(0.0, 1.5),
        )
        for n in range(count)
    ]


__all__ = [
    "DEVICES",
    "TAGS",
    "Devices",
    "IngestProcess",
    "Pusher",
    "Tap",
    "device_of",
    "readings_of",
    "rounds",
]
