"""The forms districts fill: sheets, headers, words, and how their cells are read.

Everything about a form (template, header matching, parsing, validation, data dictionary) derives from its class.
"""

from pipelines.forms.base import ORIGIN, SAMPLE_ROW, Column, Form
from pipelines.forms.committee import Committee
from pipelines.forms.community import Community
from pipelines.forms.company import Company
from pipelines.forms.credit import Credit
from pipelines.forms.dispute import Dispute
from pipelines.forms.evidence import Evidence
from pipelines.forms.inspection import Inspection
from pipelines.forms.mechanism import Mechanism
from pipelines.forms.meeting import Meeting
from pipelines.forms.member import Member
from pipelines.forms.neighbourhood import Neighbourhood
from pipelines.forms.parsed import Parsed, Problem
from pipelines.forms.party import Party
from pipelines.forms.satisfaction import Satisfaction
from pipelines.forms.showcase import Showcase
from pipelines.forms.special import Special
from pipelines.forms.subdistrict import Subdistrict
from pipelines.forms.summary import Summary
from pipelines.forms.task import Task

FORM_VERSION = 1
"""Of the template: raised when a sheet or column changes its meaning. (Records have their own: ``formats.FORMAT``.)"""

_ORDER: tuple[type[Form], ...] = (
    Community,
    Company,
    Committee,
    Party,
    Credit,
    Dispute,
    Inspection,
    Satisfaction,
    Subdistrict,
    Neighbourhood,
    Task,
    Mechanism,
    Evidence,
    Meeting,
    Special,
    Member,
    Showcase,
    Summary,
)

FORMS: dict[str, type[Form]] = {form.name: form for form in _ORDER}
"""Every form by name, in the order of the workbook."""

__all__ = ["FORMS", "FORM_VERSION", "ORIGIN", "SAMPLE_ROW", "Column", "Form", "Parsed", "Problem"]
