"""A backup is a tar of `manifest.json`, `database.dump` (pg_dump's own format) and the folder `files`.

The dump and the row counts in the manifest come from the same snapshot, so a restore can prove that every
row is there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import sql

from backend.cli import db
from backend.cli.server.postgres import program
from backend.kernel import clock
from backend.kernel.db import APP_ROLE
from backend.kernel.errors import Conflict, EnerfieldError, Refused

FORMAT = 1


class BackupFailed(EnerfieldError):
    """PostgreSQL's dump or restore program reported an error."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    rows: table -> number of rows at the moment of the backup
    sha256: of database.dump
    """

    format: int
    product: str
    revision: str
    made_at: str
    rows: dict[str, int]
    sha256: str


def write(url: str, target: Path, files: Path, advance: Callable[[float], None]) -> Manifest:
    """Write the database at `url` and the folder `files` to `target`; `advance` hears of each MB written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    revision = db.current(url)
    if revision is None:
        raise Refused("there is nothing to back up: the database is empty")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        dump = Path(folder) / "database.dump"
        with psycopg.connect(url, autocommit=True) as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()[0]
            rows = count_rows(connection)
            command = [program("pg_dump"), "--format=custom", "--compress=3", "--no-owner"]
            _run([*command, f"--snapshot={snapshot}", f"--file={dump}", url], watch=dump, advance=advance)
        product = version("enerfield")
        manifest = Manifest(FORMAT, product, revision, clock.now().isoformat(), rows, _sha256(dump))
        note = Path(folder) / "manifest.json"
        note.write_text(json.dumps(asdict(manifest), indent=1))
        unfinished = Path(folder) / "whole.tar"
        with tarfile.open(unfinished, "w") as tar:
            tar.add(note, note.name)
            tar.add(dump, dump.name)
            if files.is_dir():
                tar.add(files, "files")
        with unfinished.open("rb") as whole:
            os.fsync(whole.fileno())
        unfinished.replace(target)  # the name appears only with the whole file behind it
    return manifest


def read(url: str, source: Path, files: Path, advance: Callable[[float], None]) -> Manifest:
    """Restore `source` into the empty database at `url`: all of it, or nothing when something fails."""
    if not source.is_file() or not tarfile.is_tarfile(source):
        raise Refused(f"{source} is not a backup of Enerfield", field="file")
    with tarfile.open(source) as tar, tempfile.TemporaryDirectory(dir=source.parent) as folder:
        manifest = _manifest(tar)
        dump = Path(folder) / "database.dump"
        _unpack(tar, tar.getmember(dump.name), dump)
        if _sha256(dump) != manifest.sha256:
            raise Refused(f"{source} is damaged: its content differs from its manifest", field="file")
        kept = [(m, _inside(files, m.name)) for m in tar if m.isfile() and m.name.startswith("files/")]
        with psycopg.connect(url, autocommit=True) as connection:
            _make_room(connection)
            make_role(connection)
        command = [program("pg_restore"), "--no-owner", "--single-transaction", "--exit-on-error"]
        _run([*command, f"--dbname={url}", str(dump)], watch=None, advance=advance)
        for member, path in kept:
            _unpack(tar, member, path)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
        found = count_rows(connection)
    if found != manifest.rows:
        differing = sorted(t for t in manifest.rows if found.get(t) != manifest.rows[t])
        raise BackupFailed(f"rows are missing after the restore in {', '.join(differing)}")
    return manifest


def count_rows(connection: psycopg.Connection) -> dict[str, int]:
    """Count the rows of every table of ours; partitions count in their parent."""
    tables = connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1"
    ).fetchall()
    count = sql.SQL("SELECT count(*) FROM {}")
    return {t: connection.execute(count.format(sql.Identifier(t))).fetchone()[0] for (t,) in tables}


def make_role(connection: psycopg.Connection) -> None:
    """Make the role the product runs as, which a dump of one database does not hold."""
    connection.execute(
        f"DO $$ BEGIN CREATE ROLE {APP_ROLE} NOLOGIN;"
        " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    connection.execute(f"GRANT {APP_ROLE} TO CURRENT_USER")


def _manifest(tar: tarfile.TarFile) -> Manifest:
    try:
        manifest = Manifest(**json.load(tar.extractfile("manifest.json")))
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("the file has no manifest of Enerfield", field="file") from error
    if manifest.format != FORMAT or manifest.revision > db.head():
        raise Refused(
            f"the backup was made by a newer version ({manifest.product}, database {manifest.revision})",
            field="file",
            remedy=f"install Enerfield {manifest.product} or later",
        )
    return manifest


def _inside(files: Path, name: str) -> Path:
    """Return where a file of the backup goes, or refuse a name that leads elsewhere."""
    path = (files.parent / name).resolve()
    if not path.is_relative_to(files.resolve()):
        raise Refused(f"the backup holds a file that would lie outside {files}: {name}", field="file")
    return path


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """Copy one plain file out of the tar. (`extract` is safe only from Python 3.11.4 on.)"""
    source = tar.extractfile(member)
    assert source is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    with source, path.open("wb") as target:
        shutil.copyfileobj(source, target)


def _make_room(connection: psycopg.Connection) -> None:
    """Clear the tables of an installation nobody has used (no organisation, no person); refuse any other."""
    rows = count_rows(connection)
    is_unused = "organisation" in rows and not rows["organisation"] and not rows["person"]
    if rows and not is_unused:
        raise Conflict(
            "the database is not empty, and a restore never overwrites",
            remedy="start an empty one (script/server --empty), or give another as ENERFIELD_DATABASE_URL",
        )
    if rows:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public AUTHORIZATION pg_database_owner")


def _run(command: list[str], *, watch: Path | None, advance: Callable[[float], None]) -> None:
    """Run a program; `advance` hears of each MB its file grows by."""
    seen = 0
    with tempfile.TemporaryFile("w+") as errors, subprocess.Popen(command, stderr=errors) as running:
        try:
            while running.poll() is None:
                time.sleep(0.1)
                size = watch.stat().st_size >> 20 if watch and watch.exists() else 0
                advance(size - seen)
                seen = size
        except BaseException:
            running.terminate()
            raise
        if running.returncode:
            errors.seek(0)
            raise BackupFailed(f"{Path(command[0]).name} failed: {errors.read().strip()[-2000:]}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
