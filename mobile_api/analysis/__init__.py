"""Analysis in the API: consumption, flows, habits, efficiency, intensity, benefit, benchmarks; files and schedules."""

from mobile_api.analysis import drivers, keeping, running, schedules, views, worth
from mobile_api.analysis.blueprint import blp

__all__ = ["blp", "drivers", "keeping", "running", "schedules", "views", "worth"]
