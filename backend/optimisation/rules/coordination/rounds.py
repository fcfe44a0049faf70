"""A round of coordination: each alone, all together, every coalition's gain, and the split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from backend.optimisation.rules.coordination import splitting
from backend.optimisation.rules.coordination.game import EXACT_MOST, Coalition, Game, coalitions, covered
from backend.optimisation.rules.coordination.region import Region
from backend.optimisation.rules.coordination.sharing import Account, Drawing, Rule, Split, accounts, share_out
from backend.optimisation.rules.coordination.together import Joint, alone, apart, gain, together
from backend.optimisation.rules.plan import Plan


@dataclass(frozen=True, eq=False)
class Round:
    """What a round found.

    alone: each site's own plan; joint: all together; game: what every coalition gains; split, accounts: who gets what
    """

    region: Region
    alone: Mapping[str, Plan]
    joint: Joint
    game: Game
    split: Split
    accounts: tuple[Account, ...]

    @property
    def worthwhile(self) -> bool:
        """Whether being together gains more than the solver's tolerance: else each keeps its own plan."""
        return self.game.whole > self.game.tolerance


def coordinate(region: Region, asked: Rule = Rule.SHAPLEY, drawing: Drawing | None = None) -> Round:
    """Plan sites alone and together, and split what that gains.

    Raises Refused for a region that does not fit or a site without a plan of its own, BadInput for bad figures,
    NoPlan where the time was too short.
    """
    region.check()
    drawing = drawing or Drawing()
    plans = alone(region)
    joint = together(region, plans)
    if joint.cost > sum(one.cost for one in plans.values()):
        joint = apart(region, plans)  # the solver stopped before it found anything better
    names = tuple(region.tasks)
    whole = max(sum(one.cost for one in plans.values()) - joint.cost, 0.0)
    known = Coalitions(region, plans, {frozenset(names): whole})
    if len(names) <= EXACT_MOST:
        for members in coalitions(names):
            known(members)
    elif asked == Rule.SHAPLEY:
        splitting.sampled(names, known, drawing.pairs, drawing.seed)
    near = max(sum(one.cost - one.bound for one in plans.values()) + joint.cost - joint.bound, 1e-6)
    game = Game(names, known.gains, near)
    if game.complete:
        game = covered(game)
    split = share_out(game, asked, drawing)
    own = {name: one.cost for name, one in joint.plans.items()}
    costs = {name: one.cost for name, one in plans.items()}
    return Round(
        region, plans, joint, game, split, tuple(accounts(split, costs, own, joint.fees, region.currency))
    )


@dataclass(eq=False)
class Coalitions:
    """Gains of coalitions, each planned once; those without lines among them gain what their groups do."""

    region: Region
    plans: Mapping[str, Plan]
    gains: dict[Coalition, float] = field(default_factory=dict)

    def __call__(self, members: Coalition) -> float:
        """Return what a coalition gains [currency]."""
        if len(members) < 2:
            return 0.0
        if members not in self.gains:
            part = self.region.part(members)
            groups = part.groups()
            self.gains[members] = (
                gain(part, self.plans) if len(groups) == 1 else sum(self(group) for group in groups)
            )
        return self.gains[members]
