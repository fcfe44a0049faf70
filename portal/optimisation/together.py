"""Plants planned together: which rounds were made, what one gains, and who gets what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _

from backend.kernel.errors import EnerfieldError
from backend.kernel.ids import show
from backend.network import service as network
from backend.optimisation import service
from backend.optimisation.rules.coordination.sharing import Rule
from backend.optimisation.service import joining, rounds, targets
from backend.optimisation.service.rounds import CoordinationRound, CoordinationShare, RoundStatus
from portal import forms
from portal.address import asked, following
from portal.navigation import below, look
from portal.optimisation import exchanges, plan
from portal.optimisation import together_words as words
from portal.pages import done, pages, refused
from portal.refusals import in_words, sentences
from portal.words import named_here

SHARES_SHOWN = 5
"""So many of a plant's shares stand where its people do not see the rounds themselves."""
GROUPS_MOST = 31
"""Up to so many groups of sites (of five sites) each stands with its gain on the page; all in the API."""


@pages.get("/together", endpoint="together")
def show_rounds() -> str:
    """Answer: what do we gain by planning together, and what is asked of whom?"""
    node = look()
    members = joining.members(g.session, g.scope, organisation_id=node.id)
    page = rounds.rounds(g.session, g.scope, organisation_id=node.id, cursor=asked(), limit=30)
    wanted = targets.targets(g.session, g.scope, organisations=below(node), cursor=asked("targets"), limit=30)
    newest = next((one for one in page.items if one.status is RoundStatus.MADE), None)
    shares = [] if page.items or asked() else _shares(members)
    return render_template(
        "optimisation/together.html", node=node, members=members, newest=newest, shares=shares,
        rows=[_row(one) for one in page.items], next=following(page), may_ask=may_ask(node),
        targets=[target_row(one) for one in wanted.items], next_targets=following(wanted, "targets"),
        rules=list(words.RULES.items()), most=joining.MEMBERS_MOST, lines=_line_count(node),
        plants=plan.plants_of(node), at=show(node.id),
    )  # fmt: skip


@pages.post("/together/rounds/at/<uuid:organisation_id>", endpoint="ask_coordination_round")
def ask_round(organisation_id: UUID) -> Any:
    """Ask for the plants of an organisation to be planned together."""
    look()
    try:
        rule = Rule(forms.among("rule", words.RULES))
        made = rounds.ask_round(g.session, g.scope, organisation_id=organisation_id, rule=rule)
    except EnerfieldError as error:
        return refused(error, url_for("portal.together", at=show(organisation_id)))
    return done(_("Asked for: it is worked out within minutes."), _link(made))


@pages.get("/together/rounds/<uuid:coordination_round_id>", endpoint="coordination_round")
def show_round(coordination_round_id: UUID) -> str:
    """Answer: what do we gain by planning together over these hours, and who gets what?"""
    look()
    kept = rounds.round_(g.session, g.scope, round_id=coordination_round_id)
    sign, word = words.ROUNDS[kept.status]
    found: dict[str, Any] = {"wrong": "", "accounts": []}
    if kept.status is RoundStatus.FAILED and kept.problem:
        found["wrong"] = _problem(kept.problem)
    elif kept.status is RoundStatus.MADE:
        found |= _made(kept)
    return render_template(
        "optimisation/round.html", kept=kept, sign=sign, word=word, back=_home(kept.organisation_id),
        waits=kept.status is RoundStatus.ASKED, link=_link(kept), **found,
    )  # fmt: skip


