"""The page of the intake."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.intake.rules.base import names
from pipelines.reporting import data
from pipelines.reporting.pages.fields import field_title, form_title
from pipelines.reporting.pages.site import Site

DIFFERENCES = 300
"""Rows and cells of re-sent ledgers that the page lists, shared out among the ledgers; at most a hundred of each."""


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """File name and text."""
    page = data.intake_page(site.facts)
    yield (
        "intake.html",
        site.render(
            "intake",
            page=page,
            rule_title=lambda rule: _rule_title(rule, site.lang),
            form_title=form_title,
            field_title=lambda form, field: field_title(form, field, site.lang),
            duties=("boolean", "document", "cadence"),
            CHANGES=min(100, DIFFERENCES // max(1, len(page.resent))),
            RECEIVED=100,
            ANSWERS=60,
            MONTHS=12,
        ),
    )


def _rule_title(rule_id: str, lang: str) -> str | None:
    """What clerks call a rule, in English what it asks; None where nobody has named it."""
    name = names().get(rule_id)
    return None if name is None else name.says if lang == "en" else name.title
