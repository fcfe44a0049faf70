"""Where the built front end lies: plain names to hashed ones, read from the manifest of `npm run build`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from flask import url_for

BUILT = Path(__file__).parent / "static" / "build"


@cache
def _names(changed_at: float) -> dict[str, str]:
    return json.loads((BUILT / "manifest.json").read_text())


def built(name: str) -> str:
    """Return the address of a built file, `portal.js` for example; empty where the front end was not built."""
    try:
        names = _names((BUILT / "manifest.json").stat().st_mtime)
    except FileNotFoundError:
        return ""
    return url_for("portal.static", filename=f"build/{names[name]}") if name in names else ""