def _made(kept: CoordinationRound) -> dict[str, Any]:
    """Return what a round found, as the page shows it."""
    accounts = rounds.shares(g.session, g.scope, round_id=kept.id)
    names = _sites(accounts)
    assert kept.rule is not None and kept.gain is not None and kept.alone is not None
    groups = sorted(kept.game["gains"], key=lambda one: (len(one["sites"]), one["sites"]))
    return {
        "accounts": [account(one, names) for one in accounts], "rule": words.RULES[kept.rule],
        "means": words.MEANS[kept.rule], "lines": exchanges.lines(kept, g.zone, names), "idle": exchanges.idle(kept),
        "stretches": exchanges.stretches(kept, names),
        "outcome": _said(kept.said, words.OUTCOMES, names), "objections": _said(kept.said, words.OBJECTIONS, names),
        "part": float(kept.gain / kept.alone) if kept.alone > 0 else None,
        "parts": [
            {"share": float(one.share / kept.gain), "carrier": "", "title": names.get(one.site, one.site)}
            for one in accounts if kept.gain > 0
        ],
        "groups": [one | {"sites": [names.get(site, site) for site in one["sites"]]} for one in groups]
        if len(groups) <= GROUPS_MOST else [],
        "is_whole": len(accounts) == len(kept.game["sites"]),
    }  # fmt: skip


def _sites(accounts: Sequence[CoordinationShare]) -> dict[str, str]:
    """Return each site's name of the round's day -> in the reader's language, of those the asker sees."""
    found = {}
    for one in accounts:
        plant = service.described(g.session, g.scope, plant_id=one.plant_id).plant
        found[one.site] = named_here(network.position(g.session, g.scope, plant.site_id))
    return found if len(set(found.values())) == len(found) else {}


def account(one: CoordinationShare, names: Mapping[str, str]) -> dict[str, Any]:
    """Return a plant's account: alone - share = own + pays, to the coin; below zero it gets."""
    return {
        "site": names.get(one.site, one.site), "currency": one.currency,
        "alone": one.alone, "own": one.own, "share": one.share,
        "pays": max(one.pays, 0), "gets": max(-one.pays, 0), "together": one.own + one.pays, "at": _born(one.id),
        "plan": url_for("portal.plan", plant=one.plant_id),
        "said": [words.sentence(said, names) for said in one.said],
    }  # fmt: skip


def target_row(one: Any) -> dict[str, Any]:
    """Return a target as a row of a list."""
    sign, word = words.STATES[targets.state_now(one)]
    return {
        "one": one, "sign": sign, "word": word, "kind": words.KINDS[one.kind],
        "link": url_for("portal.coordination_target", coordination_target_id=one.id),
    }  # fmt: skip


def may_ask(node: Any) -> bool:
    """Tell whether the asker joins plants, keeps lines and asks for rounds and targets, here."""
    return any(node.id in g.scope.where(role) for role in joining.ASKERS)


def _row(kept: CoordinationRound) -> dict[str, Any]:
    sign, word = words.ROUNDS[kept.status]
    used = kept.rule or kept.asked
    return {
        "kept": kept, "sign": sign, "word": word, "rule": words.RULES[used], "link": _link(kept),
        "why": in_words((kept.problem or {}).get("message")) if kept.problem else "",
        "other": words.RULES[kept.asked] if kept.rule and kept.rule is not kept.asked else "",
    }  # fmt: skip


def _shares(members: Sequence[Any]) -> list[dict[str, Any]]:
    """Return what the newest rounds meant to plants whose people see no round itself."""
    found = []
    for _member, plant, position in members:
        page = rounds.shares_of_plant(g.session, g.scope, plant_id=plant.id, limit=SHARES_SHOWN)
        found += [account(one, {one.site: named_here(position)}) for one in page.items]
    return found


def _said(said: Sequence[Any], table: dict[str, Any], names: Mapping[str, str]) -> list[str]:
    return [words.sentence(one, names) for one in said if one["template"] in table]


def _problem(problem: dict[str, Any]) -> str:
    faults = problem.get("faults") or [problem]
    return " ".join(
        sentences(in_words(str(one.get("message") or "")), in_words(str(one.get("remedy") or "")))
        for one in faults
    )


def _line_count(node: Any) -> int:
    return len(joining.lines(g.session, g.scope, organisation_id=node.id, limit=200).items)


def _born(identifier: UUID) -> datetime:
    """Return when something was made: the first 48 bits of a UUIDv7 are Unix milliseconds."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


def _link(kept: CoordinationRound) -> str:
    at = request.args.get("at") or show(kept.organisation_id)
    return url_for("portal.coordination_round", coordination_round_id=kept.id, at=at)


def _home(organisation_id: UUID) -> str:
    return url_for("portal.together", at=request.args.get("at") or show(organisation_id))
