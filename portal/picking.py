"""Choosing one of many: where few can be chosen, a plain list; where many, a field that finds them as one types.

What is chosen among has a word (`choices.KINDS`), which the address of the search carries. Where no script runs, the
name that was typed counts if only one thing is called so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _

from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse, show
from backend.tenancy import service as tenancy
from portal import forms
from portal.choices import KINDS, Choice
from portal.forms import Field
from portal.pages import pages

FEW = 12
"""So many are offered as a plain list, and so many of what a search found."""

ABOUT = ("at", "under", "like")


def pick(
    name: str, label: Any, kind: str, chosen: Any = "", *, empty: Any = None, nothing: Any = None,
    is_half: bool = True, hint: Any = "", **about: Any,
) -> Field:  # fmt: skip
    """Return the field for one of a kind.

    chosen: its id; empty: words of choosing none; nothing: words that stand there until one is chosen
    about: `choices.About`
    """
    value = _shown(chosen)
    more: dict[str, Any] = {"is_half": is_half, "hint": hint, "is_required": empty is None}
    found = _find(kind, "", FEW + 1, about)
    if len(found) <= FEW:
        options = [(show(one.value), _whole(one)) for one in found]
        if value and value not in dict(options):
            options.insert(0, (value, _name_of(kind, value)))
        none = [("", words) for words in (empty, nothing) if words is not None]
        return Field(name, label, value, "select", options=[*none, *options], **more)
    return Field(
        name, label, value, "pick", find=_search(kind, about), words=_name_of(kind, value) if value else "",
        attributes={"placeholder": str(empty or "")}, **more,
    )  # fmt: skip


def pick_several(name: str, label: Any, kind: str, chosen: Sequence[Any] = (), **about: Any) -> Field:
    """Return the field for some of a kind, in the order they are chosen; boxes where there are few.

    chosen: ids of those chosen at first
    """
    first = [_shown(one) for one in chosen]
    found = _find(kind, "", FEW + 1, about)
    if len(found) <= FEW:
        options = [(show(one.value), _whole(one)) for one in found]
        return Field(name, label, first, "checks", options=options, is_half=False)
    now = request.form.getlist(name) if request.method == "POST" else first
    named = [(one, _name_of(kind, one)) for one in now]
    return Field(name, label, [], "picks", find=_search(kind, about), options=named, is_half=False,
                 is_required=False)  # fmt: skip


def picked(name: str, kind: str, **about: Any) -> UUID:
    """Return what was chosen; raises Refused where nothing was, or where what was typed names no single one."""
    found = maybe_picked(name, kind, **about)
    if found is None:
        raise Refused(_("Nothing is chosen."), field=name, remedy=_("choose one of the list"))
    return found


def maybe_picked(name: str, kind: str, **about: Any) -> UUID | None:
    """Return what was chosen, or None where nothing was."""
    if value := forms.text(name):
        return parse(value)
    typed = forms.text(f"{name}_words")
    if not typed:
        return None
    found = _find(kind, typed, FEW, about)
    exact = [one for one in found if one.words == typed] or found
    if len(exact) != 1:
        said = _("Several are called so.") if found else _("Nothing is called so.")
        raise Refused(said, field=name, value=typed, remedy=_("choose one of the list"))
    return exact[0].value


def several_picked(name: str, kind: str, **about: Any) -> list[UUID]:
    """Return all that were chosen, in their order; where one was only typed, that too."""
    chosen = [parse(one) for one in request.form.getlist(name)]
    return [*chosen, picked(name, kind, **about)] if forms.text(f"{name}_words") else chosen


@pages.get("/choices")
def find_choice() -> str:
    """Give what a text finds, as a list to choose from."""
    typed = next((text for name, text in request.args.items() if name.endswith("_words")), "")
    about = {name: request.args[name] for name in ABOUT if request.args.get(name)}
    found = _find(request.args.get("of", ""), typed.strip()[:100], FEW + 1, about)
    return render_template(
        "choices.html", found=[(show(one.value), one) for one in found[:FEW]], has_more=len(found) > FEW,
        list=request.headers.get("HX-Target", ""),
    )  # fmt: skip


def _find(kind: str, text: str, limit: int, about: dict[str, Any]) -> list[Choice]:
    if kind not in KINDS:
        raise Refused("there is nothing of this kind to choose from", field="of", value=kind)
    scope = tenancy.scope_of(g.session, g.person, application=KINDS[kind].application)
    return list(
        KINDS[kind].find(scope, text, limit, {name: parse(_shown(one)) for name, one in about.items() if one})
    )


def _search(kind: str, about: dict[str, Any]) -> str:
    return url_for("portal.find_choice", of=kind, **{name: _shown(one) for name, one in about.items() if one})


def _name_of(kind: str, value: str) -> str:
    """Return the name of what is chosen already; empty where the asker does not see it."""
    try:
        return KINDS[kind].name(g.scope, parse(value))
    except EnerfieldError:
        return ""


def _shown(value: Any) -> str:
    return show(value) if isinstance(value, UUID) else str(value or "")


def _whole(one: Choice) -> str:
    return f"{one.words} · {one.under}" if one.under else one.words
