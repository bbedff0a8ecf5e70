"""The page of the plan area."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from pipelines.reporting import data
from pipelines.reporting.pages.site import Site
from pipelines.reporting.words import Words


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """File name and text."""
    words, page = site.words, data.city_page(site.facts)
    only_facts = page.stated and not page.measured and not page.duties
    title = words.t("title.facts", region=words.region) if only_facts else None
    yield (
        "index.html",
        site.render("index", page=page, title=title, lag_sentence=lambda lag: _lag_sentence(words, lag)),
    )


def _lag_sentence(words: Words, lag: data.Lag) -> Markup:
    row, found = lag.laggard, []
    if row.milestones_behind and lag.worst:
        sentence = words.t(
            "verdict.laggard", n=row.milestones_behind, indicator=words.indicator_name(lag.worst.indicator)
        )
        if lag.worst.progress.gap_units:
            sentence += words.t("verdict.laggard_gap", gap=words.gap_units(lag.worst))
        found.append(sentence)
    elif row.milestones_behind:
        found.append(words.t("verdict.laggard_plain", n=row.milestones_behind))
    if row.milestones_no_data:
        found.append(words.t("verdict.laggard_unknown", n=row.milestones_no_data))
    return words.t("verdict.separator").join(found)
