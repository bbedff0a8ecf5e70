"""Action plans as data: the model, the loader and the built-in plan files.

``load_plans`` gives every plan by id; ``tables.write`` turns them into the tables the warehouse reads.
"""

from pipelines.plans.loader import BUILT_IN, Mistake, PlanError, check_file, load_plans
from pipelines.plans.lookup import find_plan
from pipelines.plans.model import (
    District,
    Indicator,
    Milestone,
    Name,
    Occasion,
    Period,
    Plan,
    Rubric,
    RubricItem,
)

__all__ = [
    "BUILT_IN",
    "District",
    "Indicator",
    "Milestone",
    "Mistake",
    "Name",
    "Occasion",
    "Period",
    "Plan",
    "PlanError",
    "Rubric",
    "RubricItem",
    "check_file",
    "find_plan",
    "load_plans",
]
