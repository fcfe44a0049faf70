"""`enerfield workorders`: what field work rests on, for those who build on it."""

from __future__ import annotations

import json

import click


@click.group()
def command() -> None:
    """Tell what field work rests on."""


@command.command()
def machine() -> None:
    """Print the two state machines as JSON: the table that drives the field app too, its src/machine.json."""
    from backend.workorders.rules.table import as_table

    click.echo(json.dumps(as_table(), indent=1))
