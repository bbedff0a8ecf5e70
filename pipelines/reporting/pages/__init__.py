"""Pages from templates: one template per page for every language, the words from the catalogue.

A page is a function of the published marts alone: the same marts give the same bytes. ``build`` writes them, ``site``
renders, ``words`` names and phrases what every page may show, and a module per page adds what that page alone needs.
"""

from pipelines.reporting.pages.build import build_reports

__all__ = ["build_reports"]
