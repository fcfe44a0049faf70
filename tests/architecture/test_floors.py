"""Imports run one way, and the database's references with them."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from backend.kernel.db import Base

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def floors() -> list[list[str]]:
    """Return the areas of backend/, highest floor first, as pyproject.toml has them."""
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c["name"] == "floors")
    return [[area.strip(" ()") for area in layer.split("|")] for layer in layers]


def test_import_linter_keeps_every_contract():
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_foreign_keys_point_only_down_the_floors():
    height = {area: -number for number, layer in enumerate(floors()) for area in layer}
    for path in sorted((ROOT / "backend").glob("*/models*")):
        importlib.import_module(f"backend.{path.parent.name}.models")
    area_of = {m.local_table.name: m.class_.__module__.split(".")[1] for m in Base.registry.mappers}
    upward = [
        f"{area_of[table.name]}.{table.name} -> {area_of[key.column.table.name]}.{key.column.table.name}"
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if height[area_of[table.name]] < height[area_of[key.column.table.name]]
    ]
    assert upward == []
    assert len(area_of) > 20


def test_the_readme_draws_the_floors_as_they_are_enforced():
    drawn = (ROOT / "README.md").read_text()
    built = {p.name for p in (ROOT / "backend").iterdir() if (p / "__init__.py").exists()}
    for layer in floors():
        there = [area for area in layer if area in built]
        if there:
            assert " | ".join(there) in drawn, f"README.md does not draw the floor {there}"


@pytest.mark.parametrize("package", ["backend", "mobile_api", "portal", "ingest", "reports"])
def test_no_module_passes_400_lines(package):
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / package).rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 400 and not path.name.endswith("_pb2.py")
    }
    assert long == {}
