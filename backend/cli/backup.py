"""`enerfield backup FILE`: the whole installation as one file."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def command(file: Path) -> None:
    """Write the database, the folder of files and the installation's keys to FILE, while everything runs on.

    FILE is as secret as the keys it holds. What the environment says (ENERFIELD_…, FIELD_…) and files under
    /etc/enerfield are not in it.
    """
    from backend.cli import archive, progress
    from backend.kernel.settings import place

    at = place()
    with progress.bar("backing up", unit="MB") as advance:
        manifest = archive.write(at.database_url, file.absolute(), at.home, advance)
    total = sum(manifest.rows.values())
    if os.environ.get("ENERFIELD_SECRET_KEY"):
        click.echo("the secret key comes from ENERFIELD_SECRET_KEY and is not in the backup: keep it apart")
    click.echo(f"{file}: {total:,} rows of {len(manifest.rows)} tables, database version {manifest.revision}")
