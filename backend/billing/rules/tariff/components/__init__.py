"""The kinds of component a tariff is made of: a file each, with what it says and how it is counted.

Each says what is counted, at which price, over which pieces; rounding is common to all.
"""

from backend.billing.rules.tariff.components.base import Charge, Component, Rater
from backend.billing.rules.tariff.components.energy import Energy
from backend.billing.rules.tariff.components.share import Share
from backend.billing.rules.tariff.components.standing import Standing

KINDS: dict[str, type[Component]] = {"energy": Energy, "standing": Standing, "share": Share}

__all__ = ["KINDS", "Charge", "Component", "Energy", "Rater", "Share", "Standing"]
