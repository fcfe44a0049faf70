"""The `enerfield` command: every operation of the product, each loaded only when it is asked for."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

COMMANDS = {
    "server": "Run a whole region on this machine: servers, devices, ingest, jobs, web.",
    "init": "Start an empty installation: its first organisation and administrator.",
    "db": "Bring the database to a version, or tell which it has.",
    "demo": "The simulated demo region: load it, run its field devices.",
    "ingest": "Take readings from field devices.",
    "readings": "Import readings from files.",
    "billing": "Bring contracts, registers and opening balances from before.",
    "user": "Invite, change, suspend people.",
    "workorders": "What field work rests on: its state machines.",
    "backup": "Write the whole installation to one file.",
    "restore": "Read a backup into an empty database.",
    "web": "Serve pages and the API.",
    "follow": "Follow arriving readings: alarms and roll-ups.",
    "work": "Run background jobs.",
    "schedule": "Start jobs at their time; one process at a time does.",
}
"""Name and one line of help. `backend/cli/<name>.py` defines `command`."""

DONE, FAILED, MISUSED, UNAVAILABLE, STOPPED = 0, 1, 2, 3, 130
"""Exit codes: done; refused or failed; wrong arguments; a server cannot be reached; stopped by Ctrl-C."""


class LazyGroup(click.Group):
    """A group that imports a sub-command's module only when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, in the order a reader meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the command; None when there is no such name."""
        if name not in COMMANDS:
            return None
        module = f"backend.cli.{name}"
        try:
            return importlib.import_module(module).command
        except ModuleNotFoundError as missing:
            if missing.name != module:
                raise
            raise click.ClickException(
                f"{name!r} is not part of this installation ({module} is missing)"
            ) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List names and help from the table, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="enerfield")
@click.pass_context
def enerfield(ctx: click.Context) -> None:
    """Enerfield: a regional integrated energy system as a service.

    Exit codes: 0 done, 1 refused or failed, 2 wrong arguments, 3 a server cannot be reached, 130 stopped.
    """
    if ctx.invoked_subcommand != "server":
        borrow_environment()


def borrow_environment() -> None:
    """Take the addresses of a running private server from its folder, where the environment names none."""
    kept = Path(os.environ.get("ENERFIELD_HOME", "var")) / "environment"
    if not kept.is_file():
        return
    for line in kept.read_text().splitlines():
        name, _, value = line.partition("=")
        os.environ.setdefault(name, value)


def main() -> None:
    """Run `enerfield`; say what went wrong in one line and leave with a code that means something."""
    from backend.kernel.errors import EnerfieldError, Unavailable

    try:
        enerfield(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(MISUSED if isinstance(error, click.UsageError) else FAILED)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(STOPPED)
    except EnerfieldError as error:
        remedy = f": {error.remedy}" if error.remedy else ""
        click.echo(f"enerfield: {error.message}{remedy}", err=True)
        sys.exit(UNAVAILABLE if isinstance(error, Unavailable) else FAILED)
    except Exception as error:
        if not _says_a_server_is_away(error):
            raise
        click.echo(f"enerfield: a server cannot be reached: {str(error).splitlines()[0]}", err=True)
        sys.exit(UNAVAILABLE)


def _says_a_server_is_away(error: Exception) -> bool:
    """Recognise a lost connection by name, so that no driver is imported for it."""
    kind = type(error)
    drivers = {"psycopg", "sqlalchemy", "redis", "kombu"}
    return kind.__module__.split(".")[0] in drivers and kind.__name__ in {
        "OperationalError",
        "ConnectionError",
        "ConnectionTimeout",
    }
