"""Pages of plans: what runs, what should run, why; what if; accepted plans; plan against actual; the plant as data."""

from portal.optimisation import actual, history, plan, plants, trial

__all__ = ["actual", "history", "plan", "plants", "trial"]
