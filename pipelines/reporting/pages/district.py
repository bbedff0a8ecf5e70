"""The page of each district, and the list of its communities."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from pipelines.reporting import data
from pipelines.reporting.marts import Community, District
from pipelines.reporting.pages.rubric import item_value
from pipelines.reporting.pages.site import Site
from pipelines.reporting.words import Words

ROWS_PER_LIST_PAGE = 600
"""Communities on one page of a district's list: keeps a page under 400 KB."""


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """File name and text: for each district its page, then its list of communities, on as many pages as it takes.

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
    yield (
        f"{code}.html",
        site.render(
            "district",
            file=f"{code}.html",
            here=code,
            title=words.t("title.district", district=words.name(code)),
            page=page,
            gap_lists={gap.measure.progress.milestone_id: gap for gap in page.gaps},
            own_sentence=own,
            silent=sum(bool(p.community.district_silent) for p in page.communities),
            list_href=_list_page(code, 1),
            district_measure=lambda code: lambda row: row.districts[code],
            item_value=partial(item_value, words),
            ISSUES=20,
        ),
    )
    pages = max(1, math.ceil(len(page.communities) / ROWS_PER_LIST_PAGE))
    for number in range(1, pages + 1):
        start = (number - 1) * ROWS_PER_LIST_PAGE
        file = _list_page(code, number)
        yield (
            file,
            site.render(
                "communities",
                file=file,
                here=code,
                title=words.t("title.communities", district=words.name(code)),
                page=page,
                shown=page.communities[start : start + ROWS_PER_LIST_PAGE],
                number=number,
                pages=pages,
                completed=sum(bool(p.community.is_completed) for p in page.communities),
                kinds=partial(_kinds, words),
                list_page=lambda n: _list_page(code, n),
            ),
        )


def _list_page(code: str, number: int) -> str:
    return f"{code}-communities.html" if number == 1 else f"{code}-communities-{number}.html"


def _kinds(words: Words, community: Community) -> list[str]:
    found = (
        ("missing", community.is_reported is False),
        ("building", community.is_completed is False),
        ("new", community.is_new_build),
        ("renovated", community.is_renovated_old),
    )
    return [str(words.t(f"community.{key}")) for key, on in found if on]
