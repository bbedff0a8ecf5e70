"""The page for comparing areas: its tables hold the published figures, and the drawing knows nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipelines.reporting import data
from pipelines.reporting.marts import ALL, Marts
from pipelines.reporting.pages.explore import to_json
from tests.reporting.conftest import DISTRICTS, PLAN, SILENT


@pytest.fixture(scope="module")
def facts(marts: Path):
    with Marts(marts) as source:
        [plan] = source.plans()
        yield data.load(source, plan)


def _tables(text: str) -> dict[str, dict[str, list[str]]]:
    """By indicator and area, what the cells of a row say."""
    found = {}
    for key, table in re.findall(r'<details id="i-(\w+)" class="numbers">(.*?)</details>', text, re.DOTALL):
        rows = re.findall(r'<tr data-area="([^"]+)">.*?</th>(.*?)</tr>', table, re.DOTALL)
        found[key] = {
            area: [re.sub(r"<[^>]+>", " ", cell) for cell in re.findall(r"<td>(.*?)</td>", row)] for area, row in rows
        }
    return found


def test_every_cell_is_the_published_figure_with_its_parts(site: Path, facts: data.Facts) -> None:
    page = _tables((site / PLAN / "explore.html").read_text("utf-8"))
    assert page
    shown = 0
    for key, areas in page.items():
        indicator = facts.indicators[key]
        for area, cells in areas.items():
            for period, cell in zip(facts.periods, cells, strict=False):
                for variant in ("audited", "reported"):
                    figure = facts.figure(indicator, area, period.period_id, variant)
                    if figure is not None and figure.numerator is not None and figure.denominator:
                        assert f"{figure.numerator:,}/{figure.denominator:,}" in cell, (key, area, period.period_id)
                        shown += 1
    assert shown > 100


def test_a_district_that_sent_nothing_has_no_figure_and_the_area_says_both_ways_of_counting(site: Path) -> None:
    page = _tables((site / PLAN / "explore.html").read_text("utf-8"))
    rows = page["pm_coverage_rate"]
    assert list(rows) == [ALL, *DISTRICTS]
    assert rows[SILENT[0]][3].strip() == "—"
    assert "自报" in rows[ALL][3]
    assert "无数据" in " ".join(rows[SILENT[0]])


def test_indicators_with_milestones_are_always_there_and_others_as_far_as_there_is_room(facts: data.Facts) -> None:
    whole, little = data.explore_page(facts), data.explore_page(facts, most_cells=10)
    assert whole.left_out == 0
    assert [one.indicator for one in little.aimed] == [one.indicator for one in whole.aimed]
    assert little.left_out == len(whole.followed) - len(little.followed) == len(whole.followed)
    assert {row.measure.progress.milestone_id for one in whole.aimed for row in one.rows} == {
        row.measure.progress.milestone_id for row in facts.rows["measured"]
    }


def test_only_this_page_asks_for_the_drawing_library(site: Path) -> None:
    with_library = {file.name for file in site.rglob("*.html") if "plotly" in file.read_text("utf-8")}
    assert with_library == {"explore.html"}


def test_trends_lead_to_the_comparison_with_their_area_highlighted(site: Path) -> None:
    assert 'href="explore.html?d=150826#i-pm_coverage_rate"' in (site / PLAN / "150826.html").read_text("utf-8")
    assert 'href="explore.html#i-pm_coverage_rate"' in (site / PLAN / "index.html").read_text("utf-8")


def test_json_in_a_page_cannot_end_its_script() -> None:
    hostile = {"text": "</script><!-- <script> & \u2028"}
    encoded = to_json(hostile)
    assert not re.search(r"[<>&\u2028\u2029]", encoded)
    assert json.loads(encoded) == hostile
