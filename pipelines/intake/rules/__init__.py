"""The rules of intake. Importing this package registers them all in ``RULES``."""

from pipelines.intake.rules import books, community, ledgers, papers, reading, sheets, totals
from pipelines.intake.rules.base import RULES, Finding, Rule, names, title_of

__all__ = [
    "RULES",
    "Finding",
    "Rule",
    "books",
    "community",
    "ledgers",
    "names",
    "papers",
    "reading",
    "sheets",
    "title_of",
    "totals",
]
