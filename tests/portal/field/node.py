"""Where the field app lies and how Node runs its TypeScript as it stands."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[3]
FIELD = ROOT / "portal" / "field"
OWN_NODE = ROOT / ".venv" / "bin" / "node"
NODE = [
    str(OWN_NODE) if OWN_NODE.exists() else shutil.which("node") or "node",
    "--experimental-strip-types",
    "--disable-warning=ExperimentalWarning",
]
