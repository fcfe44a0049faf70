"""Every SELECT of billing, each confined to a scope."""
