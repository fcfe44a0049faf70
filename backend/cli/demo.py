"""`enerfield demo`: load the simulated demo region, run its field devices."""

from __future__ import annotations

from datetime import UTC, datetime

import click


@click.group()
def command() -> None:
    """The simulated demo region: load it, run its field devices."""


@command.command("load")
@click.option("--now", "until", metavar="ISO", help="Load the history up to this instant (default: now).")
def _load(until: str | None) -> None:
    """Load the demo region, with 25 months of history, into an empty database."""
    from backend.cli.progress import bar
    from backend.demo.load import load
    from backend.kernel import clock
    from backend.kernel.db import database
    from backend.kernel.settings import settings

    instant = _instant(until) if until else clock.now()
    loaded = load(database(), settings().home, now=instant, progress=bar)
    click.echo(
        f"the demo region is loaded: {loaded.points} points, {loaded.readings:,} readings"
        f" in {loaded.seconds:.0f} s"
    )


@command.command("devices")
def _devices() -> None:
    """Run the demo's field devices (Modbus TCP, OPC UA, MQTT) until stopped."""
    from backend.demo.devices.run import run
    from backend.kernel.settings import settings

    run(settings().home, settings().mqtt_url)


@command.command("logins")
def _logins() -> None:
    """Print one log-in per role."""
    import backend.demo

    for role, email, password in backend.demo.logins():
        click.echo(f"{role:<14} {email:<32} {password}")


def _instant(text: str) -> datetime:
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not an instant; write 2026-11-22T08:00:00Z", param_hint="--now"
        ) from None
    return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
