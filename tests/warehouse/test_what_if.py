"""What-if files: what they change, that nothing else changes, and what is said of mistakes in them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.warehouse.assessment import AssessmentInputs
from pipelines.warehouse.what_if import Outcome, WhatIf, WhatIfError, apply, compare, read
from tests.warehouse.scene import HANGJIN, LINHE, Scene, bayannur

H = HANGJIN
FIGURE = "figures: [{district: 磴口县, period: 2025-11, "
RATE = FIGURE + "indicator: pm_coverage_rate"
COVERAGE = "indicator: pm_coverage_rate, period: 2025-11"


@pytest.fixture
def scene() -> Scene:
    both = Scene().rate(H, "pm_coverage_rate", 90, 100).proof(H, "A1")
    return both.rate(LINHE, "pm_coverage_rate", 95, 100).proof(LINHE, "A1")


def changes(folder: Path, text: str) -> WhatIf:
    file = folder / "what-if.yaml"
    file.write_text(text, encoding="utf-8")
    return read(file, bayannur())


def judged(inputs: AssessmentInputs, change: WhatIf) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Scores and changed items against the state as it is."""
    before = Outcome.of(inputs)
    return compare(before, Outcome.of(apply(change, bayannur(), inputs)))


def test_a_file_that_changes_nothing_changes_nothing(scene: Scene, tmp_path: Path) -> None:
    scores, items = judged(scene.inputs(), changes(tmp_path, ""))
    assert items.is_empty()
    assert (scores["score"] == scores["score_before"]).all()


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("items: {A1: {points: 24}}", "12"),
        ("items: {A1: {floor: 60}}", "9"),
        ("items: {A1: {target: 90}}", "12"),
        (f"figures: [{{district: 杭锦后旗, {COVERAGE}, numerator: 95, denominator: 100}}]", "9"),
        (f"figures: [{{district: 150826, {COVERAGE}, numerator: 0, denominator: 0}}]", None),
        ("evidence: [{district: 杭锦后旗, subject: A1, count: 0}]", "0"),
    ],
)
def test_one_change_changes_one_item(scene: Scene, tmp_path: Path, text: str, points: str | None) -> None:
    _, items = judged(scene.inputs(), changes(tmp_path, text))
    row = items.filter(district_code=H).row(0, named=True)
    assert (row["item_id"], row["points_before"]) == ("A1", Decimal(6))
    assert row["points"] == (points and Decimal(points))
    assert items.filter(district_code=H).height == 1
    if not text.startswith("items"):
        assert items.height == 1, "the other district keeps its points"


def test_a_target_of_a_milestone(tmp_path: Path) -> None:
    scene = Scene().rate(H, "committee_formation_rate", 70, 100, period_id="2024-11")
    scores, items = judged(scene.inputs(), changes(tmp_path, "milestones: {committee_formation_rate@2024-12-31: 70}"))
    assert items.select("item_id", "points_before", "points").row(0) == ("B2", Decimal(0), Decimal(3))
    assert scores.filter(district_code=H).select("score_before", "score").row(0) != (None, None)


def test_a_document_done_on_a_day(tmp_path: Path) -> None:
    scene = Scene().done(H, "credit_system_established", None, is_done=False).proof(H, "C3")
    in_time = "done: [{district: 杭锦后旗, indicator: credit_system_established, on: 2024-12-31}]"
    assert judged(scene.inputs(), changes(tmp_path, in_time))[1]["points"].to_list() == [Decimal(3)]
    late = in_time.replace("2024-12-31", "2025-03-01")
    assert judged(scene.inputs(), changes(tmp_path, late))[1]["points"].to_list() == [Decimal("1.5")]


def test_more_weight_on_what_earns_nothing(tmp_path: Path) -> None:
    scene = Scene().rate(H, "pm_coverage_rate", 50, 100).proof(H, "A1")
    scores, items = judged(scene.inputs(), changes(tmp_path, "items: {A1: {points: 24}}"))
    row = items.filter(district_code=H).row(0, named=True)
    assert (row["points_before"], row["points"], row["max_points"]) == (Decimal(0), Decimal(0), Decimal(24))
    before = Outcome.of(scene.inputs()).scores.filter(district_code=H)["applicable_points"].item()
    assert scores.filter(district_code=H)["applicable_points"].item() == before + 12


def test_grades(scene: Scene, tmp_path: Path) -> None:
    scores, items = judged(scene.inputs(), changes(tmp_path, "grades: {pass: 1}"))
    row = scores.filter(district_code=H).row(0, named=True)
    assert items.is_empty()
    assert (row["grade_before"], row["grade"]) == ("不合格", "合格")


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = """\
items:
  A9: {points: 20}
  A1: {flor: 1}
figures:
  - {district: 杭锦后旗, indicator: pm_coverge_rate, period: 2025-11, numerator: 200, denominator: 210}
  - {district: 杭锦后旗, indicator: pm_coverage_rate, period: 2031-11, numerator: 200, denominator: 210}
done:
  - {district: 后旗, indicator: pm_coverage_rate}
evidence:
  - {district: 杭锦后旗, subject: Z1, count: 1}
"""
    with pytest.raises(WhatIfError) as caught:
        changes(tmp_path, text)
    found = [line.partition("what-if.yaml:")[2] for line in caught.value.mistakes]
    assert [line.split(":")[0] for line in found] == ["2", "3", "5", "6", "8", "8", "10"]
    assert "是不是 'pm_coverage_rate'？" in found[2]


@pytest.mark.parametrize("text", ["items: [", "- 1", "weights: {}", "items: {A1: {points: -1}}", "figures: {}"])
def test_what_is_no_what_if_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(WhatIfError, match=r"what-if\.yaml:\d+: "):
        changes(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (RATE + ", numerator: 50, denominator: 49}]", "分子50大于分母49"),
        (RATE + ", numerator: 50}]", "缺少分母"),
        (FIGURE + "indicator: standards_issued, numerator: 1, denominator: 2}]", "没有分母"),
        (FIGURE + "indicator: credit_system_established, numerator: 1}]", "请写在 done 中"),
        ("done: [{district: 磴口县, indicator: pm_coverage_rate}]", "请写在 figures 中"),
        ("milestones: {pm_coverage_rate@2025-12-31: 190}", "目标190不在0—100%之间"),
        ("weights: {A1: 3}", "没有这一项；可用：items、milestones、grades、figures、done、evidence"),
        ("items: {A1: {points: many}}", "不是数"),
        ("items: {A2: {floor: 10}}", "floor"),
        (RATE + "}]", "没有填写"),
        ("done: [{district: 磴口县, indicator: credit_system_established, on: soon}]", "不是日期"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_words_an_analyst_reads(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(WhatIfError, match=r"what-if\.yaml:1: ") as caught:
        changes(tmp_path, text)
    assert told in str(caught.value)
