"""`enerfield backup FILE`: the whole installation as one file."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def command(file: Path) -> None:
    """Write the database and the folder of files to FILE, while everything runs on."""
    from backend.cli import archive, progress
    from backend.kernel.settings import settings

    at = settings()
    with progress.bar("backing up", unit="MB") as advance:
        manifest = archive.write(at.database_url, file.absolute(), at.home / "files", advance)
    total = sum(manifest.rows.values())
    click.echo(f"{file}: {total:,} rows of {len(manifest.rows)} tables, database version {manifest.revision}")
