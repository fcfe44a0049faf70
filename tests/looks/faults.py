"""What a program can see wrong in a page: too wide, cut off, too small to touch, English in Chinese."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

SCRIPT = (Path(__file__).parent / "faults.js").read_text(encoding="utf-8")


class Found:
    """Faults by what is said of them, each with the first picture that shows it and how many more do."""

    def __init__(self) -> None:
        self._seen: dict[str, list[str]] = {}

    def look_at(self, page: Page, name: str) -> None:
        """Judge a page that stands in the browser."""
        for fault in page.evaluate(SCRIPT):
            self._seen.setdefault(fault, []).append(name)

    def lines(self) -> list[str]:
        """Return the faults as lines, sorted by what is wrong."""
        return [
            f"{fault} — {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
            for fault, names in sorted(self._seen.items())
        ]
