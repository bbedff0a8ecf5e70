"""The page of findings: questions that the figures raise, put as questions."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.reporting import data
from pipelines.reporting.marts import Finding
from pipelines.reporting.pages.site import Site
from pipelines.reporting.words import Words


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """File name and text."""
    yield (
        "findings.html",
        site.render(
            "findings",
            page=data.findings_page(site.facts),
            own=lambda zh, en: (en or zh) if site.lang == "en" else zh,
            about=lambda finding: _about(site.words, finding),
        ),
    )


def _about(words: Words, finding: Finding) -> tuple[str, str | None]:
    """What a finding is about, and the indicator that leads to its definition."""
    indicator_id = finding.subject.partition("@")[0]
    indicator = words.facts.indicators.get(indicator_id) if finding.subject_type in ("indicator", "milestone") else None
    if indicator is None:
        return finding.subject, None
    due = finding.subject.partition("@")[2]
    return words.indicator_name(indicator) + (f" {due}" if due else ""), indicator_id
