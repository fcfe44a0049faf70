"""Plans that hedge: scenarios drawn from forecasts, and decisions that must be right before it is known which comes."""
