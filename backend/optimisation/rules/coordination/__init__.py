"""Several sites planned together: what that gains, who gets which part of it, and what a region asks of its parks."""
