"""Sites, positions and the map in the API."""

from mobile_api.network.views import blp

__all__ = ["blp"]
