"""The page of each district, and the list of its communities."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup, escape

from pipelines.forms import FORMS
from pipelines.reporting import anchors, data
from pipelines.reporting.format import MISSING
from pipelines.reporting.marts import Community, District, Finding, Indicator, Submission
from pipelines.reporting.pages.rubric import item_name
from pipelines.reporting.pages.site import Site
from pipelines.reporting.words import Words

LIST_BYTES = 330_000
"""How much of a page the rows of a list may take: keeps a page under 400 KB."""
MARKS = {"y": "✓", "n": "✕", "o": "·", "s": "◇"}
"""What a row is to a figure: it counts, it doesn't, it is no part of it, it speaks of it."""
BOOKS = "①②③④⑤⑥⑦⑧⑨"


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """File name and text: for each district its page, then the pages of the rows behind its figures.

    Only for districts that are due: nothing of another district but what ``Facts.version_of`` covers may be said here.
    """
    for district in site.facts.districts:
        if district.district_code in site.due:
            yield from _district(site, district)


def _district(site: Site, district: District) -> Iterator[tuple[str, str]]:
    code, facts, words = district.district_code, site.facts, site.words
    page = data.district_page(facts, code)
    expected = [e for e in facts.expected_now if e.district_code == code]
    own = (
        words.t(f"verdict.own.{expected[0].status}", n=expected[0].days_late, days=expected[0].days_late or 0)
        if expected
        else ""
    )
    communities = next((rows for rows in page.sources if rows.entity == "community"), None)
    records = [rows for rows in page.sources if rows.entity != "community"]
    shared = {
        "page": page,
        "list_href": _list_page(code, 1) if page.communities else None,
        "records_href": _records_page(code) if records else None,
        "decided_by": partial(_decided_by, site.lang),
        "book": _book,
        "row_class": _row_class,
        "row_marks": partial(_row_marks, words),
        "MARKS": MARKS,
        "BOOKS": BOOKS,
    }
    yield (
        f"{code}.html",
        site.render(
            "district",
            file=f"{code}.html",
            here=code,
            title=words.t("title.district", district=words.name(code)),
            gap_lists={gap.measure.progress.milestone_id: gap for gap in page.gaps},
            to_do=len({c.community_id for rows in facts.gap_communities[code].values() for c in rows}),
            own_sentence=own,
            silent=sum(bool(p.community.district_silent) for p in page.communities),
            figure_href=_figure_hrefs(code, page.sources),
            deciding=_deciding(communities),
            finding_subject=lambda finding: _finding_subject(words, finding),
            reason_sentence=words.reason,
            item_name=partial(item_name, words),
            ISSUES=20,
            **shared,
        ),
    )
    if page.communities:
        yield from _community_pages(site, code, communities, shared)
    if records:
        yield (
            _records_page(code),
            site.render(
                "records",
                file=_records_page(code),
                here=code,
                title=words.t("title.records", district=words.name(code)),
                lists=records,
                RECORDS=500,
                **shared,
            ),
        )


