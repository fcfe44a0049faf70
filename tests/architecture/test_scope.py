"""Every question to the database says who asks, and lies where questions lie."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

BACKEND = Path(__file__).parents[2] / "backend"
AREAS = (
    "tenancy",
    "network",
    "assets",
    "metering",
    "alarms",
    "billing",
    "workorders",
    "field",
    "forecasting",
    "optimisation",
)

BEFORE_ANYBODY_IS_KNOWN = {
    "tenancy": "log-in finds people by address, session or token before there is a scope",
}


def functions(*names: str) -> Iterator[tuple[Path, ast.FunctionDef]]:
    """Yield public functions of the areas' files or folders of these names."""
    for area in AREAS:
        for name in names:
            folder = BACKEND / area / name
            files = sorted(folder.rglob("*.py")) if folder.is_dir() else [BACKEND / area / f"{name}.py"]
            for file in files:
                for node in ast.parse(file.read_text()).body:
                    if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                        yield file, node


def arguments(function: ast.FunctionDef) -> list[str]:
    return [a.arg for a in function.args.args + function.args.kwonlyargs]


def said(file: Path, function: ast.FunctionDef) -> str:
    return f"{file.relative_to(BACKEND)}:{function.lineno} {function.name}"


def test_every_query_takes_a_scope():
    unscoped = [
        said(file, function)
        for file, function in functions("queries")
        if "session" in arguments(function)
        and not {"scope", "_scope"} & set(arguments(function))
        and file.relative_to(BACKEND).parts[0] not in BEFORE_ANYBODY_IS_KNOWN
    ]
    assert unscoped == []


def test_services_take_session_and_scope_first():
    astray = [
        said(file, function)
        for file, function in functions("service")
        if "session" in arguments(function)
        and "scope" in arguments(function)
        and arguments(function)[:2] != ["session", "scope"]
    ]
    assert astray == []


def test_only_queries_select():
    """Services ask queries; the set-based statements of the bulk paths are their own (they write)."""
    astray = []
    for area in AREAS:
        for file in [*(BACKEND / area).glob("service/**/*.py"), BACKEND / area / "service.py"]:
            if not file.exists():
                continue
            for node in ast.walk(ast.parse(file.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id == "select"
                ):
                    astray.append(f"{file.relative_to(BACKEND)}:{node.lineno}")
    assert astray == []


def test_only_the_edge_commits():
    """Areas never commit: one request or task is one transaction."""
    astray = [
        f"{file.relative_to(BACKEND)}:{node.lineno}"
        for area in AREAS
        for file in (BACKEND / area).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert astray == []


def test_no_module_is_longer_than_400_lines():
    root = BACKEND.parent
    long = {
        str(file.relative_to(root)): lines
        for tree in ("backend", "mobile_api", "portal", "ingest", "reports")
        for file in (root / tree).rglob("*.py")
        if (lines := len(file.read_text().splitlines())) > 400
    }
    assert long == {}
