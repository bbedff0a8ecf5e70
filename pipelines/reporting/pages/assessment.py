"""The page of the assessment."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.reporting import charts, data
from pipelines.reporting.pages.site import Site


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """File name and text."""
    page, words = data.assessment_page(site.facts), site.words
    yield (
        "assessment.html",
        site.render(
            "assessment",
            page=page,
            lost_chart=lambda page: charts.lost(page.ranking, page.groups, words.name, words.fmt),
            MATRIX=15,
        ),
    )
