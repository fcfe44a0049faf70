"""The system's Chromium, and axe-core to judge its pages."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def path() -> str:
    """Return where Chromium lies: CHROME_PATH, else the system's."""
    return os.environ.get("CHROME_PATH") or shutil.which("chromium") or "/usr/bin/chromium"


def launch(playwright: Playwright) -> Browser:
    """Start Chromium; maps draw in software."""
    return playwright.chromium.launch(
        executable_path=path(),
        args=["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage"],
    )


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page, one line each.

    The policy of the pages lets no script in but ours, so axe is evaluated through the debugger.
    """
    page.evaluate(f"() => {{ {AXE.read_text(encoding='utf-8')} }}")
    found: list[dict[str, Any]] = page.evaluate(
        f"async () => (await axe.run(document, {{ runOnly: {json.dumps(RULES)} }})).violations"
    )
    return [
        f"{one['id']}: {one['help']} — {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for one in found
        for node in one["nodes"][:4]
    ]
