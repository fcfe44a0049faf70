"""Pages about forecasts: what is foreseen, how sure that is, and how good it was."""

from portal.forecasting import pages, setting_up, weather

__all__ = ["pages", "setting_up", "weather"]
