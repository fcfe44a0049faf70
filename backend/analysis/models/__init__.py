"""Tables of the area, a file per subject."""
