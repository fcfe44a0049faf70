"""What the pages show of a plan: figures, balances, what each unit does now and why, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from flask import g, url_for
from flask_babel import gettext as _

from backend.forecasting.service import Method
from backend.kernel import clock
from backend.kernel.ids import parse
from backend.metering import service as metering
from backend.optimisation.rules.horizon import Floats
from backend.optimisation.rules.model import PlantModel, build
from backend.optimisation.rules.model.given import inputs_read
from backend.optimisation.rules.model.units import SaleModel, Stored, Switched, Traded
from backend.optimisation.rules.plan import Plan
from backend.optimisation.rules.relaxation import rate as said_rate
from backend.optimisation.service import Opened, OperationPlan
from backend.optimisation.service.bound import read_target
from portal import language, plots
from portal.billing.words import coin
from portal.forecasting.words import METHODS
from portal.optimisation import drawing, words
from portal.refusals import in_words
from portal.terms import word
from portal.words import CARRIERS, plain, shown_unit


def names_of(model: PlantModel) -> dict[str, str]:
    """Return unit's name in the document -> in the reader's language; demands too."""
    is_zh = language.current() == "zh"
    return {
        one.name: (one.name_zh if is_zh and one.name_zh else one.name)
        for one in (*model.units, *model.demands)
    }


def figures(kept: OperationPlan, names: Mapping[str, str], opened: Opened) -> dict[str, Any]:
    """Return the figures on top: cost, what it saves, CO2, and how far to rely on it."""
    sign, word = words.STATES[kept.status]
    short = words.shortfalls(kept.shortfalls, opened.plan.horizon, names)
    return {
        "cost": kept.cost, "currency": kept.currency, "co2_t": (kept.co2_kg or 0.0) / 1000,
        "saved_idle": None if kept.idle_cost is None or kept.cost is None else kept.idle_cost - kept.cost,
        "saved_rules": None if kept.rules_cost is None or kept.cost is None else kept.rules_cost - kept.cost,
        "sign": sign, "word": word, "relied": words.relied(kept.status, kept.gap, short), "short": short,
        "hours": words.hours_of(opened.plan.horizon, 0, opened.plan.horizon.steps - 1),
        "took_s": kept.took_s, "kind": words.KINDS[kept.kind],
    }  # fmt: skip


def balances(
    plan: Plan, demand: Mapping[str, Floats], opened: Opened, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return a block for each carrier: its balance as stacks, its price, the contents of its stores."""
    found = []
    for carrier, unit in opened.model.carriers.items():
        parts = drawing.parts_of(plan, demand, opened.model, carrier, names)
        picture = drawing.stack(parts, plan.horizon, unit, g.zone)
        if picture is None:
            continue
        name = str(CARRIERS[carrier])
        found.append({
            "carrier": carrier, "name": name, "picture": picture,
            "words": _("%(carrier)s: what gives above the line, what takes below it", carrier=name),
            "legend": [(one.name, one.fill, _energy(one.rates, plan, unit)) for one in parts],
            "price": _price(plan, opened, carrier, unit), "limited": _limited(plan, carrier),
            "stores": _stores(plan, opened, carrier, unit, names),
        })  # fmt: skip
    return found


def _energy(rates: Floats, plan: Plan, unit: str) -> dict[str, Any]:
    """Return what a part gives and takes over the hours shown; what the solver rounds away is nothing."""
    hours = plan.horizon.hours
    sums = {"given": np.clip(rates, 0, None) @ hours, "taken": np.clip(-rates, 0, None) @ hours}
    least = drawing.STILL * max(sums.values())
    return {name: float(each) if each > least else 0.0 for name, each in sums.items()} | {"unit": unit}


def _limited(plan: Plan, carrier: str) -> str:
    """Say what speaks in place of a price at the steps that have none; nothing where each has one."""
    worth = plan.prices.get(carrier)
    if worth is None or np.isfinite(worth).all():
        return ""
    if plan.limit:
        about = words.agreed(plan.limit)
        return _(
            "What limits is the agreed target (%(target)s): there no price stands for one more unit.",
            target=about,
        )
    return _("Where not everything can be met, no price stands for one more unit.")


def _price(plan: Plan, opened: Opened, carrier: str, unit: str) -> dict[str, Any] | None:
    worth = plan.prices.get(carrier)
    if worth is None or not np.isfinite(worth).any():
        return None
    lines = [drawing.line(_("worth of one more unit"), carrier, worth, plan.horizon)]
    money = f"{coin(opened.kept.currency)}/{shown_unit(unit)}"
    picture = plots.plot(lines, money, drawing.span(plan.horizon), g.zone, height=130.0, zero=True)
    if picture is None:
        return None
    low, high = float(np.nanmin(worth)), float(np.nanmax(worth))
    return {"picture": picture, "low": low, "high": high, "unit": money}


