"""`enerfield ingest`: take readings from field devices."""

from __future__ import annotations

import click

PROTOCOLS = ("mqtt", "sparkplug", "modbus", "opcua")


@click.group()
def command() -> None:
    """Take readings from field devices."""


@command.command()
@click.option(
    "--protocol", "protocols", multiple=True, type=click.Choice(PROTOCOLS), help="Only these (default: all)."
)
@click.option(
    "--worker",
    default=None,
    help="Name of this worker, its own on this machine (default: main, or the next that is free).",
)
def run(protocols: tuple[str, ...], worker: str | None) -> None:
    """Read connections of the plan until stopped; what waits is made durable first.

    Start as many as you like, on any number of machines: they share the connections among them, and when
    one ends, the others take its part over within seconds.
    """
    from backend.infra import logs
    from backend.kernel.db import database
    from backend.kernel.settings import settings
    from ingest import names
    from ingest.loop import until_signalled
    from ingest.run import Worker

    ours = settings()
    logs.configure()

    async def main(stop: object) -> None:
        await Worker(database(), ours, protocols or PROTOCOLS, name).run(stop)  # type: ignore[arg-type]  # an Event

    with names.taken(ours.home / "ingest", worker) as name:
        until_signalled(main)


@command.command()
def status() -> None:
    """Tell how this machine's workers are: database, spool, what waits. Exit code 1 where a spool is full."""
    import json

    from backend.kernel.settings import settings
    from ingest import names

    is_full = False
    for path in sorted((settings().home / "ingest").glob("*.status")):
        said = json.loads(path.read_text())["sink"]
        is_there = names.is_taken(path.parent, path.stem)
        words = ", ".join(f"{name} {value}" for name, value in said.items())
        click.echo(f"{path.stem}: " + ("" if is_there else "not running; last ") + words)
        is_full |= said["spool"] != "taking"
    if is_full:
        raise click.ClickException("a spool is full: bring the database back, or free disk space")
