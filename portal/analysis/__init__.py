"""Pages of analysis: a file per question. Importing them hangs their views on the blueprint."""

from portal.analysis import benchmark, benefit, drivers, efficiency, intensity, keeping, pages, schedules

__all__ = ["benchmark", "benefit", "drivers", "efficiency", "intensity", "keeping", "pages", "schedules"]
