"""The field app's core: its own tests, run by Node, and the table it shares with the server."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from backend.workorders.rules.table import as_table
from tests.portal.field.node import FIELD, NODE, ROOT


def test_the_core_of_the_field_app_keeps_its_promises():
    tests = sorted(str(path) for path in (FIELD / "tests").glob("*.test.ts"))
    done = subprocess.run(
        [*NODE, "--test", "--test-reporter=spec", *tests],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout[-8000:]


def test_the_field_app_is_typed():
    done = subprocess.run(
        ["node_modules/.bin/tsc", "-p", str(FIELD / "tsconfig.json")], capture_output=True, text=True, timeout=300,
        check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:]


def test_phone_and_server_are_driven_by_one_table():
    kept = json.loads((Path(FIELD) / "src" / "machine.json").read_text())
    assert kept == as_table(), "run: enerfield workorders machine > portal/field/src/machine.json"
