"""A backup is a tar of `manifest.json`, `database.dump` (pg_dump's own format), the folder `files`, and `home`:
the keys without which what is restored is another installation (KEYS). It is as secret as they are.

The dump and the row counts in the manifest come from the same snapshot, so a restore can prove that every
row is there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
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
KEYS = ("secret_key", "push_key.pem", "opcua", "https")
"""Of an installation's folder: what signs sessions and tags, what phones are subscribed to, who we are to OPC UA
servers and which of them we trust, and the authority that phones were paired with."""


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


def write(url: str, target: Path, home: Path, advance: Callable[[float], None]) -> Manifest:
    """Write the database at `url`, and of the folder `home` files and keys, to `target`, for its owner alone.

    advance: hears of each MB written
    """
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
            command += [f"--snapshot={snapshot}", f"--file={dump}", url]
            _run(command, size=lambda: dump.stat().st_size if dump.exists() else 0, advance=advance)
        product = version("enerfield")
        manifest = Manifest(FORMAT, product, revision, clock.now().isoformat(), rows, _sha256(dump))
        note = Path(folder) / "manifest.json"
        note.write_text(json.dumps(asdict(manifest), indent=1))
        unfinished = Path(folder) / "whole.tar"
        unfinished.touch(mode=0o600)
        with tarfile.open(unfinished, "w") as tar:
            tar.add(note, note.name)
            tar.add(dump, dump.name)
            if (home / "files").is_dir():
                tar.add(home / "files", "files")
            for name in KEYS:
                if (home / name).exists():
                    tar.add(home / name, f"home/{name}")
        with unfinished.open("rb") as whole:
            os.fsync(whole.fileno())
        unfinished.replace(target)  # the name appears only with the whole file behind it
    return manifest


def read(url: str, source: Path, home: Path, advance: Callable[[float], None]) -> Manifest:
    """Restore `source` into the empty database at `url` and the folder `home`; nothing when something fails.

    A key that is there already and differs is kept beside the restored one, as NAME.before.
    advance: hears of each MB the database grows by
    """
    if not source.is_file() or not tarfile.is_tarfile(source):
        raise Refused(f"{source} is not a backup of Enerfield", field="file")
    with tarfile.open(source) as tar, tempfile.TemporaryDirectory(dir=source.parent) as folder:
        manifest = _manifest(tar)
        dump = Path(folder) / "database.dump"
        _unpack(tar, tar.getmember(dump.name), dump)
        if _sha256(dump) != manifest.sha256:
            raise Refused(f"{source} is damaged: its content differs from its manifest", field="file")
        kept = [
            (m, _inside(home / "files", m.name)) for m in tar if m.isfile() and m.name.startswith("files/")
        ]
        keys = [(m, _key_of(home, m.name)) for m in tar if m.isfile() and m.name.startswith("home/")]
        with psycopg.connect(url, autocommit=True) as connection:
            _make_room(connection)
            make_role(connection)
        _restore_database(url, dump, advance)
        for member, path in kept:
            _unpack(tar, member, path)
        for member, path in keys:
            _restore_key(tar, member, path)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
        found = count_rows(connection)
    differing = sorted(t for t, count in manifest.rows.items() if found.get(t, 0) < count)
    if differing:  # more than there were is what has come since: workers may run already
        raise BackupFailed(f"rows are missing after the restore in {', '.join(differing)}")
    return manifest


def _restore_database(url: str, dump: Path, advance: Callable[[float], None]) -> None:
    """Restore a dump for whoever owns the database at `url`, whatever the owner was called where it was made.

    Default privileges are the one entry that names the owner for all `--no-owner` says: they are left out,
    and granted again without it.
    """
    entries = _said([program("pg_restore"), "--list", str(dump)]).splitlines(keepends=True)
    parts = {name: dump.with_name(f"{name}.list") for name in ("default", "other")}
    for name, part in parts.items():
        part.write_text("".join(one for one in entries if (" DEFAULT ACL " in one) is (name == "default")))
    grants = _said([program("pg_restore"), f"--use-list={parts['default']}", "--file=-", str(dump)])
    with psycopg.connect(url, autocommit=True) as connection:

        def size() -> int:
            return connection.execute("SELECT pg_database_size(current_database())").fetchone()[0]

        command = [program("pg_restore"), "--no-owner", "--single-transaction", "--exit-on-error"]
        command += [f"--use-list={parts['other']}", f"--dbname={url}", str(dump)]
        _run(command, size=size, advance=advance)
        for grant in re.findall(r"^ALTER DEFAULT PRIVILEGES .*;$", grants, re.MULTILINE):
            connection.execute(re.sub(r' FOR ROLE ("(?:[^"]|"")+"|\S+)', "", grant, count=1))


def _said(command: list[str]) -> str:
    """Run a program and return what it wrote."""
    found = subprocess.run(command, check=False, capture_output=True, text=True)
    if found.returncode:
        raise BackupFailed(f"{Path(command[0]).name} failed: {found.stderr.strip()[-2000:]}")
    return found.stdout


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


def _key_of(home: Path, name: str) -> Path:
    """Return where a key of the backup goes, or refuse a name that is none of KEYS."""
    inside = name.removeprefix("home/")
    path = (home / inside).resolve()
    if inside.split("/", 1)[0] not in KEYS or not path.is_relative_to(home.resolve()):
        raise Refused(f"the backup holds a key we do not know: {name}", field="file")
    return path


def _restore_key(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """Put a key in its place, for its owner alone."""
    restored = path.with_name(f"{path.name}.restored")
    restored.unlink(missing_ok=True)
    restored.parent.mkdir(parents=True, exist_ok=True)
    restored.touch(mode=0o600)
    _unpack(tar, member, restored)
    if path.exists() and path.read_bytes() != restored.read_bytes():
        path.replace(path.with_name(f"{path.name}.before"))
    restored.replace(path)


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


def _run(command: list[str], *, size: Callable[[], int], advance: Callable[[float], None]) -> None:
    """Run a program; `advance` hears of each MB by which what it writes grows; size: of that [bytes]."""
    seen = size() >> 20
    with tempfile.TemporaryFile("w+") as errors, subprocess.Popen(command, stderr=errors) as running:
        try:
            while running.poll() is None:
                time.sleep(0.2)
                now = size() >> 20
                advance(max(now - seen, 0))
                seen = max(now, seen)
        except BaseException:
            running.terminate()
            raise
        if running.returncode:
            errors.seek(0)
            raise BackupFailed(f"{Path(command[0]).name} failed: {errors.read().strip()[-2000:]}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
