"""Every SELECT of field work, each confined to a scope, a file per subject."""
