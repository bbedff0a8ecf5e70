"""What each page says, as small dataclasses made from the published marts.

``load`` reads what the pages of one plan share; a module per page shapes it. Nothing is computed here that a mart
publishes; only selection, order and counting of rows.
"""

from pipelines.reporting.data.assessment import AssessmentPage, Lost, assessment_page
from pipelines.reporting.data.changes import Changes, compare
from pipelines.reporting.data.city import CityPage, Lag, city_page
from pipelines.reporting.data.district import DistrictPage, Gap, district_page
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
from pipelines.reporting.data.figures import VARIANTS, Line, Readings, Trend, headline
from pipelines.reporting.data.intake import Effect, IntakePage, Resent, Share, intake_page
from pipelines.reporting.data.problems import Problem, problems
from pipelines.reporting.data.register import RegisterPage, register_page

__all__ = [
    "MANY",
    "MEASURED",
    "STATUSES",
    "VARIANTS",
    "AssessmentPage",
    "Backed",
    "Changes",
    "CityPage",
    "DistrictPage",
    "Effect",
    "Facts",
    "Gap",
    "IntakePage",
    "Lag",
    "Line",
    "Lost",
    "Measure",
    "Placed",
    "Problem",
    "Readings",
    "RegisterPage",
    "Resent",
    "Row",
    "Share",
    "Source",
    "Trend",
    "Verdict",
    "assessment_page",
    "city_page",
    "compare",
    "current_period",
    "district_page",
    "headline",
    "intake_page",
    "load",
    "problems",
    "register_page",
    "tone",
]
