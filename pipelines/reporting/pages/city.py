"""The page of the plan area."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.reporting import data
from pipelines.reporting.drawings import maps
from pipelines.reporting.pages.site import Site


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """File name and text."""
    words, page = site.words, data.city_page(site.facts)
    only_facts = page.stated and not page.measured and not page.duties
    title = words.t("title.facts", region=words.region) if only_facts else None
    districts = site.facts.districts
    outlines = maps.boundaries(site.boundaries, districts) if site.boundaries else None
    yield (
        "index.html",
        site.render(
            "index",
            page=page,
            title=title,
            map=outlines or maps.tiles(districts),
            # From the whole's figure to those of the districts: their column, or the page of the only one.
            matrix_href=lambda measure: (
                f"#x-{measure.anchor}" if len(districts) > 1 else f"{districts[0].district_code}.html#{measure.anchor}"
            ),
            standing={s.district.district_code: s for s in page.standings},
            reason_sentence=site.words.reason,
            NAMED=12,
            STANDINGS=30,
        ),
    )
