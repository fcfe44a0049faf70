"""What can be done with plants and their plans. The caller owns the transaction."""

from backend.optimisation.models import OperationPlan, OperationSchedule, PlanKind, PlanStatus, SitePlant
from backend.optimisation.queries import LOOKERS
from backend.optimisation.rules.model import Changes, PlantModel
from backend.optimisation.service.accepting import accept_plan
from backend.optimisation.service.looking import (
    Opened,
    in_force,
    newest,
    open_plan,
    opened,
    outcome,
    outcomes,
    plan,
    plans,
    schedules,
)
from backend.optimisation.service.making import MAKERS, make_plan, note_failure
from backend.optimisation.service.plants import (
    KEEPERS,
    Described,
    check_plant,
    described,
    plant_of_site,
    plants,
    store_plant,
    switch_plant,
    versions,
)
from backend.optimisation.service.what_if import Asked, what_if

__all__ = [
    "KEEPERS", "LOOKERS", "MAKERS", "Asked", "Changes", "Described", "Opened", "OperationPlan", "OperationSchedule",
    "PlanKind", "PlanStatus", "PlantModel", "SitePlant", "accept_plan", "check_plant", "described",
    "in_force", "make_plan", "newest", "note_failure", "open_plan", "opened", "outcome", "outcomes", "plan", "plans",
    "plant_of_site", "plants", "schedules", "store_plant", "switch_plant", "versions", "what_if",
]  # fmt: skip
