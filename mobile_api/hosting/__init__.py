"""Hosted operation in the API."""

from mobile_api.hosting.views import blp

__all__ = ["blp"]
