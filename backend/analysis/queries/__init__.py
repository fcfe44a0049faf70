"""Every SELECT of the area, each confined to a scope; a file per subject."""
