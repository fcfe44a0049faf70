"""Free ports, remembered in the installation's folder so that addresses stay the same from start to start."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from backend.kernel.errors import Refused


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen here now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def any_free(host: str = "127.0.0.1") -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def remembered(home: Path, name: str, *, first: int | None = None) -> int:
    """Return the port `name` had last time if it is still free, else `first`, else another; remember it."""
    kept = home / "ports.json"
    ports = _kept(kept)
    for candidate in (ports.get(name), first):
        if candidate and is_free(candidate):
            break
    else:
        candidate = any_free()
    ports[name] = candidate
    written = kept.with_suffix(".new")
    written.write_text(json.dumps(ports, indent=1))
    written.replace(kept)
    return candidate


def _kept(file: Path) -> dict[str, int]:
    """Return the ports of last time; none where the list is not there or cannot be read."""
    try:
        return {str(name): int(port) for name, port in json.loads(file.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def demanded(value: str) -> int:
    """Return the port a person asked for, or refuse with what to do."""
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise Refused(f"PORT is {value!r}", field="PORT", remedy="use a number from 1 to 65535")
    if not is_free(int(value)):
        raise Refused(
            f"port {value} is taken by another program",
            field="PORT",
            remedy="stop it, or choose another port: PORT=8080 script/server",
        )
    return int(value)
