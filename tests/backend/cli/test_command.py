"""`enerfield`: every operation is listed, starts fast, and says in one line what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from backend.cli import COMMANDS, LazyGroup


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a bare environment."""
    bare = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(
        [sys.executable, "-m", "backend.cli", *arguments],
        env=bare,
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_help_shows_every_operation_at_once():
    started = time.monotonic()
    shown = run("--help")
    assert shown.returncode == 0
    assert all(name in shown.stdout for name in COMMANDS)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_in_the_table_is_there(name):
    assert LazyGroup().get_command(None, name).help


def test_an_unknown_command_is_a_misuse():
    assert run("frobnicate").returncode == 2


def test_a_missing_address_is_said_in_one_line_with_what_to_do(tmp_path):
    said = run("db", "current", ENERFIELD_HOME=str(tmp_path))
    assert said.returncode == 1
    assert "ENERFIELD_DATABASE_URL" in said.stderr
    assert "script/server" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_second_terminal_uses_the_running_servers(database_url, tmp_path):
    kept = {"DATABASE": database_url, "REDIS": "redis://localhost:1", "MQTT": "mqtt://localhost:1"}
    lines = [f"ENERFIELD_{name}_URL={url}\n" for name, url in kept.items()]
    (tmp_path / "environment").write_text("".join(lines))
    said = run("db", "current", ENERFIELD_HOME=str(tmp_path))
    assert said.returncode == 0, said.stderr
