"""Progress of long work: a bar where somebody watches, a line now and then where a log does."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

Advance = Callable[[float], None]

LINE_EVERY_S = 5.0


@contextmanager
def bar(what: str, *, total: float | None = None, unit: str = "") -> Iterator[Advance]:
    """Show how far `what` has come; call the yielded function with each step's size.

    total: size of the whole, in `unit`; None when nobody knows
    """
    shown = _watched(what, total, unit) if sys.stderr.isatty() else _logged(what, total, unit)
    with shown as advance:
        yield advance


@contextmanager
def _watched(what: str, total: float | None, unit: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=total)
        yield lambda step: progress.advance(task, step)


@contextmanager
def _logged(what: str, total: float | None, unit: str) -> Iterator[Advance]:
    started = said = time.monotonic()
    done = 0.0

    def say() -> None:
        of = f" of {total:,.0f}" if total is not None else ""
        click.echo(f"{what}: {done:,.0f}{of} {unit} [{time.monotonic() - started:.0f} s]", err=True)

    def advance(step: float) -> None:
        nonlocal done, said
        done += step
        if time.monotonic() - said >= LINE_EVERY_S:
            said = time.monotonic()
            say()

    yield advance
    say()
