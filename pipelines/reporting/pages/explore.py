"""The page for comparing areas: a drawing that answers, and under it the tables it is drawn from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from pipelines.reporting import anchors, data
from pipelines.reporting.data import Compared, Measure
from pipelines.reporting.marts import ALL
from pipelines.reporting.messages import bare
from pipelines.reporting.pages.site import Site
from pipelines.reporting.words import Words

TEXTS = ("told", "told_whole", "told_same", "told_none", "several", "joined", "hover", "parts")
"""Sentences that the script fills in."""


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """File name and text."""
    page = data.explore_page(site.facts)
    yield (
        "explore.html",
        site.render("explore", page=page, drawn=to_json(_drawn(site.words, page)), ALL=ALL),
    )


def to_json(told: object) -> Markup:
    """JSON that is safe inside a ``<script>`` element, whatever its texts hold."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _drawn(words: Words, page: data.ExplorePage) -> dict[str, Any]:
    """What the drawing needs beside the tables: when each period is of, what areas are called in short, and aims."""
    facts = words.facts
    areas = {d.district_code: words.short(d) for d in facts.districts}
    return {
        "areas": {ALL: bare(words.whole), **areas},
        "periods": [[p.as_of.isoformat(), words.fmt.month(p.as_of), words.fmt.day(p.as_of)] for p in facts.periods],
        "indicators": {anchors.indicator(one.indicator.indicator_id): _indicator(words, one) for one in page.compared},
        "texts": {key: words.t.messages[f"explore.{key}"] for key in TEXTS},
    }


def _indicator(words: Words, one: Compared) -> dict[str, Any]:
    return {
        "unit": words.unit_of(one.indicator),
        "aims": [_aim(words, row.measure) for row in one.rows if row.measure.progress.due_date],
    }


def _aim(words: Words, measure: Measure) -> list[object]:
    """Day, value, its words in short, the districts it binds where it does not bind all, and its words in full."""
    progress = measure.progress
    due = progress.due_date.isoformat() if progress.due_date else ""
    target = words.target(progress)
    whole = bare(words.t("milestones.target", day=words.fmt.day(progress.due_date), target=target))
    return [due, float(progress.target or 0), target, [d.district_code for d in measure.scope], whole]
