"""The page of publications: which there were, and what the last one changed."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.reporting import data, editions
from pipelines.reporting.pages.site import Site
from pipelines.reporting.words import Words

COUNTS = ("received", "milestones", "figures", "restated", "scores")


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """File name and text. What is made for a past day is no publication and has no such page."""
    if site.publication is None:
        return
    up, below = ("../", "") if site.lang == "zh" else ("../../", f"{site.lang}/")
    yield (
        "changes.html",
        site.render(
            "changes",
            page=site.publication,
            parts=_parts(site.words, site.publication.changes),
            duties=("boolean", "document", "cadence"),
            up=up,
            below=below,
            COUNTS=COUNTS,
            KEPT=editions.KEPT,
            SHOWN=100,
        ),
    )


def _parts(words: Words, changes: data.Changes | None) -> str:
    """What changed, counted, as the end of a sentence."""
    if not changes:
        return ""
    counts = changes.counts | {"opened": len(changes.opened)}
    said = [
        words.t(f"changes.part.{name}", n=n) for name in (*COUNTS[:1], "opened", *COUNTS[1:]) if (n := counts[name])
    ]
    return words.t("changes.separator").join(said) + words.t("changes.end")
