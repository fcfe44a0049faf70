"""A round in words: what it gains, who gives what when and why, what each gets and by which rule, who might object."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backend.optimisation.rules.coordination.game import Objection
from backend.optimisation.rules.coordination.region import Line
from backend.optimisation.rules.coordination.rounds import Round
from backend.optimisation.rules.coordination.sharing import Account, Rule
from backend.optimisation.rules.horizon import Floats, runs
from backend.optimisation.rules.relaxation import rate as said_rate
from backend.optimisation.rules.sentences import Sentence

_STILL = 1e-3
"""Share of a line's limit below which it counts as idle."""

_NAMES = {Rule.SHAPLEY: "Shapley's shares", Rule.NUCLEOLUS: "The nucleolus", Rule.EQUAL: "Equal gains"}
_WHY = {
    Rule.SHAPLEY: "%(site)s gets %(share)s: what it adds to the gain, averaged over all orders in which sites may join",
    Rule.NUCLEOLUS: "%(site)s gets %(share)s: so that whoever is least satisfied is as satisfied as can be",
    Rule.EQUAL: "%(site)s gets %(share)s: all get the same part of the gain",
}


def told(found: Round) -> list[Sentence]:
    """Return everything a party may ask about a round, the outcome first."""
    return [*_outcome(found), *_exchange(found), *_shares(found), *_objections(found)]


def _outcome(found: Round) -> Iterator[Sentence]:
    apart = sum(plan.cost for plan in found.alone.values())
    values = {"apart": apart, "cost": found.joint.cost, "gain": apart - found.joint.cost,
              "money": found.region.currency, "gap": 100 * found.joint.gap}  # fmt: skip
    if found.worthwhile:
        yield Sentence(
            "Together the sites pay %(cost).2f instead of %(apart).2f %(money)s: %(gain).2f less"
            " (at most %(gap).2f %% above the best possible plan)", values,
        )  # fmt: skip
    else:
        yield Sentence(
            "Being together gains nothing that could be told from the solver's tolerance: each site keeps its own plan",
            values,
        )


def _exchange(found: Round) -> Iterator[Sentence]:
    for line in found.region.lines:
        sent = found.joint.sent[line.name]
        for out, giver, taker, most in (
            (sent, line.one, line.other, line.most), (-sent, line.other, line.one, line.most_back),
        ):  # fmt: skip
            for span in runs(out > max(_STILL * float(np.max(most)), 1e-6)):
                yield _given(found, line, (giver, taker), out, span)


def _given(found: Round, line: Line, ends: tuple[str, str], out: Floats, span: tuple[int, int]) -> Sentence:
    part, hours = slice(span[0], span[1] + 1), found.region.horizon.hours
    giver, taker = (found.joint.plans[name] for name in ends)
    of = found.region.tasks[ends[0]].plant.carriers[line.carrier]
    said: dict[str, object] = {
        "hours": found.region.horizon.words(*span), "giver": ends[0], "taker": ends[1], "carrier": line.carrier,
        "rate": said_rate(float(np.average(out[part], weights=hours[part])), of), "money": found.region.currency,
    }  # fmt: skip
    if line.carrier not in giver.prices or line.carrier not in taker.prices:
        return Sentence("%(hours)s %(giver)s gives %(taker)s %(rate)s of %(carrier)s", said)
    weights = out[part] * hours[part]
    said["cheap"], said["dear"] = (
        float(np.average(plan.prices[line.carrier][part], weights=weights)) for plan in (giver, taker)
    )
    return Sentence(
        "%(hours)s %(giver)s gives %(taker)s %(rate)s of %(carrier)s: a unit more costs %(cheap).3f %(money)s at"
        " %(giver)s and is worth %(dear).3f at %(taker)s",
        said,
    )


def _shares(found: Round) -> Iterator[Sentence]:
    for account in found.accounts:
        values = {"site": account.site, "share": str(account.share)}
        yield Sentence(_WHY[found.split.rule], values)
        if account.site in found.split.errors:
            yield Sentence(
                "%(site)s's share is drawn from a sample: it lies within %(error).2f %(money)s of the exact one"
                " 19 times out of 20",
                values | {"error": 1.96 * found.split.errors[account.site], "money": found.region.currency},
            )
        yield _paid(account)


def _paid(account: Account) -> Sentence:
    values = {"site": account.site, "alone": str(account.alone), "own": str(account.own),
              "amount": str(account.pays if account.pays.amount >= 0 else -account.pays)}  # fmt: skip
    if account.pays.amount >= 0:
        return Sentence(
            "%(site)s would cost %(alone)s alone; its part of the plan costs it %(own)s, and it pays %(amount)s",
            values,
        )
    return Sentence(
        "%(site)s would cost %(alone)s alone; its part of the plan costs it %(own)s, and it gets %(amount)s",
        values,
    )


def _objections(found: Round) -> Iterator[Sentence]:
    split, game = found.split, found.game
    if split.against_asked:
        loud = split.against_asked[0]
        if split.rule != split.asked:
            yield Sentence(
                "%(asked)s would leave %(sites)s with %(short).2f %(money)s less than they could gain by themselves,"
                " so another rule is used",
                _said(found, loud) | {"asked": _NAMES[split.asked]},
            )
        if split.against:
            yield Sentence(
                "No split that was tried satisfies everyone: under this one %(sites)s could gain %(short).2f %(money)s"
                " more by themselves, which is the least that could be reached",
                _said(found, split.against[0]),
            )
    if not split.against:
        template = (
            "No group of sites could gain more by itself: all %(known)d were planned"
            if split.complete
            else "No group of sites could gain more by itself among the %(known)d that were planned; not all were"
        )
        yield Sentence(template, {"known": len(game.gains)})


def _said(found: Round, objection: Objection) -> dict[str, object]:
    return {"sites": ", ".join(objection.sites), "short": objection.short, "money": found.region.currency}