def _community_pages(
    site: Site, code: str, rows: data.Rows | None, shared: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    listed = rows.rows if rows else []
    per_page = max(50, LIST_BYTES // (420 + 56 * len(rows.columns))) if rows else 1
    pages = max(1, math.ceil(len(listed) / per_page))
    for number in range(1, pages + 1):
        file = _list_page(code, number)
        yield (
            file,
            site.render(
                "communities",
                file=file,
                here=code,
                title=site.words.t("title.communities", district=site.words.name(code)),
                list=rows,
                shown=listed[(number - 1) * per_page : number * per_page],
                number=number,
                pages=pages,
                completed=sum(bool(row.community and row.community.is_completed) for row in listed),
                kinds=partial(_kinds, site.words),
                list_page=lambda n: _list_page(code, n),
                **shared,
            ),
        )


def _list_page(code: str, number: int) -> str:
    return f"{code}-communities.html" if number == 1 else f"{code}-communities-{number}.html"


def _records_page(code: str) -> str:
    return f"{code}-records.html"


def _book(rows: data.Rows, source: data.Source) -> str:
    """The sign of a row's workbook in its list; none where there is only one."""
    order = [s.submission_id for s in rows.submissions]
    return BOOKS[order.index(source.submission_id) % len(BOOKS)] if len(order) > 1 else ""


def _row_class(rows: data.Rows, row: data.Behind) -> str:
    """For which figures the row counts (``y3``) or doesn't (``n3``): what the page's choice of rows looks for."""
    marks = ((n, row.marks.get(column.indicator.indicator_id)) for n, column in enumerate(rows.columns))
    return " ".join(f"{'y' if mark.counts else 'n'}{n}" for n, mark in marks if mark)


def _row_marks(words: Words, rows: data.Rows, row: data.Behind) -> Markup:
    """For each figure what the row is to it (``MARKS``), what it adds, and which cells of the workbook decide.

    Made here and not in a template: a district's lists have ten thousands of them.
    """
    found, foreign = [], words.foreign
    for column in rows.columns:
        mark = row.marks.get(column.indicator.indicator_id)
        if mark is None:
            found.append(f'<td class="o">{MARKS["o"]}</td>')
            continue
        kind = "y" if mark.counts else "s" if mark.numerator is None else "n"
        adds = "" if mark.is_plain else f" {_amounts(words, mark)}"
        cells = f" <i{foreign}>{escape(' '.join(mark.cells))}</i>" if mark.cells else ""
        found.append(f'<td class="{kind}">{MARKS[kind]}{adds}{cells}</td>')
    return Markup("".join(found))


def _amounts(words: Words, mark: data.Mark) -> str:
    count = words.fmt.count
    return count(mark.numerator) + ("" if mark.denominator is None else f"/{count(mark.denominator)}")


def _figure_hrefs(code: str, sources: Sequence[data.Rows]) -> Callable[[data.Measure], str | None]:
    """Where the rows behind a milestone's figure are; None where there are none, or it is of an earlier period."""
    pages = {
        column.indicator.indicator_id: _list_page(code, 1) if rows.entity == "community" else _records_page(code)
        for rows in sources
        for column in rows.columns
    }

    def href(measure: data.Measure) -> str | None:
        key = measure.indicator.indicator_id
        return f"{pages[key]}#{anchors.rows(key)}" if key in pages and measure.is_live else None

    return href


def _deciding(rows: data.Rows | None) -> Callable[[Indicator, Community], tuple[str, ...]]:
    """The cells that say whether a community counts for an indicator."""
    by = {row.community.community_id: row for row in rows.rows if row.community} if rows else {}

    def cells(indicator: Indicator, community: Community) -> tuple[str, ...]:
        row = by.get(community.community_id)
        mark = row.marks.get(indicator.indicator_id) if row else None
        return mark.cells if mark else ()

    return cells


@dataclass(frozen=True)
class _Field:
    """A column of a form that decides, and where it stands in the workbooks: ``V列``."""

    title: str
    title_en: bool
    letters: str


def _decided_by(lang: str, indicator: Indicator, submissions: Sequence[Submission]) -> list[_Field]:
    """The columns that decide whether a row counts, as the forms call them, with their letters in these workbooks."""
    found = []
    for name in indicator.decided_by:
        form, _, field = name.partition(".")
        columns = (*FORMS[form].columns, *FORMS[form].alternatives) if form in FORMS else ()
        column = next((column for column in columns if column.field == field), None)
        if column is None:
            continue
        letters = {
            where.rpartition("!")[2].rstrip("0123456789").split(":")[0].rstrip("0123456789")
            for submission in submissions
            for text in submission.layout
            for known, _, where in [text.partition("=")]
            if known == name
        }
        found.append(
            _Field(column.description if lang == "en" else column.header, lang == "en", "/".join(sorted(letters)))
        )
    return found


def _finding_subject(words: Words, finding: Finding) -> str | Markup:
    """What a finding is about: an indicator or milestone by its name, anything else as it was written."""
    subject = finding.subject or ""
    indicator = words.facts.indicators.get(subject.partition("@")[0])
    if finding.subject_type in ("indicator", "milestone") and indicator:
        return words.indicator_name(indicator)
    return Markup("<bdi{}>{}</bdi>").format(words.foreign, subject) if subject else MISSING


def _kinds(words: Words, community: Community) -> list[str]:
    found = (
        ("missing", community.is_reported is False),
        ("building", community.is_completed is False),
        ("new", community.is_new_build),
        ("renovated", community.is_renovated_old),
    )
    return [str(words.t(f"community.{key}")) for key, on in found if on]
