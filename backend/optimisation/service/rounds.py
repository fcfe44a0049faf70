"""Rounds of coordination: asked for, made by a worker, kept with all that is needed to work the split out again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.events import publish
from backend.kernel.scope import Scope
from backend.network import service as network
from backend.optimisation import events, queries
from backend.optimisation.models import CoordinationRound, CoordinationShare, RoundStatus, SitePlant
from backend.optimisation.rules import hours, keeping
from backend.optimisation.rules import model as rules
from backend.optimisation.rules.coordination.game import Game
from backend.optimisation.rules.coordination.region import Line, Region
from backend.optimisation.rules.coordination.rounds import Round, coordinate
from backend.optimisation.rules.coordination.sharing import Drawing, Rule, Split, share_out
from backend.optimisation.rules.coordination.telling import told
from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.planning import Task
from backend.optimisation.service import joining
from backend.optimisation.service.collecting import collect, now_of
from backend.optimisation.service.making import as_system, newest_plan, refusal_of
from backend.optimisation.service.plants import Described, described

DRAWING = Drawing()
"""What stands with a game so that it may be split again, though so few plants need no drawing."""


def ask_round(
    session: Session, scope: Scope, *, organisation_id: UUID, rule: Rule = Rule.SHAPLEY
) -> CoordinationRound:
    """Ask for the plants below an organisation to be planned together from the next quarter hour on.

    Raises Refused where fewer than two are joined, or too many.
    """
    scope.demand(organisation_id, *joining.ASKERS)
    found = joining.members(session, scope, organisation_id=organisation_id)
    if not 2 <= len(found) <= joining.MEMBERS_MOST:
        raise Refused(
            f"{len(found)} plants are joined here", field="organisation_id", value=len(found),
            remedy=f"let 2 to {joining.MEMBERS_MOST} plants join",
        )  # fmt: skip
    now = clock.now()
    start = hours.quarter(now) + hours.QUARTER
    ahead_h = min(described(session, scope, plant_id=plant.id).model.hours for _, plant, _ in found)
    made = CoordinationRound(
        id=ids.new_id(), organisation_id=organisation_id, status=RoundStatus.ASKED, starts_at=start,
        ends_at=start + timedelta(hours=ahead_h), asked_at=now, asked_by=scope.actor_id, asked=rule,
        said=[], game={}, split={}, lines=[], hours=[],
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(
        session, scope, action="round.asked", entity="coordination_round", entity_id=made.id,
        organisation_id=organisation_id, after={"rule": rule.value, "plants": len(found)},
    )  # fmt: skip
    body = {"round_id": str(made.id)}
    publish(session, events.event(events.ROUND_ASKED, organisation_id, body, actor_id=scope.actor_id))
    return made


def make_round(session: Session, scope: Scope, *, round_id: UUID) -> CoordinationRound:
    """Make a round that was asked for; again it is the same. What goes wrong is kept with the reason.

    scope: the system's of the organisation and all below
    """
    kept = queries.round_(session, scope, round_id)
    if kept.status is not RoundStatus.ASKED:
        return kept
    began = time.perf_counter()
    kept.made_at = clock.now()
    try:
        found, members = _found(session, scope, kept)
    except EnerfieldError as error:
        kept.status, kept.problem = RoundStatus.FAILED, refusal_of(error)
    else:
        _note(session, kept, found, members)
    kept.took_s = time.perf_counter() - began
    session.flush()
    return kept


def round_(session: Session, scope: Scope, *, round_id: UUID) -> CoordinationRound:
    """Return one round; raises NotFound."""
    return queries.round_(session, scope, round_id)


def rounds(
    session: Session, scope: Scope, *, organisation_id: UUID, cursor: str | None = None, limit: int = 50
) -> paging.Page[CoordinationRound]:
    """Return a page of an organisation's rounds, the newest first."""
    return queries.rounds(session, scope, organisation_id, cursor=cursor, limit=limit)


def shares(session: Session, scope: Scope, *, round_id: UUID) -> Sequence[CoordinationShare]:
    """Return what a round means to the plants the asker sees."""
    return queries.shares(session, scope, round_id)


def shares_of_plant(
    session: Session, scope: Scope, *, plant_id: UUID, cursor: str | None = None, limit: int = 50
) -> paging.Page[CoordinationShare]:
    """Return a page of what rounds meant to a plant, the newest first."""
    queries.plant(session, scope, plant_id)
    return queries.shares_of_plant(session, scope, plant_id, cursor=cursor, limit=limit)


def work_out_again(game: Mapping[str, Any]) -> Split:
    """Return the split that a stored game leads to: anyone who has it may check their share."""
    gains = {frozenset(one["sites"]): float(one["gain"]) for one in game["gains"]}
    drawing = Drawing(game["pairs"], game["seed"])
    return share_out(Game(tuple(game["sites"]), gains, game["tolerance"]), Rule(game["asked"]), drawing)


