"""Ports of the demo's own servers: free ones, chosen once and kept for the next start."""

import json
import socket
from pathlib import Path

LISTENING = ("modbus.harbour", "modbus.innovation", "opcua.centre")


def ports(home: Path) -> dict[str, int]:
    """Return {connection key: port}, from `home/region/ports.json`; chooses where none is kept."""
    kept = home / "region" / "ports.json"
    found = json.loads(kept.read_text()) if kept.exists() else {}
    missing = [key for key in LISTENING if key not in found]
    if missing:
        found |= dict(zip(missing, _free(len(missing)), strict=True))
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found, indent=1))
    return {key: found[key] for key in LISTENING}


def _free(count: int) -> list[int]:
    """Return ports that nobody listens on, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
