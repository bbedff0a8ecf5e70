"""What the notebooks show: polars frames and plotly figures, from what a workspace has published.

``published`` opens the tables (read-only: an open notebook never blocks a run), ``standing``, ``course``, ``reasons``
and ``visits`` are about lagging districts, ``ledgers`` about what a new ledger changed, ``scenarios`` about other
assessments, ``showing`` about how it looks. Headings and texts are Chinese: analysts of the city read them.
"""

import polars as pl

from pipelines.reporting.notebook import ledgers, scenarios
from pipelines.reporting.notebook.course import change_figure, course, course_figure, headline_rates
from pipelines.reporting.notebook.published import NotPublished, Published, open_published
from pipelines.reporting.notebook.reasons import reasons
from pipelines.reporting.notebook.showing import FMT, WORDS, Table, use_offline_charts
from pipelines.reporting.notebook.standing import OPEN, lagging, ranking, standing, standing_figure
from pipelines.reporting.notebook.visits import visits, visits_figure

__all__ = [
    "FMT",
    "OPEN",
    "WORDS",
    "NotPublished",
    "Published",
    "Table",
    "change_figure",
    "course",
    "course_figure",
    "headline_rates",
    "lagging",
    "ledgers",
    "open_published",
    "pl",
    "ranking",
    "reasons",
    "scenarios",
    "standing",
    "standing_figure",
    "use_offline_charts",
    "visits",
    "visits_figure",
]
