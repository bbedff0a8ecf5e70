"""The page of the intake."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.forms import FORMS
from pipelines.reporting import data
from pipelines.reporting.pages.site import Site


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """File name and text."""
    yield (
        "intake.html",
        site.render(
            "intake",
            page=data.intake_page(site.facts),
            form_title=lambda form: FORMS[form].sheet if form in FORMS else form,
            field_title=lambda form, field: _field_title(form, field, site.lang),
            duties=("boolean", "document", "cadence"),
            CHANGES=100,
            RECEIVED=300,
        ),
    )


def _field_title(form: str, field: str, lang: str) -> str:
    """A column's name on its form, in English what it means."""
    columns = (*FORMS[form].columns, *FORMS[form].alternatives) if form in FORMS else ()
    column = next((column for column in columns if column.field == field), None)
    return field if column is None else column.description if lang == "en" else column.header
