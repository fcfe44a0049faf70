"""Tags in the API."""

from mobile_api.tags.views import blp

__all__ = ["blp"]
