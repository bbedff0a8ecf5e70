"""What each page says, as small dataclasses made from the published marts.

``load`` reads what the pages of one plan share; a module per page shapes it. Nothing is computed here that a mart
publishes; only selection, order and counting of rows.
"""

from pipelines.reporting.data.assessment import (
    AssessmentPage,
    ItemPoints,
    Lost,
    ScoreSheet,
    assessment_page,
    score_sheets,
)
from pipelines.reporting.data.changes import Changes, compare
from pipelines.reporting.data.city import CityPage, Standing, ToDo, city_page, standings
from pipelines.reporting.data.district import DistrictPage, Gap, district_page
from pipelines.reporting.data.explore import Compared, ExplorePage, Reading, explore_page
from pipelines.reporting.data.facts import (
    MANY,
    MEASURED,
    STATUSES,
    Backed,
    Facts,
    Measure,
    Placed,
    Row,
    Source,
    Verdict,
    current_period,
    load,
    tone,
)
from pipelines.reporting.data.figures import VARIANTS, Line, Move, Readings, Trend
from pipelines.reporting.data.findings import FindingsPage, Kind, Question, findings_page
from pipelines.reporting.data.intake import Effect, IntakePage, Resent, Share, intake_page
from pipelines.reporting.data.methods import ClauseRow, Definition, Ledgers, MethodsPage, methods_page
from pipelines.reporting.data.problems import Problem, problems
from pipelines.reporting.data.register import RegisterPage, register_page
from pipelines.reporting.data.sources import Behind, Mark, Rows

__all__ = [
    "MANY",
    "MEASURED",
    "STATUSES",
    "VARIANTS",
    "AssessmentPage",
    "Backed",
    "Behind",
    "Changes",
    "CityPage",
    "ClauseRow",
    "Compared",
    "Definition",
    "DistrictPage",
    "Effect",
    "ExplorePage",
    "Facts",
    "FindingsPage",
    "Gap",
    "IntakePage",
    "ItemPoints",
    "Kind",
    "Ledgers",
    "Line",
    "Lost",
    "Mark",
    "Measure",
    "MethodsPage",
    "Move",
    "Placed",
    "Problem",
    "Question",
    "Reading",
    "Readings",
    "RegisterPage",
    "Resent",
    "Row",
    "Rows",
    "ScoreSheet",
    "Share",
    "Source",
    "Standing",
    "ToDo",
    "Trend",
    "Verdict",
    "assessment_page",
    "city_page",
    "compare",
    "current_period",
    "district_page",
    "explore_page",
    "findings_page",
    "intake_page",
    "load",
    "methods_page",
    "problems",
    "register_page",
    "score_sheets",
    "standings",
    "tone",
]
