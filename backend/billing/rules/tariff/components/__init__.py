"""The kinds of component a tariff is made of: a file each, with what it says and how it is counted.

Each says what is counted, at which price, over which pieces; rounding is common to all.
"""

from backend.billing.rules.tariff.components.base import Charge, Component, Rater
from backend.billing.rules.tariff.components.credit import Credit, Settlement
from backend.billing.rules.tariff.components.demand import Demand
from backend.billing.rules.tariff.components.energy import Energy
from backend.billing.rules.tariff.components.minimum import Minimum
from backend.billing.rules.tariff.components.power_factor import PowerFactor
from backend.billing.rules.tariff.components.share import Share
from backend.billing.rules.tariff.components.spot import Spot
from backend.billing.rules.tariff.components.standing import Standing

KINDS: dict[str, type[Component]] = {
    "energy": Energy,
    "spot": Spot,
    "demand": Demand,
    "standing": Standing,
    "power_factor": PowerFactor,
    "share": Share,
    "minimum": Minimum,
    "credit": Credit,
    "settlement": Settlement,
}

__all__ = ["KINDS", "Charge", "Component", "Rater"]
