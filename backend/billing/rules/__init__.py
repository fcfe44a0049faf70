"""What is owed for what was used: pure rules."""
