"""One plan in one language: what every page of it shares, and how a page is rendered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipelines.reporting import anchors, data
from pipelines.reporting.drawings import trend as trends
from pipelines.reporting.editions import Edition
from pipelines.reporting.exports import FOLDER, TABLES, Downloads
from pipelines.reporting.format import MISSING, clauses
from pipelines.reporting.messages import HTML_LANG
from pipelines.reporting.words import Words, exact_share

LANGUAGE_NAMES = {"zh": "中文", "en": "English"}
# Signs differ in shape, so that a status is told apart in grey and by colour-blind readers; its word stands beside it.
SIGNS = {
    "met": "✓",
    "on_track": "→",
    "at_risk": "▲",
    "behind": "▼",
    "overdue_not_met": "✕",
    "no_data": "○",
    "not_applicable": "–",
    "pending": "○",
}
EXPECTED_SIGNS = {"on_time": "✓", "late": "▲", "returned": "↩", "missing": "✕", "not_due": "○"}


STAMP = "<!--stamp-->"
"""Stands in a rendered page for the publication that last changed it; no text from a workbook can look like it."""


@dataclass(frozen=True)
class Publication:
    """All publications of a plan so far, and what the last one changed (None where there is nothing to compare)."""

    ledger: list[Edition]
    changes: data.Changes | None
    kept: frozenset[int]
    """The numbers of those whose pages are kept."""

    @property
    def edition(self) -> Edition:
        return self.ledger[-1]


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("pipelines.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True)
class Site:
    """The pages of one plan in one language.

    ``languages``: those that are built, this one among them. ``assets``: the names of shared files. ``due``: the
    districts whose pages are made; those of others stand as they are. ``publication``: which one this is, if any.
    ``boundaries``: a GeoJSON file of the districts.
    """

    facts: data.Facts
    lang: str
    languages: list[str]
    assets: Mapping[str, str]
    due: Collection[str]
    publication: Publication | None = None
    boundaries: Path | None = None

    @cached_property
    def words(self) -> Words:
        """Names and phrases in the language of these pages."""
        return Words(self.facts, self.lang)

    def render(
        self, template: str, *, file: str | None = None, here: str | None = None, title: str | None = None, **own: Any
    ) -> str:
        """The text of one page.

        ``file``: the page's name, ``<template>.html`` unless given. ``here``: the entry of the navigation it belongs
        to, the template's name unless given. ``own``: what this page's template needs beside what all share.
        """
        file = file or f"{template}.html"
        others = [(other, self._sibling(other, file)) for other in self.languages if other != self.lang]
        return (
            _templates()
            .get_template(f"{template}.html.j2")
            .render(
                self._shared,
                here=here or template,
                title=title or self.words.t(f"title.{template}", region=self.words.region),
                others=others,
                **self._received(here),
                **own,
            )
        )

    def _received(self, here: str | None) -> dict[str, Any]:
        """What a page says it stands on: a district's page on that district's workbooks, the others on all."""
        facts = self.facts
        of_one = here in facts.district
        sent = [s for s in facts.submissions if not of_one or s.district_code == here]
        current = facts.current.period_id if facts.current else None
        return {
            "of_one": of_one,
            "sent": len(sent),
            "in_force": sum(s.period_id == current for s in sent if s.is_effective),
            "latest_received": max((s.received_at for s in sent), default=None),
        }

    def _sibling(self, other: str, file: str) -> str:
        up = "" if self.lang == "zh" else "../"
        return f"{up}{file}" if other == "zh" else f"{up}{other}/{file}"

    def _label(self) -> Callable[[str], str]:
        """Short names for the ends of lines."""
        districts = self.facts.district
        return lambda area: self.words.short(districts[area]) if area in districts else self.words.whole

    @cached_property
    def _shared(self) -> dict[str, Any]:
        """What every template may use: words, formats, names and the plan's shared facts."""
        facts, words = self.facts, self.words
        return {
            "t": words.t,
            "fmt": words.fmt,
            "lang": self.lang,
            "html_lang": HTML_LANG[self.lang],
            "html_langs": HTML_LANG,
            "language_names": LANGUAGE_NAMES,
            "asset": lambda name: ("../assets/" if self.lang == "zh" else "../../assets/") + self.assets[name],
            "foreign": words.foreign,
            "downloads": Downloads(facts, self.lang),
            "downloads_at": f"{FOLDER}/",
            "tables_at": f"{'' if self.lang == 'zh' else '../'}{FOLDER}/{TABLES}/",
            "home": Markup(' lang="en"') if self.lang == "en" else "",
            "facts": facts,
            "stamp": Markup(STAMP),
            "plan_name": words.plan_name,
            "is_proposal": facts.plan.rubric_is_proposal,
            "reporting_sentence": words.reporting(),
            "name": words.name,
            "names": words.names,
            "short": words.short,
            "short_names": lambda districts: str(words.t("verdict.separator")).join(map(words.short, districts)),
            "iname": words.indicator_name,
            "pname": words.period_name,
            "anchors": anchors,
            "clause_list": clauses,
            "tone": data.tone,
            "exact_share": exact_share,
            "svg": lambda value: f"{float(value):.2f}",
            "milestone_target": words.target,
            "thresholds": words.thresholds,
            "flags": words.flags,
            "gap_units": words.gap_units,
            "value_text": words.value_text,
            "sentence": words.sentence,
            "score_sentence": words.score,
            "grade": words.grade,
            "said": words.said,
            "whole_measure": lambda row: row.measure,
            "trend_picture": lambda trend, code: trends.draw(trend, code, self._label(), words.t, words.fmt),
            "SIGNS": SIGNS,
            "EXPECTED_SIGNS": EXPECTED_SIGNS,
            "STATUSES": data.STATUSES,
            "VARIANTS": data.VARIANTS,
            "MANY": data.MANY,
            "MISSING": MISSING,
            "LISTED": 40,
        }
