"""Pages of analysis: a file per question."""
