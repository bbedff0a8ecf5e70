"""The page of the intake."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.reporting import data
from pipelines.reporting.pages.fields import field_title, form_title
from pipelines.reporting.pages.site import Site


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """File name and text."""
    yield (
        "intake.html",
        site.render(
            "intake",
            page=data.intake_page(site.facts),
            form_title=form_title,
            field_title=lambda form, field: field_title(form, field, site.lang),
            duties=("boolean", "document", "cadence"),
            CHANGES=100,
            RECEIVED=300,
        ),
    )
