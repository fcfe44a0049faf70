"""Pages about people and organisations: the gate, one's own profile, administration."""

from portal.tenancy import administration, gate, profile

__all__ = ["administration", "gate", "profile"]
