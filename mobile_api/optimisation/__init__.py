"""Optimisation in the API: plants as data, plans, what if, accepted plans, plan against actual."""

from mobile_api.optimisation import plans, plants
from mobile_api.optimisation.blueprint import blp

__all__ = ["blp", "plans", "plants"]
