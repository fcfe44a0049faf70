"""Use cases of the area, a file per subject. The caller owns the transaction."""
