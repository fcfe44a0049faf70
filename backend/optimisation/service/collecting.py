"""Everything a plan rests on, gathered: prices, forecasts, states; what is missing is refused by name, all at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from backend.kernel.scope import Scope
from backend.optimisation.rules.horizon import Floats, Horizon
from backend.optimisation.rules.model import Given, State
from backend.optimisation.rules.model.building import switched
from backend.optimisation.rules.model.flexible import RoomModel
from backend.optimisation.rules.model.units import RenewableModel, Stored, Traded
from backend.optimisation.rules.plan import Input
from backend.optimisation.rules.units.exchange import DemandCharge
from backend.optimisation.service import foreseen, prices, states
from backend.optimisation.service.faults import Faults
from backend.optimisation.service.foreseen import Seen
from backend.optimisation.service.plants import Described
from backend.optimisation.service.states import Now


@dataclass
class Collected:
    """What was gathered so far; tariffs: which versions prices come from."""

    demand: dict[str, Floats] = field(default_factory=dict)
    parts: dict[str, Floats] = field(default_factory=dict)
    seen: dict[str, list[tuple[Seen, bool]]] = field(default_factory=dict)
    available: dict[str, Floats] = field(default_factory=dict)
    prices: dict[str, Floats] = field(default_factory=dict)
    charges: dict[str, tuple[DemandCharge, ...]] = field(default_factory=dict)
    contents: dict[str, float] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    warmth: dict[str, float] = field(default_factory=dict)
    outdoor_c: Floats | None = None
    inputs: list[Input] = field(default_factory=list)
    tariffs: list[dict[str, Any]] = field(default_factory=list)


def collect(
    session: Session, scope: Scope, about: Described, planned: Horizon, now: Now
) -> tuple[Given, list[dict[str, Any]]]:
    """Return what holds for the steps of a plan, and the tariff versions its prices come from.

    scope: of a system, for prices are confined to those who keep the accounts
    raises BadInput with everything that is missing
    """
    faults, made = Faults(), Collected()
    _needs(session, scope, about, planned, now, faults, made)
    for unit in about.model.units:
        if unit.is_out:
            continue
        if isinstance(unit, Traded):
            with faults.about(f"price of {unit.name}"):
                own = prices.bought(
                    session, scope, organisation_id=about.plant.organisation_id, unit=unit, planned=planned,
                    made_at=now.at,
                )  # fmt: skip
                made.prices[unit.name], made.charges[unit.name] = own.price, own.charges
                made.inputs += own.inputs
                made.tariffs += [own.tariff] if own.tariff else []
        elif isinstance(unit, RenewableModel):
            with faults.about(unit.name):
                seen = foreseen.offered(session, scope, unit, planned, now.at)
                made.available[unit.name] = seen.foreseen.median
                made.seen.setdefault(unit.carrier, []).append((seen, True))
                made.inputs.append(seen.input)
    _stands(session, scope, about, now, faults, made)
    faults.refuse()
    given = Given(
        planned, now.at, made.demand, made.parts, _margins(about, made, planned), made.available, made.prices,
        made.charges, made.contents, made.states, made.warmth, made.outdoor_c, tuple(made.inputs),
    )  # fmt: skip
    return given, made.tariffs


def _needs(
    session: Session, scope: Scope, about: Described, planned: Horizon, now: Now, faults: Faults, made: Collected
) -> None:  # fmt: skip
    """Gather demands and weather."""
    for demand in about.model.demands:
        with faults.about(demand.name):
            seen = foreseen.demand(session, scope, demand, planned, now.at)
            before = made.demand.get(demand.carrier, np.zeros(planned.steps))
            made.demand[demand.carrier] = before + seen.foreseen.median
            made.parts[demand.name] = seen.foreseen.median
            made.seen.setdefault(demand.carrier, []).append((seen, False))
            made.inputs.append(seen.input)
    if about.model.outdoor is not None:
        with faults.about("outdoor temperature"):
            made.outdoor_c, known = foreseen.outdoor(session, scope, about.model, planned, now.at)
            made.inputs.append(known)


def _stands(
    session: Session, scope: Scope, about: Described, now: Now, faults: Faults, made: Collected
) -> None:
    """Gather how stores, machines and rooms stand."""
    for unit in about.model.units:
        if isinstance(unit, Stored) and not unit.is_out:
            with faults.about(f"content of {unit.name}"):
                made.contents[unit.name], known = states.content(session, scope, unit, now)
                made.inputs.append(known)
        elif isinstance(unit, RoomModel) and not unit.is_out:
            with faults.about(f"temperature of {unit.name}"):
                made.warmth[unit.name], known = states.warmth(
                    session, scope, unit.name, unit.thermometer, now
                )
                made.inputs.append(known)
    for machine in switched(about.model):
        if not machine.is_out:
            made.states[machine.name], known = states.state(session, scope, machine, now)
            made.inputs.append(known)


def _margins(about: Described, made: Collected, planned: Horizon) -> dict[str, Floats]:
    """Return what is kept in hand, by carrier for which the model asks it."""
    kept = about.model.kept or {}
    return {
        carrier: foreseen.margin(made.seen[carrier], share)
        for carrier, share in kept.items()
        if carrier in made.seen
    }


def now_of(about: Described, at: Any, before: Any) -> Now:
    """Return when it is, with what the model says of old readings."""
    return Now(at, timedelta(minutes=about.model.state_oldest_min), before)
