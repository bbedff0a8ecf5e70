"""What the rules about evidence find, as issues at their cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipelines.intake.changes import Places, layout_of, places
from pipelines.intake.evidence import File, Place
from pipelines.intake.issues import Issue
from pipelines.intake.rules import papers
from pipelines.intake.rules.papers import Line, Remark
from pipelines.intake.validate import display
from pipelines.plans import Plan

FORM = "evidence"
NOT_JUDGED = "没有随报送收到佐证材料文件，只核对了「佐证材料清单」本身，没有核对文件。"

Recognised = Sequence[Mapping[str, Any]]


@dataclass
class Files:
    """What came for one place: the files in force, and the files of other places by their hash."""

    mine: list[File] = field(default_factory=list)
    elsewhere: dict[str, list[File]] = field(default_factory=dict)
    names: dict[Place, str] = field(default_factory=dict)


def lines_of(frame: pl.DataFrame) -> list[Line]:
    """The rows of 佐证材料清单."""
    return [Line(*row) for row in frame.select(Line.COLUMNS).iter_rows()]


def about_list(frames: Mapping[str, pl.DataFrame], recognised: Recognised, plan: Plan, period_id: str) -> list[Issue]:
    """What is wrong with the list of evidence by itself."""
    if FORM not in frames:
        return []
    period = plan.period(period_id)
    assert period
    before = [p.as_of for p in plan.periods if p.kind == period.kind and p.as_of < period.as_of]
    community = frames.get("community")
    known = {
        name: community[name].to_list() if community is not None else [] for name in ("community_code", "name_key")
    }
    remarks = papers.look_over(
        lines_of(frames[FORM]), (max(before, default=None), period.as_of), _subjects(plan), _phrases(plan), known
    )
    return _issues(remarks, recognised)


def _subjects(plan: Plan) -> frozenset[str]:
    items = plan.rubric.items if plan.rubric else ()
    return frozenset((*(indicator.id for indicator in plan.indicators), *(item.id for item in items)))


def _phrases(plan: Plan) -> list[str]:
    """The plan's own words: its districts, indicators and rubric items."""
    items = plan.rubric.items if plan.rubric else ()
    districts = (name for d in plan.districts for name in (d.name.zh, d.short_name, *d.aliases))
    indicators, lines = (one.name.zh for one in plan.indicators), (item.name.zh for item in items)
    return sorted({name for name in (*districts, *indicators, *lines) if name})


def about_files(frame: pl.DataFrame | None, recognised: Recognised, files: Files) -> list[Issue]:
    """What is wrong between the list and the files that came for it."""
    lines = lines_of(frame) if frame is not None else []
    return _issues(papers.compare(lines, files.mine, files.elsewhere, files.names), recognised)


def _issues(remarks: Iterable[Remark], recognised: Recognised) -> list[Issue]:
    cells = places(layout_of(recognised))
    sheet = next((table["sheet"] for table in recognised if table["form"] == FORM), None)
    return [_issue(remark, sheet, cells) for remark in remarks]


def _issue(remark: Remark, sheet: str | None, cells: Places) -> Issue:
    """What is said of a line, at its cell, or of ``sheet`` as a whole."""
    rule, line = remark.rule, remark.line
    message = rule.message.format(**{name: display(value) for name, value in remark.values.items()})
    if line is None:
        return Issue(rule.severity, rule.id, message, rule.remedy, sheet, form=FORM)
    cell = cells(FORM, line.sheet, line.row, rule.field)
    entity = " ".join(filter(None, (line.number, line.name)))
    return Issue(rule.severity, rule.id, message, rule.remedy, line.sheet, cell, line.row, FORM, rule.field, entity)
