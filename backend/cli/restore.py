"""`enerfield restore FILE`: a backup into an empty database."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(file: Path) -> None:
    """Read FILE into an unused database, check that every row is there, and bring it up to date."""
    from backend.cli import archive, db, progress
    from backend.kernel.settings import place

    at = place()
    with progress.bar("restoring", unit="MB") as advance:
        manifest = archive.read(at.database_url, file.absolute(), at.home, advance)
    db.upgrade(at.database_url)
    total = sum(manifest.rows.values())
    click.echo(f"restored {total:,} rows of {len(manifest.rows)} tables; no table has fewer than the backup")
    click.echo("the keys of the backup are in place: restart what runs")
