"""Pages of plans: what runs, what should run, why; what if; accepted plans; plan against actual; the plant as data.

Also of plants planned together: rounds and who gets what, members and lines, targets and the answers to them.
"""

from portal.optimisation import actual, asks, history, members, plan, plants, together, trial

__all__ = ["actual", "asks", "history", "members", "plan", "plants", "together", "trial"]
