"""Forms: fields as data, what was typed kept, and what is wrong said beside the field it is about."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, render_template, request
from flask_babel import gettext as _

from backend.kernel.errors import EnerfieldError, Forbidden, NotFound, Refused
from portal.refusals import said


@dataclass(frozen=True)
class Field:
    """One thing a form asks for.

    kind: text, number, select, check, checks, area (of code), note, pick, picks (picking.py), or another type of input
    options: (value, words) of a select or of checks; value: what stands there at first
    find, words: of a pick, the address that finds choices, and the name of what is chosen at first
    is_half: stands beside the next half one where there is room
    """

    name: str
    label: Any
    value: Any = ""
    kind: str = "text"
    hint: Any = ""
    options: Sequence[tuple[Any, Any]] = ()
    is_required: bool = True
    is_half: bool = True
    attributes: dict[str, str] = field(default_factory=dict)
    find: str = ""
    words: str = ""

    @property
    def shown(self) -> Any:
        """What stands in it now: what was sent, else its value."""
        if request.method != "POST":
            return self.value
        if self.kind == "checks":
            return request.form.getlist(self.name)
        return request.form.get(self.name, "")

    @property
    def shown_words(self) -> str:
        """What stands in the field of a pick: what was typed, else the name of its value."""
        return request.form.get(f"{self.name}_words", "") if request.method == "POST" else self.words


@dataclass(frozen=True)
class Page:
    """A page that is a form: its title, the question under it, the way here, the button, what to know beside it.

    removal: address and words of the button that takes away what the form is about
    """

    title: str
    question: str
    steps: Sequence[dict[str, str]]
    button: str
    fields: Sequence[Field]
    hidden: dict[str, str] = field(default_factory=dict)
    aside: str = ""
    removal: tuple[str, str] | None = None


def show(page: Page, error: EnerfieldError | None = None) -> Any:
    """Draw a form; after an error with what was typed, and nothing half done is kept."""
    drawn = render_template("form.html", page=page, **judged(page.fields, error))
    return drawn if error is None else (drawn, 422)


def judged(fields: Sequence[Field], error: EnerfieldError | None) -> dict[str, Any]:
    """Return what a template draws of fields: their rows, what is wrong by field, and what is said above them all."""
    wrong: dict[str, str] = {}
    if error is not None:
        if isinstance(error, NotFound | Forbidden):
            raise error
        g.undo = True
        names, about = {one.name for one in fields}, error.field or ""
        meant = (about, about.removesuffix("_id"), about.rpartition(".")[2], about.partition(".")[0])
        wrong[next((one for one in meant if one in names), "")] = said(error)
    return {"rows": _rows(fields), "wrong": wrong, "above": wrong.get("", "")}


def _rows(fields: Sequence[Field]) -> list[list[Field]]:
    """Return fields in rows: half ones beside each other, two at most."""
    rows: list[list[Field]] = []
    for one in fields:
        if one.is_half and rows and len(rows[-1]) == 1 and rows[-1][0].is_half:
            rows[-1].append(one)
        else:
            rows.append([one])
    return rows


# --- what was sent


def text(name: str, most: int = 200) -> str:
    """Return a text without the space around it."""
    return request.form.get(name, "").strip()[:most]


def maybe(name: str, most: int = 200) -> str | None:
    """Return a text, or None where nothing was typed."""
    return text(name, most) or None


def number(name: str) -> float | None:
    """Return a number, or None where nothing was typed; raises Refused for anything else."""
    typed = text(name)
    if not typed:
        return None
    try:
        found = float(typed)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise Refused(_("%(text)s is not a number.", text=typed), field=name, remedy=_("write it like 12.5"))
    return found


def needed(name: str) -> float:
    """Return a number; raises Refused where nothing was typed."""
    found = number(name)
    if found is None:
        raise Refused(_("A number is missing here"), field=name, remedy=_("type it"))
    return found


def whole(name: str) -> int | None:
    """Return a whole number, or None where nothing was typed."""
    found = number(name)
    if found is None:
        return None
    if found != int(found):
        raise Refused(
            _("%(text)s is not a whole number.", text=text(name)), field=name, remedy=_("leave out the rest")
        )
    return int(found)


def checked(name: str) -> bool:
    """Tell whether a box was ticked."""
    return request.form.get(name) == "1"


def among(name: str, options: Any) -> str:
    """Return a choice; raises Refused for what was not offered."""
    typed = text(name)
    if typed not in {str(one) for one in options}:
        raise Refused(
            _("This choice is not offered."), field=name, value=typed, remedy=_("choose one of the list")
        )
    return typed


def moment(name: str, zone: str) -> datetime | None:
    """Return a local date and time as an instant, or None where nothing was typed."""
    typed = text(name)
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise Refused(
            _("%(text)s is not a date and time.", text=typed),
            field=name,
            remedy=_("write it like 2026-01-31T08:00"),
        ) from None


def as_json(name: str) -> Any:
    """Return what a text says as JSON, or None where nothing was typed."""
    typed = text(name, 20_000)
    if not typed:
        return None
    try:
        return json.loads(typed)
    except (ValueError, RecursionError):
        raise Refused(
            _("This is not JSON."), field=name, remedy=_("check brackets, quotes and commas")
        ) from None
