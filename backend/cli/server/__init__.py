"""`enerfield server`: a whole region on this machine, until Ctrl-C."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

GIVEN = ("ENERFIELD_DATABASE_URL", "ENERFIELD_REDIS_URL", "ENERFIELD_MQTT_URL")
USUAL_PORT = 8000
PATIENCE_S = 90.0
"""How long the web server may take until it answers."""


@click.command()
@click.option("--https", "is_encrypted", is_flag=True, help="Encrypt, be seen in the network, pair phones.")
@click.option("--empty", "is_empty", is_flag=True, help="Load no demo region; then `enerfield init`.")
def command(is_encrypted: bool, is_empty: bool) -> None:
    """Start servers, field devices, ingest, jobs and web; Ctrl-C stops all of it.

    Honours PORT, ENERFIELD_HOME, and the addresses of servers that run elsewhere: ENERFIELD_DATABASE_URL,
    ENERFIELD_REDIS_URL, ENERFIELD_MQTT_URL. The demo region is loaded only into a private database.
    """
    from backend.cli.server.supervisor import Stopped, Supervisor

    home = Path(os.environ.get("ENERFIELD_HOME", "var")).absolute()
    try:
        with Supervisor(home) as supervisor:
            try:
                _run(supervisor, is_encrypted=is_encrypted, is_empty=is_empty)
            finally:
                (home / "environment").unlink(missing_ok=True)
                click.echo("\nstopping everything")
    except Stopped:
        click.echo("stopped")
        sys.exit(0)


def _run(supervisor, *, is_encrypted: bool, is_empty: bool) -> None:
    from backend.cli import db
    from backend.cli.server import demo, ports, private, web
    from backend.cli.server.processes import PROCESSES

    started = time.monotonic()
    port_given = os.environ.get("PORT", "")
    port = (
        ports.demanded(port_given)
        if port_given
        else ports.remembered(supervisor.home, "web", first=USUAL_PORT)
    )
    _say(started, "starting servers")
    ground = private.start(supervisor, {n: os.environ[n] for n in GIVEN if os.environ.get(n)})
    site = web.Site(supervisor.home, port, is_encrypted)
    environment = ground.environment | {
        "ENERFIELD_HOME": str(supervisor.home),
        "ENERFIELD_BASE_URL": os.environ.get("ENERFIELD_BASE_URL") or site.address,
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        "OPENBLAS_NUM_THREADS": "1",  # processes share the cores; threads of each would only fight
    }
    _keep(supervisor.home / "environment", environment)
    _say(started, "bringing the database to its newest version")
    url = environment["ENERFIELD_DATABASE_URL"]
    db.upgrade(url)
    has_demo = ground.postgres is not None and demo.ensure(
        supervisor, ground.postgres, environment, is_wanted=not is_empty
    )
    _say(started, "starting the product's processes")
    for name, process in PROCESSES.items():
        if has_demo or not process.is_demo:
            more = site.arguments() if name == "web" else []
            supervisor.run(name, [*process.command, *more], environment)
    said = web.wait_until_ready(site, supervisor.check, PATIENCE_S)
    runs = [*ground.told, *(f"{n} ({p.does})" for n, p in PROCESSES.items() if has_demo or not p.is_demo)]
    _report(time.monotonic() - started, site, demo.logins() if has_demo else [], runs, said, supervisor.home)
    supervisor.watch()


def _report(seconds: float, site, logins, runs: list[str], said: str, home: Path) -> None:
    click.echo(f"\nEnerfield is {said} after {seconds:.0f} s: {site.address}\n")
    for role, email, password in logins:
        click.echo(f"  {role:<14} {email:<36} {password}")
    if not logins:
        click.echo("  nobody can log in yet unless invited before: `enerfield init` makes an administrator")
    click.echo("\nrunning: " + "; ".join(runs))
    click.echo(f"logs: {home / 'log'}; a second terminal can use `enerfield …`; Ctrl-C stops everything")
    if site.is_encrypted:
        click.echo(site.invite_phones())


def _keep(path: Path, environment: dict[str, str]) -> None:
    """Write addresses down for `enerfield …` in a second terminal; they hold passwords."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in environment.items())


def _say(started: float, what: str) -> None:
    click.echo(f"[{time.monotonic() - started:3.0f} s] {what}")
