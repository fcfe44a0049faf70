"""`enerfield readings`: import readings from files."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ingest.files.layout import Layout
    from ingest.files.load import Contents

SHOWN_PROBLEMS = 20


@click.group()
def command() -> None:
    """Import readings from files."""


@command.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Read everything, say what is wrong, store nothing.")
@click.option(
    "--layout", "layout_name", help="How tables are laid out: a file (TOML, JSON) or a built-in's name."
)
@click.option(
    "--organisation", help="Whose readings they are (name); may be left out where there is one region."
)
@click.option(
    "--connection", default="Files", show_default=True, help="Connection whose channels name the tags."
)
@click.option("--create", is_flag=True, help="Make points for tags that nobody has mapped.")
@click.option(
    "--site", default="Imports", show_default=True, help="With --create: the site the points are made at."
)
@click.option(
    "--zone", default="Asia/Shanghai", show_default=True, help="With --create: a new site's time zone."
)
@click.option(
    "--meters",
    "meter_list",
    type=click.Path(exists=True, path_type=Path),
    help="A list of meters that says what each one's files are like (ingest/files/README); needs --meter.",
)
@click.option("--meter", help="With --meters: whose files these are.")
@click.option(
    "--keep", is_flag=True, help="Where there is a value already, keep it; only what is new is stored."
)
@click.option(
    "--overrule", is_flag=True, help="Bring back the file's values where they were corrected since they came."
)
@click.option("--skip-bad", is_flag=True, help="Store what can be used of files that have bad cells.")
def import_(
    paths: tuple[Path, ...],
    dry_run: bool,
    layout_name: str | None,
    create: bool,
    skip_bad: bool,
    meter_list: Path | None,
    meter: str | None,
    keep: bool,
    overrule: bool,
    **where: Any,
) -> None:
    """Import readings: CSV, Excel, NEM12, Green Button; folders with all they hold.

    Each file is read through first; one with cells that cannot be used is refused, with their rows and
    columns, unless --skip-bad. Imported readings are history: they raise no alarms. The same file again
    changes nothing, and undoes no correction made since, unless --overrule.
    """
    from backend.kernel.errors import Refused

    layout = _of_meter(_layout(layout_name), meter_list, meter)
    shelf = None if dry_run else _shelf(create=create, **where)
    failed = 0
    for path in _files(paths):
        try:
            contents = _examine(path, layout)
        except Refused as error:
            click.echo(f"{path}: {error.message}" + (f" ({error.remedy})" if error.remedy else ""), err=True)
            failed += path in paths
            continue
        _tell(contents)
        if not contents.readings and not contents.report.count:
            click.echo("  there is no reading in it", err=True)
            failed += path in paths
        elif contents.report.count and not (skip_bad and shelf):
            failed += 1
        elif shelf is not None:
            _store(shelf, contents, layout, create=create, revises=not keep, overrules=overrule)
    if failed:
        raise click.ClickException(f"{failed} of the files cannot be taken as they are")


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(
                p for p in path.rglob("*") if p.is_file() and p.suffix.lower() not in (".md", ".json")
            )
        else:
            yield path


def _layout(name: str | None) -> Layout | None:
    from backend.kernel.errors import Refused
    from ingest.files.layout import Layout, built_in

    if name is None:
        return None
    path = Path(name)
    if path.is_file():
        text = path.read_text(encoding="utf-8")
        return Layout.of(json.loads(text) if path.suffix == ".json" else tomllib.loads(text))
    found = next((known for known in built_in() if known.name == name), None)
    if found is None:
        known = ", ".join(repr(layout.name) for layout in built_in())
        raise Refused(
            f"there is no layout '{name}'", field="layout", remedy=f"name a file, or one of {known}"
        )
    return found


def _of_meter(layout: Layout | None, meter_list: Path | None, meter: str | None) -> Layout | None:
    """Return the layout with the habits a list of meters says of one."""
    if meter_list is None and meter is None:
        return layout
    from backend.kernel.errors import Refused
    from ingest.files.meters import MeterList

    if layout is None or meter_list is None or meter is None:
        raise Refused(
            "a list of meters needs a layout and the name of a meter", field="meters",
            remedy="name all three: --layout, --meters, --meter",
        )  # fmt: skip
    return layout.of_meter(MeterList.read(meter_list), meter)


def _shelf(*, organisation: str | None, connection: str, site: str, zone: str, create: bool) -> Any:
    """Find where the files go; the command acts for the region the organisation belongs to."""
    from backend.kernel.db import database
    from backend.kernel.errors import NotFound
    from backend.tenancy import service as tenancy
    from ingest.files.places import find_shelf

    for scope in tenancy.system_scopes(database(), "import of files"):
        with database().transaction(scope) as session:
            nodes = [tenancy.organisation(session, scope, node) for node in sorted(scope.organisations)]
        tops = [node for node in nodes if node.parent_id is None]
        found = next((node for node in nodes if node.name == organisation), None)
        if organisation is None and len(tops) == 1:
            found = tops[0]
        if found is not None:
            return find_shelf(
                database(), scope, found.id, connection=connection, site=site if create else None, zone=zone
            )
    raise NotFound(
        f"there is no organisation '{organisation}'",
        field="organisation",
        remedy="name one with --organisation",
    )


def _examine(path: Path, layout: Layout | None) -> Contents:
    from backend.cli.progress import bar
    from ingest.files.load import examine

    with bar(f"reading {path.name}", unit="readings") as advance:
        return examine(path, layout, progress=advance)


def _store(
    shelf: Any, contents: Contents, layout: Layout | None, *, create: bool, revises: bool, overrules: bool
) -> None:
    from backend.cli.progress import bar
    from ingest.files.load import store

    with bar(f"storing {contents.path.name}", total=contents.readings, unit="readings") as advance:
        done = store(
            shelf.database, shelf.scope, shelf.connection_id, contents.path, layout=layout,
            make=shelf.make_point if create else None, progress=advance, revises=revises, overrules=overrules,
        )  # fmt: skip
    left = contents.readings - done.new - done.revised - done.unchanged
    click.echo(
        f"  stored: {done.new} new, {done.revised} corrected, {done.unchanged} there already", nl=False
    )
    click.echo(f"; {left} of tags nobody reads (--create makes their points)" if left > 0 else "")


def _tell(contents: Contents) -> None:
    from backend.kernel.clock import from_us

    click.echo(
        f"{contents.path} ({contents.format}): {contents.readings} readings of {len(contents.tags)} tags"
    )
    for name, tag in list(contents.tags.items())[:50]:
        period = f"{from_us(tag.first_us):%Y-%m-%d %H:%M} to {from_us(tag.last_us):%Y-%m-%d %H:%M} UTC"
        click.echo(
            f"  {name}: {tag.count} {tag.sample.kind} values, {period}, {tag.low:g} to {tag.high:g} {tag.sample.unit}"
        )
    report = contents.report
    for problem in report.problems[:SHOWN_PROBLEMS]:
        click.echo(f"  row {problem.row}, {problem.column}: {problem.value!r}: {problem.why}")
    if report.count > SHOWN_PROBLEMS:
        click.echo(f"  … {report.count} cells in all cannot be used")
