"""`enerfield db`: bring the database to a version, or tell which it has."""

from __future__ import annotations

from pathlib import Path

import click

FOLDER = Path(__file__).parents[2] / "migrations"


@click.group()
def command() -> None:
    """Bring the database to a version, or tell which it has."""


@command.command("upgrade")
@click.argument("revision", default="head")
def _upgrade(revision: str) -> None:
    """Apply migrations up to REVISION (default: the newest)."""
    upgrade(_url(), revision)
    click.echo(f"the database is at version {current(_url())}")


@command.command("downgrade")
@click.argument("revision")
@click.confirmation_option(prompt="This may remove data. Go on?")
def _downgrade(revision: str) -> None:
    """Undo migrations down to REVISION (`-1`: the last one)."""
    from alembic import command as alembic

    alembic.downgrade(_config(_url()), revision)
    click.echo(f"the database is at version {current(_url())}")


@command.command("current")
def _current() -> None:
    """Print the database's version and the newest one."""
    has, newest = current(_url()), head()
    click.echo(f"the database is at version {has or 'none'}, the newest is {newest}")
    raise SystemExit(0 if has == newest else 1)


def upgrade(url: str, revision: str = "head") -> None:
    """Apply migrations to the database at `url`, as its owner."""
    from alembic import command as alembic

    alembic.upgrade(_config(url), revision)


def current(url: str) -> str | None:
    """Return the version of the database at `url`, None for an empty one."""
    import psycopg

    with psycopg.connect(url) as connection:
        (there,) = connection.execute("SELECT to_regclass('alembic_version')").fetchone() or (None,)
        if there is None:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def head() -> str:
    """Return the newest version this program knows."""
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory.from_config(_config("")).get_current_head())


def _url() -> str:
    from backend.kernel.settings import place

    return place().database_url


def _config(url: str):
    from alembic.config import Config

    config = Config(FOLDER / "alembic.ini")
    config.attributes["url"] = url
    return config