def _stores(
    plan: Plan, opened: Opened, carrier: str, unit: str, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    found = []
    before = {names.get(name, name): held for name, held in opened.given.contents.items()}
    for name, values, size in drawing.contents(plan, opened.model, carrier, names):
        samples = drawing.ends_of(values, plan.horizon, before.get(name))
        series = [plots.Series(name, carrier, samples)]
        picture = plots.plot(series, unit, drawing.span(plan.horizon), g.zone, height=130.0, zero=True)
        if picture is not None:
            found.append({"name": name, "picture": picture, "size": size, "unit": unit})
    return found


def units(opened: Opened, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what each unit does now, what it should do now and next, and why."""
    step = _step_now(opened.plan)
    states, levels = _now(opened.model)
    by_unit: dict[str, list[dict[str, Any]]] = {}
    for action in opened.kept.actions:
        by_unit.setdefault(action["unit"], []).append(action)
    return [
        {
            "name": names[unit.name], "kind": words.UNIT_KINDS[unit.kind], "carrier": unit.output,
            "is_out": unit.is_out, "now": states.get(unit.name), "level": levels.get(unit.name),
            "planned": _planned(opened.plan, unit, opened.model, step),
            "actions": _actions(by_unit.get(unit.name, []), opened, step),
            "link": url_for("portal.position", position_id=unit.position) if unit.position else None,
        }
        for unit in sorted(opened.model.units, key=_rank)
    ]  # fmt: skip


def _rank(unit: Any) -> int:
    """Return where a unit stands in the table: what somebody switches first, what comes by itself last."""
    kinds = (Switched, Stored, Traded)
    return next((nth for nth, kind in enumerate(kinds) if isinstance(unit, kind)), len(kinds))


def _step_now(plan: Plan) -> int:
    """Return the step that runs now, or the next one to."""
    passed = (clock.now() - plan.horizon.start) / timedelta(hours=1)
    return int(
        min(max(np.searchsorted(plan.horizon.ends_h, passed, side="right"), 0), plan.horizon.steps - 1)
    )


def _planned(plan: Plan, unit: Any, model: PlantModel, step: int) -> dict[str, Any] | None:
    """Return what a unit should do at a step: its sign, and its rate in words."""
    rates = plan.flows.get((unit.name, unit.output))
    if rates is None:
        return None
    value, per = float(rates[step]), model.carriers[unit.output]
    if abs(value) <= drawing.STILL * max(float(np.abs(rates).max()), 1.0):
        return {"sign": "idle", "word": _("rest"), "rate": ""}
    if isinstance(unit, Stored):
        word = _("discharge") if value > 0 else _("charge")
    elif isinstance(unit, SaleModel):
        word = _("sell")
    else:
        word = _("buy") if isinstance(unit, Traded) else _("run")
    return {"sign": "good", "word": word, "rate": said_rate(abs(value), per)}


def _actions(actions: list[dict[str, Any]], opened: Opened, step: int) -> list[dict[str, Any]]:
    """Return what a unit does from now on, each with its hours and reason; what is over is left out."""
    return [
        {"hours": words.hours_of(opened.plan.horizon, one["first"], one["last"]),
         "is_now": one["first"] <= step <= one["last"], "reason": words.reason(one, opened.kept.currency)}
        for one in actions
        if one["last"] >= step
    ]  # fmt: skip


def _now(model: PlantModel) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what states and levels say now, by unit; values older than the model allows count as unknown."""
    states = {one.name: one.state for one in model.units if isinstance(one, Switched) and one.state}
    levels = {one.name: one.level for one in model.units if isinstance(one, Stored) and one.level}
    asked = [*states.values(), *levels.values()]
    read = (
        {one.point_id: one for one in metering.latest_values(g.session, g.scope, point_ids=asked)}
        if asked
        else {}
    )
    oldest = clock.now() - timedelta(minutes=model.state_oldest_min)

    def fresh(point_id: Any) -> float | None:
        found = read.get(point_id)
        return found.value if found is not None and found.read_at >= oldest else None

    return (
        {name: _state(fresh(point_id)) for name, point_id in states.items()},
        {
            name: None if (held := fresh(point_id)) is None else plain(held, 0)
            for name, point_id in levels.items()
        },
    )


def _state(value: float | None) -> tuple[str, str]:
    if value is None:
        return "unknown", _("state unknown")
    return ("good", _("running")) if value > 0.5 else ("idle", _("standing still"))


def inputs(kept: OperationPlan, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what a plan rests on: name, how it came about, how old it was, and a remark."""
    found = []
    for one in opened_inputs(kept):
        sign, said = words.QUALITIES[one.quality.value]
        age = max(kept.made_at - one.known_at, timedelta(0))
        found.append({
            "name": words.input_name(one.name, names), "sign": sign, "word": said, "known_at": one.known_at,
            "age": age, "remark": _remark(one.remark),
        })  # fmt: skip
    return sorted(found, key=lambda one: one["sign"] == "good")


def _remark(text: str) -> str:
    """Return a remark in words; of a forecast, the rung of the ladder it stands on."""
    rung = text.removeprefix("rung ")
    if rung != text:
        return str(word(METHODS, Method(rung)))
    return "; ".join(in_words(part) for part in text.split("; ")) if text else ""


def opened_inputs(kept: OperationPlan) -> Any:
    """Return a plan's inputs as they were kept."""
    return inputs_read(kept.inputs)


def agreed(opened: Opened) -> list[dict[str, Any]]:
    """Return the agreed targets a plan keeps to: the whole, what is used and left, its part, what it comes to."""
    if not opened.kept.targets:
        return []
    plant, found = build(opened.model, opened.given), []
    for said in opened.kept.targets:
        whole, mine, part = read_target(said["agreed"]), read_target(said["kept"]), said["budget"]
        found.append({
            "name": words.agreed(whole.subject), "unit": whole.unit(plant), "most": whole.most,
            "ends_at": whole.ends_at, "budget": part, "allowed": part["allowed"] if part else whole.most,
            "planned": mine.reached(opened.plan, plant) - mine.so_far,
            "link": url_for("portal.coordination_target", coordination_target_id=parse(said["id"])),
        })  # fmt: skip
    return found
