"""Work orders in the API: report, sort, plan, follow, confirm, rate."""

from mobile_api.workorders import desk, lists, orders, quality, visits
from mobile_api.workorders.blueprint import blp

__all__ = ["blp", "desk", "lists", "orders", "quality", "visits"]
