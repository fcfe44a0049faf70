"""A backup restored into an empty cluster shows the same figures; nothing is ever overwritten."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile

import psycopg
import pytest

REGION = "Seaside"
PASSWORD = "correct horse battery staple 7"


def enerfield(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "backend.cli", *arguments],
        env=os.environ | environment,
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def installed(environment) -> dict[str, str]:
    """An installation with a region, its administrator and some files."""
    made = enerfield(
        *("init", "--region", REGION, "--email", "ada@example.org", "--name", "Ada", "--password", PASSWORD),
        environment=environment,
    )
    assert made.returncode == 0, made.stderr
    folder = os.path.join(environment["ENERFIELD_HOME"], "files", "photos")
    os.makedirs(folder)
    with open(os.path.join(folder, "valve.jpg"), "wb") as photo:
        photo.write(b"a photo")
    return environment


@pytest.fixture(scope="module")
def backup(installed, tmp_path_factory) -> str:
    """The installation in one file."""
    file = str(tmp_path_factory.mktemp("backup") / "region.tar")
    written = enerfield("backup", file, environment=installed)
    assert written.returncode == 0, written.stderr
    assert "rows of" in written.stdout
    return file


def figures(url: str) -> list[tuple]:
    """Return what must be the same afterwards."""
    with psycopg.connect(url) as connection:
        people = connection.execute("SELECT id, email, password_hash FROM person ORDER BY 1").fetchall()
        return people + connection.execute("SELECT id, name, path::text FROM organisation").fetchall()


def test_a_backup_restored_into_an_empty_cluster_shows_the_same_figures(
    installed, backup, postgres, tmp_path
):
    other = postgres()
    other.drop_database()
    other.make_database()
    elsewhere = installed | {"ENERFIELD_DATABASE_URL": other.url(), "ENERFIELD_HOME": str(tmp_path)}
    restored = enerfield("restore", backup, environment=elsewhere)
    assert restored.returncode == 0, restored.stderr
    assert figures(other.url()) == figures(installed["ENERFIELD_DATABASE_URL"])
    assert (tmp_path / "files/photos/valve.jpg").read_bytes() == b"a photo"
    checked = enerfield("db", "current", environment=elsewhere)
    assert checked.returncode == 0, checked.stdout


def test_the_restored_rows_are_confined_as_before(installed, backup, postgres, tmp_path):
    other = postgres()  # migrated but unused, as `script/server --empty` leaves it
    elsewhere = installed | {"ENERFIELD_DATABASE_URL": other.url(), "ENERFIELD_HOME": str(tmp_path)}
    restored = enerfield("restore", backup, environment=elsewhere)
    assert restored.returncode == 0, restored.stderr
    with psycopg.connect(other.url()) as connection:
        connection.execute("SET ROLE enerfield_app")
        assert connection.execute("SELECT count(*) FROM organisation").fetchone() == (0,)


def test_a_restore_never_overwrites(installed, backup):
    before = figures(installed["ENERFIELD_DATABASE_URL"])
    refused = enerfield("restore", backup, environment=installed)
    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    assert figures(installed["ENERFIELD_DATABASE_URL"]) == before


def test_a_damaged_backup_is_refused_before_anything_is_written(backup, postgres, installed, tmp_path):
    other = postgres()
    damaged = tmp_path / "damaged.tar"
    with tarfile.open(backup) as tar:
        tar.extractall(tmp_path)  # noqa: S202  # our own backup
    with (tmp_path / "database.dump").open("r+b") as dump:
        dump.seek(-100, os.SEEK_END)
        dump.write(b"\0" * 50)
    with tarfile.open(damaged, "w") as tar:
        for name in ("manifest.json", "database.dump"):
            tar.add(tmp_path / name, name)
    refused = enerfield(
        "restore", str(damaged), environment=installed | {"ENERFIELD_DATABASE_URL": other.url()}
    )
    assert refused.returncode == 1
    assert "damaged" in refused.stderr
    assert figures(other.url()) == []


def test_a_backup_of_a_newer_version_names_the_version_to_install(backup, postgres, installed, tmp_path):
    other = postgres()
    with tarfile.open(backup) as tar:
        tar.extractall(tmp_path)  # noqa: S202  # our own backup
    note = tmp_path / "manifest.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | {"revision": "9999", "product": "9.0"}))
    newer = tmp_path / "newer.tar"
    with tarfile.open(newer, "w") as tar:
        for name in ("manifest.json", "database.dump"):
            tar.add(tmp_path / name, name)
    refused = enerfield(
        "restore", str(newer), environment=installed | {"ENERFIELD_DATABASE_URL": other.url()}
    )
    assert refused.returncode == 1
    assert "install Enerfield 9.0" in refused.stderr


def test_a_database_that_is_away_is_said_in_one_line(installed, tmp_path):
    away = installed | {"ENERFIELD_DATABASE_URL": f"postgresql://nobody@/none?host={tmp_path}"}
    failed = enerfield("backup", str(tmp_path / "b.tar"), environment=away)
    assert failed.returncode == 3
    assert "Traceback" not in failed.stderr


def test_a_backup_cannot_write_outside_the_folder_of_files(backup, postgres, installed, tmp_path):
    other = postgres()
    forged = tmp_path / "forged.tar"
    shutil.copy(backup, forged)
    with tarfile.open(forged, "a") as tar:
        stranger = tarfile.TarInfo("files/../../stranger")
        stranger.size = 4
        tar.addfile(stranger, io.BytesIO(b"evil"))
    elsewhere = installed | {"ENERFIELD_DATABASE_URL": other.url(), "ENERFIELD_HOME": str(tmp_path / "home")}
    refused = enerfield("restore", str(forged), environment=elsewhere)
    assert refused.returncode == 1
    assert "outside" in refused.stderr
    assert not (tmp_path / "stranger").exists()
    assert figures(other.url()) == []
