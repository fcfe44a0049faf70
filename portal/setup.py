"""What every template may use: numbers, times and names in the reader's language, the look, the frame."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, g, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backend.app import security
from backend.kernel.units import UNITS
from portal import bundle, language, navigation, picking, places, refusals, terms, words
from portal.address import View
from portal.billing import words as bill_words
from portal.tags import words as tag_words
from portal.workorders import words as work_words

THEMES = (
    ("auto", _l("As the device")),
    ("light", _l("Light")),
    ("dark", _l("Dark")),
    ("sunlight", _l("Sunlight")),
)
THEME_COOKIE = "look"


def prepare(app: Flask) -> None:
    """Give templates their words."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        built=bundle.built, number=words.number, plain=words.plain, delta=words.delta, age=words.age,
        shown_unit=words.shown_unit, zone_name=words.zone_name, carriers_in_order=words.carriers_in_order,
        browser=words.browser, lasting=words.lasting, named=words.named_here, titled=words.titled,
        letter=letter, instant=instant,
        carrier_name=lambda carrier: words.CARRIERS[str(carrier)], tier_name=lambda kind: words.TIERS[str(kind)],
        role_name=lambda role: words.ROLES[str(role)], priority_name=lambda level: terms.PRIORITIES.get(level, ""),
        day_name=lambda on, year=False: words.of_day(on, language.current(), year=year),
        period_name=period_name, compared_name=compared_name, view_link=view_link,
        page_frame=navigation.frame, csrf_token=security.csrf_token, **_wordings(), **_choices(),
        **bill_words.globals_of_templates(),
    )  # fmt: skip
    app.context_processor(_page_words)
    _word_refusals()


def _wordings() -> dict[str, Any]:
    """Return functions that put the backend's codes into words."""

    def by(table: dict[Any, Any]) -> Any:
        return lambda key: terms.word(table, key)

    return {
        "kind_name": by(terms.POSITION_KINDS), "point_kind_name": by(terms.POINT_KINDS),
        "quantity_name": by(terms.QUANTITIES), "quality_name": by(terms.QUALITIES),
        "protocol_name": by(terms.PROTOCOLS), "level_name": by(terms.LEVELS), "deed_name": by(terms.DEEDS),
        "place_name": lambda one: words.named_here({"name": one.place, "name_zh": one.place_zh}),
        "short_name": words.short,
        "measure_name": by(terms.MEASURES), "action_name": _action_name, "rule_kind_name": by(terms.RULE_KINDS),
        "category_name": by(terms.CATEGORIES), "trade_name": by(terms.TRADES), "error_words": terms.error_words,
        "connection_error": lambda text: terms.in_words(terms.FIELD_ERRORS, text),
        "dead_reason": lambda text: terms.in_words(terms.REFUSALS, text),
        "order_state": by(work_words.ORDER_STATES), "visit_state": by(work_words.VISIT_STATES),
        "command_name": by(work_words.COMMANDS), "order_source": by(work_words.SOURCES),
        "clock_name": by(work_words.CLOCKS), "verdict_name": by(work_words.VERDICTS),
        "photo_role": by(work_words.PHOTO_ROLES), "permit_kind": by(work_words.PERMITS),
        "conflict_kind": by(work_words.CONFLICTS), "order_tone": work_words.TONES.get,
        "reason_of": work_words.reason_of,
        "hold_reason": lambda reason: work_words.HOLD_REASONS.get(reason, reason),
        "stage_words": lambda: work_words.STAGE_WORDS, "known_at": _known_at, "how_often": work_words.how_often,
        "conflict_side": work_words.conflict_side, "part_unit": by(terms.PART_UNITS),
        "full_names": places.full_names,
        "read_by": by(tag_words.READ_BY), "lasting_s": lambda seconds: words.lasting(timedelta(seconds=seconds)),
    }  # fmt: skip


def _action_name(action: str) -> str:
    """Return what was done, in words; what moves a work order has its words there."""
    area, _dot, command = action.partition(".")
    if action not in terms.ACTIONS and area == "workorders" and command in work_words.COMMANDS:
        return f"{_('Work order')}: {work_words.COMMANDS[command]}"
    return terms.word(terms.ACTIONS, action)


