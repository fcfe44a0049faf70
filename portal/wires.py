"""The wires in words: what a connection is doing, and how many are silent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import current_app, g
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backend.metering import service
from portal.terms import QUANTITIES, word
from portal.words import named_here

SHOWN = 50


@dataclass(frozen=True)
class Summary:
    """Connections of an organisation in four numbers."""

    total: int
    talking: int
    silent: int
    dead_letters: int
    sightings: int


def summary() -> Summary:
    """Count what talks, what is silent, and what waits for somebody."""
    found = service.all_connections(g.session, g.scope)
    silent = sum(1 for one in found if one.is_silent)
    letters = service.count_open_dead_letters(g.session, g.scope)
    return Summary(
        len(found), len(found) - silent, silent, letters, service.count_sightings(g.session, g.scope)
    )


def silent() -> list[dict[str, Any]]:
    """Return the connections that are silent or in trouble, the longest first; `SHOWN` of them."""
    rows = [row(one) for one in service.all_connections(g.session, g.scope)]
    troubled = [row for row in rows if row["state"] == "act"]
    return sorted(troubled, key=lambda row: str(row["contact_at"] or ""))[:SHOWN]


def row(view: Any) -> dict[str, Any]:
    """Return a connection as pages show it: state as a light and in words, error, rates."""
    one, state = view.connection, view.state
    error = state.error if state else None
    if not one.is_enabled:
        light, words = "unknown", _("switched off")
    elif error:
        light, words = "act", _("in trouble")
    elif view.is_silent:
        light, words = "act", _("silent")
    else:
        light, words = "good", _("talking")
    return {
        "id": one.id, "name": named_here(one), "protocol": one.protocol.value, "where": _where(one.address),
        "state": light, "state_words": words, "error": error, "contact_at": state.contact_at if state else None,
        "error_since": state.error_since if state else None, "missed": state.missed if state else 0,
        "last_gap": compact(state.last_gap) if state and state.last_gap else "",
        "readings_per_minute": view.readings_per_minute, "poll_seconds": one.poll_seconds,
        "silence_seconds": one.silence_seconds, "channels": view.channels,
    }  # fmt: skip


def _where(address: dict[str, Any]) -> str:
    """Return where a connection goes, in one line and without secrets."""
    host = address.get("host") or address.get("url") or address.get("endpoint") or address.get("topic") or ""
    if not host and isinstance(address.get("topics"), list):
        host = ", ".join(str(topic) for topic in address["topics"][:2])
    return f"{host}:{address['port']}" if host and address.get("port") else str(host)


def compact(said: Any) -> str:
    """Return an address or gap in one line."""
    if isinstance(said, dict):
        return " · ".join(
            f"{key} {value}" for key, value in said.items() if not isinstance(value, dict | list)
        )
    return str(said)


ADDRESS_WORDS = {
    "unit": _l("unit id"), "register": _l("register"), "function": _l("function"), "tag": _l("tag"),
    "topic": _l("topic"), "node": _l("node"), "metric": _l("metric"), "minutes": _l("minutes"),
}  # fmt: skip


def place_on_wire(address: dict[str, Any]) -> str:
    """Return where a channel is read, in words: families and measures by their names."""
    family = next((one for one in current_app.guide.families() if one.key == address.get("family")), None)
    measure = family.measure(address.get("measure", "")) if family else None
    known = {
        "family": f"{family.maker} {family.model}" if family else "",
        "measure": measure_word(measure) if measure else "",
    }
    return " · ".join(
        known.get(key) or f"{ADDRESS_WORDS.get(key, key)} {value}"
        for key, value in address.items()
        if not isinstance(value, dict | list)
    )


def measure_word(measure: Any, locale: str | None = None) -> str:
    """Return a measure in words: its quantity, and what tells it from others of it."""
    if locale:
        with force_locale(locale):
            return measure_word(measure)
    quantity = word(QUANTITIES, measure.quantity)
    phases = re.findall(r"l[123]+(?:l[123])?", measure.name)
    ways = {"in": _("taken in"), "out": _("delivered"), None: ""}
    if measure.name.endswith("_total"):
        rest = _("total")
    elif any(part in measure.name for part in ("supply", "return")):
        rest = _("supply") if "supply" in measure.name else _("return")
    else:
        rest = ways[measure.direction]
    return " ".join(part for part in (quantity, *(phase.upper() for phase in phases), rest) if part)
