"""Protocol servers built on libraries the product does not use, started as processes of their own."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from time import monotonic

HERE = Path(__file__).parent
START_SECONDS = 60


def free_port() -> int:
    """Return a TCP port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Counterpart:
    """A server process that says `ready PORT`, can be killed and come back on the same port."""

    def __init__(self, *command: str | Path, port: int | None = None) -> None:
        self._command = [str(part) for part in command]
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Counterpart:
        """Start the server and wait until it listens."""
        command = [str(self.port) if part == "{port}" else part for part in self._command]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        said = self._read_until(b"ready", monotonic() + START_SECONDS)
        assert b"ready" in said, f"{command} said {said!r} and is not ready"
        return self

    def kill(self) -> None:
        """Kill the server at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def freeze(self) -> None:
        """Stop the server's process where it stands: its sockets stay open, and nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _read_until(self, word: bytes, deadline: float) -> bytes:
        assert self._process is not None and self._process.stdout is not None
        said = b""
        with DefaultSelector() as selector:
            selector.register(self._process.stdout, EVENT_READ)
            while word not in said and monotonic() < deadline:
                if selector.select(timeout=0.5):
                    chunk = self._process.stdout.read1()  # type: ignore[attr-defined]  # a BufferedReader
                    if not chunk:
                        break
                    said += chunk
        return said


@contextlib.contextmanager
def running(*command: str | Path) -> Iterator[Counterpart]:
    """Run a counterpart while the block lasts; `{port}` in its command is a free port."""
    server = Counterpart(*command)
    try:
        yield server.start()
    finally:
        server.kill()


def build_modbus_server(folder: Path) -> Path:
    """Compile the C server against the system's libmodbus; returns the program."""
    program = folder / "modbus_server"
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "libmodbus"], check=True, capture_output=True, text=True
    ).stdout.split()
    subprocess.run(["cc", "-O1", "-o", program, HERE / "modbus_server.c", *flags], check=True)
    return program


def node() -> str:
    """Return the Node program; its packages are those of the root package.json."""
    program = shutil.which("node")
    assert program, "Node is missing: script/test installs it"
    return program