def _word_refusals() -> None:
    """Say how refusals name states and commands of work orders."""
    states: dict[Any, Any] = work_words.VISIT_STATES | work_words.ORDER_STATES
    commands: dict[Any, Any] = work_words.COMMANDS
    refusals.NAMED["status"] = lambda name: terms.word(states, name)
    refusals.NAMED["carrier"] = lambda name: str(words.CARRIERS.get(name, name))
    refusals.NAMED["carriers"] = lambda names: "、".join(
        str(words.CARRIERS.get(name, name)) for name in names.split(", ")
    )
    refusals.NAMED["command"] = lambda name: terms.word(
        commands, name if name in commands else f"visit.{name}"
    )


def _known_at(tag: Any) -> Any:
    """Return what is being done already where a label hangs."""
    from portal.workorders import public  # its page hangs on the blueprint this page prepares

    return public.known_at(tag)


def _choices() -> dict[str, Any]:
    """Return what forms offer: value and words of each choice."""
    return {
        "fault_choices": work_words.fault_choices, "permit_choices": lambda: list(work_words.PERMITS.items()),
        "hold_choices": lambda: list(work_words.HOLD_REASONS.items()),
        "roles_offered": lambda: list(words.ROLES.items()),
        "tiers_offered": lambda tiers: [(tier, words.TIERS[tier]) for tier in tiers],
        "pick": picking.pick,
        "carriers_offered": lambda: list(words.CARRIERS.items()),
        "quantities_offered": lambda: list(terms.QUANTITIES.items()),
        "kinds_offered": lambda: list(terms.POINT_KINDS.items()),
        "units_offered": lambda: [(symbol, words.shown_unit(symbol) or _("number")) for symbol in UNITS],
    }  # fmt: skip


def _page_words() -> dict[str, Any]:
    person = g.get("person")
    return {
        "locale": language.current(), "theme": theme(), "themes": THEMES, "person": person,
        "live_url": live_address() if person is not None else "",
    }  # fmt: skip


def theme() -> str:
    """Return the look: the person's own, else this browser's, else what the device says."""
    person = g.get("person")
    chosen = (
        (person.preferences or {}).get("theme") if person is not None else request.cookies.get(THEME_COOKIE)
    )
    return chosen if chosen in dict(THEMES) else "auto"


def live_address() -> str:
    """Return the address of the live feed."""
    return url_for("live.feed")


def zone() -> str:
    """Return the time zone of what the page is about."""
    return g.get("zone", "Asia/Shanghai")


def letter(carrier: str) -> str:
    """Return the letter that stands for a carrier besides its colour."""
    return words.LETTERS[str(carrier)][language.current() == "zh"]


def instant(at: Any, of_zone: str | None = None, *, seconds: bool = False) -> str:
    """Return an instant in the site's zone."""
    return words.instant(at, of_zone or zone(), language.current(), seconds=seconds)


def period_name(view: View) -> str:
    """Return the period looked at, in words."""
    locale = language.current()
    if view.span == "month":
        return words.of_month(view.on, locale)
    if view.span == "year":
        return f"{view.on.year}年" if locale == "zh" else str(view.on.year)
    if view.span == "week":
        monday = view.on - timedelta(days=view.on.weekday())
        return f"{_short(monday, locale)} – {_short(monday + timedelta(days=6), locale)}"
    if view.span == "custom" and view.until:
        return f"{_short(view.on, locale)} – {_short(view.until, locale)} {view.until.year}"
    return _("Today") if view.is_current else words.of_day(view.on, locale)


def compared_name(view: View, kind: str | None = None) -> str:
    """Return what the period is compared with, in words."""
    kind = kind or view.compare
    if own := view.against_words(kind):
        return own
    if kind == "none":
        return _("nothing")
    if kind == "year":
        return _("the year before")
    return {
        "day": _("the day before"), "week": _("the week before"), "month": _("the month before"),
        "year": _("the year before that"),
    }.get(view.span, _("the period before"))  # fmt: skip


def view_link(view: View) -> str:
    """Return the address of this page seen by `view`."""
    return view.link()


def _short(on: Any, locale: str) -> str:
    return f"{on.month}月{on.day}日" if locale == "zh" else f"{on.day} {on:%b}"
