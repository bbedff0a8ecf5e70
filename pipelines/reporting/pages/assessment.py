"""The pages of the assessment: the ranking, and for each district a sheet with every point."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from typing import Any

from markupsafe import Markup

from pipelines.reporting import anchors, data, waterfall
from pipelines.reporting.format import clauses
from pipelines.reporting.pages.rubric import earning, item_name, item_value, next_unit
from pipelines.reporting.pages.site import Site
from pipelines.reporting.words import Words

MATRIX = 15
"""More districts than this are not columns of the table of items: their sheets have the points."""


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """File name and text: a sheet for each district, and the ranking last."""
    words = site.words
    page = data.assessment_page(site.facts)
    floor = waterfall.floor_of([row.score.score for row in page.ranking if row.score.score is not None])
    compared = {one.indicator.indicator_id for one in data.explore_page(site.facts).compared}
    shared: dict[str, Any] = {
        "sheet_href": sheet_href,
        "group_name": partial(_group_name, words),
        "waterfall": partial(_waterfall, words, floor),
        "item_name": partial(item_name, words),
        "clause_list": clauses,
        "floor": floor,
    }
    for sheet in data.score_sheets(site.facts):
        code = sheet.row.district.district_code
        yield (
            sheet_href(code),
            site.render(
                "scores",
                file=sheet_href(code),
                here="assessment",
                title=words.t("title.scores", district=words.name(code)),
                page=sheet,
                group_titles={group: title for group, title, _ in sheet.groups},
                group_rows=list(_group_rows(words, sheet)),
                item_value=partial(item_value, words),
                next_unit=partial(next_unit, words),
                earning=lambda item: earning(words, item.method, item.method_params, "%" if item.unit == "%" else ""),
                figure_href=partial(_figure_href, compared),
                **shared,
            ),
        )
    yield "assessment.html", site.render("assessment", page=page, MATRIX=MATRIX, **shared)


def sheet_href(code: str) -> str:
    """The page with every point of a district."""
    return f"{code}-assessment.html"


def _group_name(words: Words, group: str, name: str) -> str:
    first = next((item for item in words.facts.rubric.values() if item.group_id == group), None)
    return first.group_name_en if words.lang == "en" and first and first.group_name_en else name


def _group_rows(words: Words, sheet: data.ScoreSheet) -> Iterator[dict[str, Any]]:
    """Each group's points: applicable, lost, and lost of a hundred."""
    scaled = dict(sheet.row.steps)
    for group, title, lines in sheet.groups:
        counted = [p.item.max_points for p in lines if p.item.status != "not_applicable"]
        if counted:
            yield {
                "group": group,
                "name": _group_name(words, group, title),
                "applicable": sum(counted),
                "lost": sheet.row.groups[group],
                "scaled": scaled.get(group),
            }


def _figure_href(compared: Collection[str], points: data.ItemPoints, code: str) -> str | None:
    """Where the figure of a line is followed further: the district's milestone, else the comparison of areas."""
    if points.measure is not None:
        return f"{code}.html#{points.measure.anchor}"
    key = points.item.indicator_id
    return f"explore.html?d={code}#{anchors.indicator(key)}" if key and key in compared else None


def _waterfall(words: Words, floor: int, row: data.Lost, groups: dict[str, str]) -> Markup:
    score, t = row.score.score, words.t
    if score is None or not row.score.applicable_points:
        return Markup("")
    steps = [
        waterfall.Step(_group_name(words, group, groups[group]), -lost, f"−{words.fmt.points(lost)}")
        for group, lost in row.steps
    ]
    district, total = words.name(row.district.district_code), words.fmt.points(score)
    losses = t("verdict.separator").join(f"{step.label} {step.text}" for step in steps)
    return waterfall.draw(
        waterfall.End(t("assessment.full"), 100, "100"),
        steps,
        waterfall.End(t("assessment.score"), score, total),
        (floor, 100),
        t("assessment.waterfall_said", district=district, losses=losses, score=total),
    )
