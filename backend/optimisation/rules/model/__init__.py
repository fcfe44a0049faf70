"""A site's plant as data: what stands there, with what figures, bound to which points; and the plant made of it.

model = read(yaml_text)                  # or parse(document); Refused with all findings: context["findings"]
plant = build(model, given)              # `Given`: what holds for the hours planned: prices, forecasts, states
plant = build(model, changed(given, Changes(price_factor=1.2)), Changes(...))        # what if
"""

from backend.optimisation.rules.model.building import build, task
from backend.optimisation.rules.model.changes import Changes, changed
from backend.optimisation.rules.model.document import Demand, PlantModel, dump, parse, read, write
from backend.optimisation.rules.model.given import Given, State

__all__ = [
    "Changes", "Demand", "Given", "PlantModel", "State", "build", "changed", "dump", "parse", "read", "task",
    "write",
]  # fmt: skip
