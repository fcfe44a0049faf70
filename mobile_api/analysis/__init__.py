"""Analysis in the API: consumption, flows, habits, the same as files, and schedules of them."""

from mobile_api.analysis import schedules, views
from mobile_api.analysis.blueprint import blp

__all__ = ["blp", "schedules", "views"]
