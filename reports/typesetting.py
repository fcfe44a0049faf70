"""From a template and plain values to PDF or pictures: one compiler a template and process, fonts looked up once.

Looking up the system's fonts takes most of a second, setting a page some hundredths; so compilers are kept. Documents
of a kind that are wanted together are set in one go and split: fonts are cut down to what is used for all at once. What
people wrote is handed in as data and set as text, never run.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pypdfium2
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

    def pdfs(self, data: Mapping[str, Any]) -> list[bytes]:
        """Return documents that were set in one go, each from the page that is called 1, as PDFs of their own.

        They know no title and no structure for screen readers: a page that is taken out of a document leaves these.
        """
        made: bytes = self._set("pdf", data, pdf_tags=False)
        return _split(made)

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


def _split(made: bytes) -> list[bytes]:
    whole = pypdfium2.PdfDocument(made)
    try:
        pages = range(len(whole))
        firsts = [page for page in pages if whole.get_page_label(page) == "1"]
        return [_some(whole, range(*ends)) for ends in zip(firsts, [*firsts[1:], len(whole)], strict=True)]
    finally:
        whole.close()


def _some(whole: Any, pages: Sequence[int]) -> bytes:
    one, out = pypdfium2.PdfDocument.new(), io.BytesIO()
    try:
        one.import_pages(whole, list(pages))
        one.save(out)
    finally:
        one.close()
    return out.getvalue()


ROOT = Path(__file__).parent
"""Templates import each other's styles from below here."""


@cache
def _fonts() -> Any:
    return typst.Fonts()
