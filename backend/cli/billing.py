"""`enerfield billing`: contracts, registers and opening balances are brought from before in a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from backend.billing.service.migration import Report

SHOWN_PROBLEMS = 50


@click.group()
def command() -> None:
    """Bring contracts, registers and opening balances from before."""


@command.command()
@click.argument("path", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def template(path: Path) -> None:
    """Write the workbook to begin with to PATH (XLSX)."""
    from reports import migration

    path.write_bytes(migration.template())
    click.echo(f"{path}: fill it in, then look it through with `enerfield billing import`")


@command.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--at", "where", required=True, help="The operator, by id or name.")
@click.option(
    "--write", is_flag=True, help="Write it, where nothing is wrong; else it is only looked through."
)
def import_(path: Path, where: str, write: bool) -> None:
    """Look a workbook through, and write it whole when asked; sent again, it changes nothing."""
    from backend.billing.service import migration as service
    from backend.cli.user import named_node, office
    from reports import migration

    given = migration.read(path.read_bytes())
    with office() as (session, scope):
        operator = named_node(session, scope, where)
        report = service.bring(session, scope, organisation_id=operator.id, given=given, write=write)
    _tell(report)
    if report.problems:
        raise click.ClickException(f"{len(report.problems)} faults; nothing was written")


def _tell(report: Report) -> None:
    for one in report.problems[:SHOWN_PROBLEMS]:
        value = f" ({one.value})" if one.value else ""
        remedy = f"; {one.remedy}" if one.remedy else ""
        click.echo(f"{one.sheet} row {one.row}, {one.column}{value}: {one.message}{remedy}", err=True)
    if report.problems:
        return
    done = "written" if report.is_written else "would be written"
    for sheet, rows in report.created.items():
        click.echo(f"{sheet}: {rows} {done}")
    for sheet, rows in report.unchanged.items():
        click.echo(f"{sheet}: {rows} are here already")