def _found(session: Session, scope: Scope, kept: CoordinationRound) -> tuple[Round, dict[str, SitePlant]]:
    """Return what a round finds, and its plants by the names under which it speaks of them."""
    joined = joining.members(session, scope, organisation_id=kept.organisation_id)
    named = _names([(plant, position.name) for _, plant, position in joined])
    about = {name: described(session, scope, plant_id=plant.id) for name, plant in named.items()}
    zone = network.site_of(session, scope, next(iter(named.values())).site_id).timezone
    fine_h = min(one.model.fine_h for one in about.values())
    planned = hours.horizon(kept.starts_at, kept.ends_at, fine_h, zone)
    tasks = {name: _task(session, scope, one, planned, kept) for name, one in about.items()}
    names = {plant.id: name for name, plant in named.items()}
    lines = tuple(
        Line(one.name, one.carrier, names[one.one_id], names[one.other_id], one.most, one.most_back, one.share, one.fee)
        for one in queries.all_lines(session, scope, kept.organisation_id)
        if one.one_id in names and one.other_id in names
    )  # fmt: skip
    return coordinate(Region(tasks, lines), kept.asked, DRAWING), named


def _names(plants_: Sequence[tuple[SitePlant, str]]) -> dict[str, SitePlant]:
    """Return plants by their sites' names, told apart where two are alike."""
    names = [name for _, name in plants_]
    return {
        name if names.count(name) == 1 else f"{name} ({ids.show(plant.id)[-4:]})": plant
        for plant, name in plants_
    }


def _task(
    session: Session, scope: Scope, about: Described, planned: Horizon, kept: CoordinationRound
) -> Task:
    assert kept.made_at is not None
    before = newest_plan(session, scope, about.plant.id)
    system = as_system(scope, about.plant)
    given, _ = collect(session, system, about, planned, now_of(about, kept.made_at, before))
    currency = network.site_of(session, scope, about.plant.site_id).currency
    return rules.task(about.model, given, currency=currency)


def _note(session: Session, kept: CoordinationRound, found: Round, members: Mapping[str, SitePlant]) -> None:
    money = found.accounts
    kept.status, kept.problem, kept.rule, kept.currency = (
        RoundStatus.MADE,
        None,
        found.split.rule,
        found.region.currency,
    )
    kept.alone = sum((one.alone.amount for one in money), Decimal(0))
    kept.gain = sum((one.share.amount for one in money), Decimal(0))
    kept.cost, kept.fees = kept.alone - kept.gain, sum((one.pays.amount for one in money), Decimal(0))
    kept.bound, kept.gap = found.joint.bound, found.joint.gap
    said = [{"template": one.template, "values": _plain(one.values)} for one in told(found)]
    kept.said, kept.game = said, _game(kept, found)
    kept.split = {
        "complete": found.split.complete, "known": found.split.known,
        "against_asked": [asdict(one) for one in found.split.against_asked[:5]],
        "against": [asdict(one) for one in found.split.against[:5]],
    }  # fmt: skip
    horizon = found.region.horizon
    kept.hours = horizon.hours.tolist()
    kept.lines = [
        {"name": one.name, "carrier": one.carrier, "one": one.one, "other": one.other,
         "unit": found.region.tasks[one.one].plant.carriers[one.carrier],
         "sent": np.round(found.joint.sent[one.name], 3).tolist()}
        for one in found.region.lines
    ]  # fmt: skip
    session.flush()
    for one in money:
        plant, plan = members[one.site], found.joint.plans[one.site]
        error = found.split.errors.get(one.site)
        session.add(CoordinationShare(
            id=ids.new_id(), organisation_id=plant.organisation_id, round_id=kept.id, plant_id=plant.id, site=one.site,
            currency=found.region.currency, alone=one.alone.amount, own=one.own.amount, share=one.share.amount,
            pays=one.pays.amount, error=None if error is None else float(error), game=kept.game,
            said=[line for line in said if _concerns(one.site, line["values"])],
            result=keeping.kept(plan, dict(found.region.tasks[one.site].plant.demand)),
        ))  # fmt: skip


def _concerns(site: str, values: Mapping[str, Any]) -> bool:
    """Tell whether a sentence is a site's to read: what is said of all, and of the site itself."""
    about = [values[name] for name in ("site", "giver", "taker") if name in values]
    return not about or site in about


def _game(kept: CoordinationRound, found: Round) -> dict[str, Any]:
    return {
        "sites": list(found.game.players), "gains": found.game.plain(), "tolerance": float(found.game.tolerance),
        "asked": kept.asked.value, **asdict(DRAWING),
    }  # fmt: skip


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON takes them; what is no number is None."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, str | int):
            found[name] = value
        else:
            found[name] = float(value) if np.isfinite(float(value)) else None
    return found
