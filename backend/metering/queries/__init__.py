"""Every SELECT of metering, each confined to a scope."""

from backend.metering.queries.points import owned_keys

__all__ = ["owned_keys"]
