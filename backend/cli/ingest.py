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
    default="main",
    show_default=True,
    help="Name of this worker, its own on this machine and broker.",
)
def run(protocols: tuple[str, ...], worker: str) -> None:
    """Read every connection of the plan until stopped; what waits is made durable first.

    Run a protocol in one worker, except MQTT connections with a `share`, which any number of workers
    divide among themselves: `enerfield ingest run --protocol mqtt --worker second`.
    """
    from backend.infra import logs
    from backend.kernel.db import database
    from backend.kernel.settings import settings
    from ingest.loop import until_signalled
    from ingest.run import Worker

    ours = settings()
    logs.configure()

    async def main(stop: object) -> None:
        await Worker(database(), ours, protocols or PROTOCOLS, worker).run(stop)  # type: ignore[arg-type]  # an Event

    until_signalled(main)


@command.command()
def status() -> None:
    """Tell how this machine's workers are: database, spool, what waits. Exit code 1 where a spool is full."""
    import json

    from backend.kernel.settings import settings

    is_full = False
    for path in sorted((settings().home / "ingest").glob("*.status")):
        said = json.loads(path.read_text())["sink"]
        click.echo(f"{path.stem}: " + ", ".join(f"{name} {value}" for name, value in said.items()))
        is_full |= said["spool"] != "taking"
    if is_full:
        raise click.ClickException("a spool is full: bring the database back, or free disk space")
