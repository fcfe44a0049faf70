"""What was used, where it went, how well, and against what: comparisons over the one truth of roll-ups."""
