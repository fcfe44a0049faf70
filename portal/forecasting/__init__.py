"""Pages about forecasts: what is foreseen, how sure that is, and how good it was."""

from portal.forecasting import pages, weather

__all__ = ["pages", "weather"]
