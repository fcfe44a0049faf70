"""Plants planned together in the API."""

from mobile_api.coordination.views import blp

__all__ = ["blp"]
