"""The rules of intake. Importing this package registers them all in ``RULES``."""

from pipelines.intake.rules import books, community, ledgers, papers, reading, sheets
from pipelines.intake.rules.base import RULES, Finding, Rule

__all__ = ["RULES", "Finding", "Rule", "books", "community", "ledgers", "papers", "reading", "sheets"]
