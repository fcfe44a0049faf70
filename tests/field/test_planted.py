"""A check that cannot fail shows nothing: each of these faults, planted alone, is found by the runs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.field.driver import Driver
from tests.field.faults import PHONE, SERVER, Fault
from tests.field.machine import runs
from tests.portal.field.node import FIELD, ROOT

MOST = int(os.environ.get("ENERFIELD_PLANTED", "400"))
"""Runs within which a fault is to be found."""
pytestmark = [pytest.mark.long, pytest.mark.timeout(3_600)]


@pytest.mark.parametrize("fault", [*SERVER, *PHONE], ids=lambda fault: fault.name)
def test_it_is_found(fault, world, scene, office, tmp_path, monkeypatch, capsys):
    fault.plant(monkeypatch)
    driver = Driver(office.answer, script=_driver(fault, tmp_path) if fault.file else FIELD / "driver.ts")
    try:
        runs(world if fault.needs_commits else scene, office, driver, MOST, 12)
    except Exception as error:
        if not (laws := _broken(error)):
            raise
        with capsys.disabled():
            print(f"\n{fault.name}: {str(laws[0]).splitlines()[0][:160]} [{capsys.readouterr().out.strip()}]")
    else:
        pytest.fail(f"nobody noticed in {MOST} runs that {fault.name}")
    finally:
        driver.process.kill()
        driver.close()


def _broken(error: BaseException) -> list[AssertionError]:
    """What broke, told by itself or within a group: hypothesis tells so of what did not happen when done again."""
    if isinstance(error, BaseExceptionGroup):
        return [one for inner in error.exceptions for one in _broken(inner)]
    return [error] if isinstance(error, AssertionError) else []


def _driver(fault: Fault, folder: Path) -> Path:
    """Copy the phone's sources with the fault in them; return their driver."""
    copy = folder / "field"
    shutil.copytree(FIELD, copy, ignore=shutil.ignore_patterns("tests", "public", "node_modules"))
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    source = copy / "src" / "sync" / str(fault.file)
    text = source.read_text()
    assert text.count(fault.was) == 1, f"{fault.file} has no single place that reads {fault.was!r}"
    source.write_text(text.replace(fault.was, fault.becomes))
    return copy / "driver.ts"
