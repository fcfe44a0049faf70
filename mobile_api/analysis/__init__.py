"""Analysis in the API."""

from mobile_api.analysis import drivers, keeping, running, worth
from mobile_api.analysis.blueprint import blp

__all__ = ["blp", "drivers", "keeping", "running", "worth"]
