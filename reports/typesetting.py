"""From a template and plain values to PDF or pictures: one compiler a template and process, fonts looked up once.

Looking up the system's fonts takes most of a second, setting a page some hundredths; so compilers are kept. What people
wrote is handed in as data and set as text, never run.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import typst


class Template:
    """A template that is set again and again. One thread sets at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._compiler: Any = None

    def pdf(self, data: Mapping[str, Any]) -> bytes:
        """Return the template, set with `data`, as PDF."""
        made: bytes = self._set("pdf", data)
        return made

    def pictures(self, data: Mapping[str, Any], *, ppi: float = 144) -> list[bytes]:
        """Return each page as PNG, to be looked at."""
        made = self._set("png", data, ppi=ppi)
        return made if isinstance(made, list) else [made]

    def _set(self, kind: str, data: Mapping[str, Any], **more: Any) -> Any:
        inputs = {"data": orjson.dumps(data).decode()}
        with self._lock:
            if self._compiler is None:
                self._compiler = typst.Compiler(str(self.path), root=str(ROOT), font_paths=_fonts())
            return self._compiler.compile(format=kind, sys_inputs=inputs, **more)


ROOT = Path(__file__).parent
"""Templates import each other's styles from below here."""


@cache
def _fonts() -> Any:
    return typst.Fonts()
