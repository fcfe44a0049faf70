"""A backup restored into an empty cluster shows the same figures; nothing is ever overwritten."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

import psycopg
import pytest

REGION = "Seaside"
KEYS = {
    "secret_key": b"s" * 48,
    "push_key.pem": b"a key",
    "opcua/own.pem": b"another",
    "https/authority.key": b"a third",
}
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
    for name, key in KEYS.items():
        os.makedirs(os.path.dirname(os.path.join(environment["ENERFIELD_HOME"], name)), exist_ok=True)
        with open(os.path.join(environment["ENERFIELD_HOME"], name), "wb") as file:
            file.write(key)
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
    assert {name: (tmp_path / name).read_bytes() for name in KEYS} == KEYS
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert os.stat(backup).st_mode & 0o777 == 0o600
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


def test_a_restore_goes_to_a_cluster_whose_owner_has_another_name_and_asks_for_no_other_server(
    installed, backup, postgres, tmp_path
):
    other = postgres()
    other.drop_database()
    with psycopg.connect(other.url("postgres"), autocommit=True) as connection:
        connection.execute('CREATE ROLE "the landlord" LOGIN SUPERUSER')
    url = other.url().replace("enerfield@", "the%20landlord@")
    with psycopg.connect(url.replace("/enerfield?", "/postgres?"), autocommit=True) as connection:
        connection.execute("ALTER ROLE enerfield RENAME TO someone")
        connection.execute("CREATE DATABASE enerfield TEMPLATE template0")
    elsewhere = installed | {"ENERFIELD_DATABASE_URL": url, "ENERFIELD_HOME": str(tmp_path)}
    for unneeded in ("ENERFIELD_REDIS_URL", "ENERFIELD_MQTT_URL"):
        elsewhere[unneeded] = ""
    restored = enerfield("restore", backup, environment=elsewhere)
    assert restored.returncode == 0, restored.stderr
    done = re.findall(r"restoring: (\d+) +MB", restored.stderr)  # a slow machine shows the bar at 0, too
    assert int(done[-1]) > 0
    assert figures(url) == figures(installed["ENERFIELD_DATABASE_URL"])
    with psycopg.connect(url) as connection:  # what is made from now on is the application's to use, too
        connection.execute("CREATE TABLE later (id int)")
        connection.execute("SET ROLE enerfield_app")
        assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)


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
