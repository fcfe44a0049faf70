"""The README says what the table of a device's life says."""

from __future__ import annotations

from pathlib import Path

from backend.assets.rules.life import LIFE, MENDERS

README = Path(__file__).parents[3] / "backend/assets/README.md"


def test_the_table_of_steps_stands_in_the_readme():
    said = README.read_text()
    for step in LIFE:
        who = "also technician" if step.roles == MENDERS else "administrator, operator, dispatcher"
        sources = ", ".join(sorted(step.sources))
        assert f"| {step.name} | {sources} | {step.target} | {who} |" in said, step.name
