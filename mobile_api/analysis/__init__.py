"""Analysis in the API."""

from mobile_api.analysis.blueprint import blp

__all__ = ["blp"]
