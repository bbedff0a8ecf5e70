"""After a run the receipts say what the ledgers came to."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from pipelines.intake.judging import Source, judge_batch
from pipelines.intake.reader import read_workbook
from pipelines.intake.receipt import receipt_path, write_receipt
from pipelines.reporting.receipts import fill_receipts
from pipelines.settings import Workspace
from tests.intake.books import PLAN, RECEIVED, Book, communities, plans
from tests.intake.packages import faults

DISTRICT = "150802"
FIRST, SECOND = "a" * 16, "b" * 16
"""Two versions of one ledger."""
INDICATORS = {
    "pm_coverage_rate": ("住宅小区物业管理覆盖率", "rate", "communities", "%", True),
    "committee_formation_rate": ("业主委员会组建率", "rate", "communities", "%", True),
    "training_sessions": ("培训场次", "count", "occasions", "场", False),
    "credit_system_established": ("信用管理制度体系", "boolean", "districts", "个", False),
    "owner_satisfaction_rate": ("业主满意率", "rate", "answers", "%", True),
}
# now, last period, under the first version: numerator and denominator
NOW: dict[str, tuple[int | None, int | None]] = {
    "pm_coverage_rate": (70, 72),
    "committee_formation_rate": (54, 72),
    "training_sessions": (6, None),
    "credit_system_established": (1, 1),
    "owner_satisfaction_rate": (None, None),
}
THEN = {"pm_coverage_rate": (60, 71), "committee_formation_rate": (54, 72), "training_sessions": (4, None)}
UNDER_FIRST = {**NOW, "pm_coverage_rate": (64, 72)}


def marts(
    folder: Path,
    now: dict[str, tuple[int | None, int | None]] | None = None,
    versions: tuple[str, str] = (FIRST, SECOND),
    names: tuple[str, str] = ("台账", "台账二"),
) -> None:
    """The tables as a run publishes them."""
    first, second = versions
    now = now or NOW
    folder.mkdir(parents=True, exist_ok=True)

    def write(name: str, rows: list[dict[str, Any]], **schema: Any) -> None:
        pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None).write_parquet(folder / f"{name}.parquet")

    pair = {"numerator": pl.Decimal(18, 2), "denominator": pl.Decimal(18, 2)}
    previous = {f"previous_{name}": kind for name, kind in pair.items()}
    place = {"plan_id": PLAN, "district_code": DISTRICT, "period_id": "2024-11"}
    write("dim_plan", [{"plan_id": PLAN, "plan_name": "方案"}])
    write("dim_district", [{"plan_id": PLAN, "district_code": DISTRICT, "district_name": "临河区"}])
    write(
        "dim_period",
        [
            {"plan_id": PLAN, "period_id": name, "period_name": f"{name[:4]}年度工作台账", "as_of": day, "seq": n}
            for n, (name, day) in enumerate({"2023-11": date(2023, 11, 30), "2024-11": date(2024, 11, 30)}.items())
        ],
    )
    write(
        "dim_indicator",
        [
            {"plan_id": PLAN, "indicator_id": key, "indicator_name": name, "kind": kind, "basis": basis, "unit": unit}
            | {"is_headline": headline, "sort_order": n}
            for n, (key, (name, kind, basis, unit, headline)) in enumerate(INDICATORS.items())
        ],
    )
    write(
        "fct_submission",
        [
            {**place, "submission_id": name, "file_name": f"{title}.xlsx", "received_at": RECEIVED.replace(hour=hour)}
            | {"status": "accepted", "is_effective": name == second, "supersedes": first if name == second else None}
            for name, title, hour in zip(versions, names, (8, 9), strict=True)
        ],
        supersedes=pl.String,
    )
    write(
        "fct_submission_indicator",
        [
            {**place, "submission_id": version, "indicator_id": key, "basis": INDICATORS[key][2]}
            | {"numerator": figures[key][0], "denominator": figures[key][1]}
            | {
                "previous_numerator": UNDER_FIRST[key][0] if version == second else None,
                "previous_denominator": UNDER_FIRST[key][1] if version == second else None,
            }
            for version, figures in ((first, UNDER_FIRST), (second, now))
            for key in INDICATORS
        ],
        **pair,
        **previous,
    )
    write(
        "fct_indicator",
        [
            {**place, "period_id": "2023-11", "indicator_id": key, "basis": INDICATORS[key][2], "variant": "reported"}
            | {"is_main": True, "numerator": figure[0], "denominator": figure[1]}
            for key, figure in THEN.items()
        ],
        **pair,
    )
    milestones = (
        ("pm_coverage_rate", date(2025, 12, 31), "eq", 100, "on_track", 3, 4.1, (70, 73), False),
        ("committee_formation_rate", date(2024, 12, 31), "gte", 75, "met", 0, 0.0, (54, 72), True),
        ("committee_formation_rate", date(2025, 12, 31), "gte", 95, "behind", 15, 20.0, (54, 72), False),
        ("credit_system_established", date(2024, 12, 31), "done_by", 100, "met", None, None, (1, 1), True),
        ("owner_satisfaction_rate", date(2025, 12, 31), "gte", 80, "no_data", None, None, (None, None), False),
    )
    write(
        "mart_milestone_progress",
        [
            {**place, "milestone_id": f"{key}@{due}", "indicator_id": key, "due_date": due, "operator": operator}
            | {"target": Decimal(target), "status": status, "gap_units": units, "gap_points": points}
            | {"numerator": judged[0], "denominator": judged[1], "is_final": final, "binding": "hard"}
            | {"deciding_period_id": "2024-11" if final else None}
            for key, due, operator, target, status, units, points, judged, final in milestones
        ],
        target=pl.Decimal(12, 4),
        deciding_period_id=pl.String,
        **pair,
    )


@pytest.fixture
def ws(tmp_path: Path, written: Path) -> Workspace:
    """Two receipts as intake left them, and a published run."""
    workspace = Workspace(tmp_path).prepare()
    shutil.copytree(written, workspace.receipts, dirs_exist_ok=True)
    marts(workspace.marts)
    return workspace


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    rows = communities(3)
    rows[1]["总户数"] = 0
    data = Book(rows).bytes()
    original = folder / "original"
    original.write_bytes(data)
    for name, title in ((FIRST, "台账"), (SECOND, "台账二")):
        source = Source(name, name * 4, len(data), f"{title}.xlsx", None, RECEIVED, "first_seen")
        [judgement] = judge_batch([(source, read_workbook(data))], plans())
        write_receipt(judgement, original, receipt_path(folder / "receipts", judgement.submission), plans())
    return folder / "receipts"


def path_of(ws: Workspace, version: str = SECOND) -> Path:
    return next(ws.receipts.rglob(f"*-{version[:8]}.xlsx"))


def shown(path: Path) -> list[tuple[Any, ...]]:
    sheet = openpyxl.load_workbook(path)["本期数据"]
    return [row for row in sheet.iter_rows(values_only=True) if any(cell not in (None, "") for cell in row)]


def line(path: Path, indicator: str, place: int = 0) -> tuple[Any, ...]:
    return [row for row in shown(path) if row[0] == indicator][place]


def test_before_a_run_the_targets_are_there(ws: Workspace) -> None:
    row = line(path_of(ws), "住宅小区物业管理覆盖率")
    assert row[6:10] == ("2024年12月31日", "100%", None, "待汇总")


def test_figures_beside_the_last_period_and_the_next_milestone(ws: Workspace) -> None:
    assert fill_receipts(ws).written == 2
    path = path_of(ws)
    assert faults(path) == []
    assert line(path, "住宅小区物业管理覆盖率") == (
        "住宅小区物业管理覆盖率", 70, 72, "97.2%", "84.5%", "+12.7个百分点", "2025年12月31日", "100%",
        "3个小区（4.1个百分点）", "进度正常", "考核口径为95.9%（70/73）",
    )  # fmt: skip
    assert line(path, "业主委员会组建率")[3:] == (
        "75.0%", "75.0%", "持平", "2024年12月31日", "75%", None, "已达成", "该节点按这一期判定",
    )  # fmt: skip
    assert line(path, "培训场次")[1:6] == (6, None, "6场", "4场", "+2")
    assert line(path, "信用管理制度体系")[3] == "已完成"
    assert line(path, "业主满意率")[3] == "无数据"


def test_what_a_new_version_changed(ws: Workspace) -> None:
    fill_receipts(ws)
    words = " ".join(str(row[0]) for row in shown(path_of(ws)))
    assert "「台账.xlsx」" in words
    changed = line(path_of(ws), "住宅小区物业管理覆盖率", 1)
    assert changed[:6] == ("住宅小区物业管理覆盖率", 70, 72, "97.2%", "88.9%（64/72）", "+8.3个百分点")
    assert sum(row[0] == "业主委员会组建率" for row in shown(path_of(ws))) == 1, "what did not change is not listed"


def test_a_version_that_was_replaced(ws: Workspace) -> None:
    fill_receipts(ws)
    path = path_of(ws, FIRST)
    assert any("后来报送的一版代替" in str(row[0]) for row in shown(path))
    row = line(path, "住宅小区物业管理覆盖率")
    assert (row[1], row[9]) == (64, None)


def test_all_else_stays_as_it_was(ws: Workspace) -> None:
    path = path_of(ws)
    before = parts(path)
    fill_receipts(ws)
    after = parts(path)
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {"xl/worksheets/sheet3.xml"}
    content = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert content["issues"], "what intake wrote is still there"
    figure = content["figures"]["indicators"][0]
    assert (figure["numerator"], figure["last_period"]["numerator"]) == (70, 60)
    assert figure["milestone"]["gap_units"] == 3
    assert figure["replaced_version"]["numerator"] == 64


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_district_with_a_sheet_of_that_name(ws: Workspace, tmp_path: Path) -> None:
    path = path_of(ws)
    data = Book(communities(2), sheets={"本期数据": [["自己的", 1]]}).bytes()
    (tmp_path / "original").write_bytes(data)
    source = Source(SECOND, SECOND * 4, len(data), "台账二.xlsx", None, RECEIVED, "first_seen")
    [judgement] = judge_batch([(source, read_workbook(data))], plans())
    write_receipt(judgement, tmp_path / "original", path, plans())
    assert not fill_receipts(ws).left
    book = openpyxl.load_workbook(path)
    assert book["本期数据"]["A1"].value == "自己的"
    assert any(row[1] == 70 for row in book["本期数据(回执)"].iter_rows(values_only=True))


class TestAgain:
    def test_nothing_new_touches_nothing(self, ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        fill_receipts(ws)
        monkeypatch.setattr("pipelines.reporting.receipts.Marts", _never)
        assert fill_receipts(ws).written == 0

    def test_only_what_changed_is_opened(self, ws: Workspace) -> None:
        fill_receipts(ws)
        stamps = {path: path.stat().st_mtime_ns for path in ws.receipts.rglob("*.xlsx")}
        marts(ws.marts, NOW | {"pm_coverage_rate": (71, 72)})
        assert fill_receipts(ws).written == 1
        touched = {path for path, stamp in stamps.items() if path.stat().st_mtime_ns != stamp}
        assert touched == {path_of(ws)}
        assert line(path_of(ws), "住宅小区物业管理覆盖率")[1] == 71

    def test_the_same_bytes_when_the_memory_is_lost(self, ws: Workspace) -> None:
        fill_receipts(ws)
        before = path_of(ws).read_bytes()
        shutil.rmtree(ws.build)
        assert fill_receipts(ws).written == 0
        assert path_of(ws).read_bytes() == before

    def test_a_receipt_saved_over_is_left_alone(self, ws: Workspace) -> None:
        book = openpyxl.load_workbook(path_of(ws))
        book["问题清单"]["I12"] = "已核实"
        book.save(path_of(ws))
        before = path_of(ws).read_bytes()
        done = fill_receipts(ws)
        assert done.left == [path_of(ws)]
        assert path_of(ws).read_bytes() == before

    def test_a_receipt_that_intake_wrote_anew(self, ws: Workspace, written: Path) -> None:
        fill_receipts(ws)
        shutil.copytree(written, ws.receipts, dirs_exist_ok=True)
        path_of(ws).touch()
        path_of(ws, FIRST).touch()
        assert fill_receipts(ws).written == 2
        assert line(path_of(ws), "住宅小区物业管理覆盖率")[1] == 70

    def test_a_memory_that_makes_no_sense(self, ws: Workspace) -> None:
        (ws.build / "receipts.json").write_text('{"inputs": 3, "filled": ["x"]}')
        assert fill_receipts(ws).written == 2

    def test_a_receipt_taken_away_is_no_fault(self, ws: Workspace) -> None:
        path_of(ws).unlink()
        assert fill_receipts(ws).written == 1

    def test_before_anything_was_published(self, tmp_path: Path) -> None:
        assert fill_receipts(Workspace(tmp_path).prepare()).written == 0


_never: Callable[..., Any] = lambda *_: pytest.fail("nothing was to be read")  # noqa: E731
