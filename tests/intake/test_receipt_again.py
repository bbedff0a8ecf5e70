"""A receipt on its way: filled in by a clerk, saved by whatever program she has, sent in again."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines.intake.answers import Answers, is_of_receipt, read_answers
from pipelines.intake.issues import Issue
from pipelines.intake.judging import Judgement
from pipelines.intake.mended import carried_answers, compare, key
from pipelines.intake.receipt.words import words
from pipelines.intake.service import process_inbox
from pipelines.settings import Workspace
from tests.intake.books import PLAN, RECEIVED, Book, communities, found, judged, plans, saved
from tests.intake.packages import faults
from tests.intake.test_receipt import receipt


def ledger() -> list[dict[str, object]]:
    """Seven communities without households (folded in the list), one without its company, one with an odd date."""
    rows = communities(12)
    for row in rows[:7]:
        row["总户数"] = 0
    rows[8]["物业服务企业"] = None
    rows[9]["交付使用时间"] = "很久以前"
    return rows


def answered(path: Path) -> bytes:
    """The receipt with the group, one of its members and a single finding answered, and a cell mended."""
    book = openpyxl.load_workbook(path)
    sheet = book["问题清单"]
    for row in sheet.iter_rows():
        code, number = str(row[10].value), str(row[0].value)
        if code == "R04/households/*":
            row[8].value = "空置，正在核实"
        elif code == "R04/households" and number.endswith("-2"):
            row[8].value = "拆除中"
        elif code == "unreadable_date/delivered_date":
            row[8].value = "档案缺失"
    book["小区明细"]["Q10"] = "测试物业服务有限公司"
    return saved(book)


def answers(judgement: Judgement) -> dict[tuple[str, str | None], str | None]:
    return {(issue.rule_id, issue.cell): issue.answer for issue in judgement.issues if issue.answer}


EXPECTED = {
    **{("R04", f"N{row}"): "空置，正在核实" for row in (2, 4, 5, 6, 7, 8)},
    ("R04", "N3"): "拆除中",
    ("unreadable_date", "H11"): "档案缺失",
}


@pytest.mark.parametrize(
    ("said", "verdict", "counts"),
    [
        ((None, None), "通过，有 2 处请核对", "退回 0 处、错误 0 处、提示 2 处"),
        (("属实", None), "通过，还有 1 处请核对", "退回 0 处、错误 0 处、提示 2 处；其中 1 处已有说明"),
        (("属实", "已核实"), "通过，提示均已说明", "退回 0 处、错误 0 处、提示 2 处；其中 2 处已有说明"),
    ],
)
def test_what_is_answered_is_asked_no_more(said: tuple[str | None, ...], verdict: str, counts: str) -> None:
    judgement = judged(Book(ledger()).bytes())
    warnings = [replace(judgement.issues[0], severity="warning", answer=answer) for answer in said]
    told = words(replace(judgement, issues=warnings), plans())
    assert (told.verdict, told.counts) == (verdict, counts)
    assert told.level == ("good" if all(said) else "warning")
    assert bool(told.todo) == (not all(said))


def test_answers_to_a_group_count_for_each_of_it(tmp_path: Path) -> None:
    judgement = judged(answered(receipt(Book(ledger()).bytes(), tmp_path)))
    assert answers(judgement) == EXPECTED
    assert not found(judgement, "R08")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_saved_by_another_program(tmp_path: Path, kind: str) -> None:
    """Whatever a clerk saves it as: it is a submission, with its answers, and nothing of ours is read as data."""
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed")
    mine = tmp_path / "回执.xlsx"
    mine.write_bytes(answered(receipt(Book(ledger()).bytes(), tmp_path)))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    out = tmp_path / "saved"
    done = subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", kind, "--outdir", str(out), str(mine)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    judgement = judged((out / f"回执.{kind}").read_bytes())
    assert judgement.key == (PLAN, "150802", "2024-11")
    assert judgement.submission["community_count"] == 12
    assert answers(judgement) == EXPECTED
    assert [table["sheet"] for table in judgement.recognised] == ["小区明细"]
    again = receipt((out / f"回执.{kind}").read_bytes(), tmp_path)
    assert faults(again) == []
    book = openpyxl.load_workbook(again)
    assert book.sheetnames == ["问题清单", "识别结果", "本期数据", "填报说明", "小区明细"]
    shown = {row[8] for row in book["问题清单"].iter_rows(values_only=True)}
    assert {"空置，正在核实", "拆除中", "档案缺失"} <= shown


def test_our_sheets_are_told_from_those_of_a_district() -> None:
    assert is_of_receipt("问题清单", [[]])
    assert is_of_receipt("本期数据", [["本期数据：按这份报表算出的指标"]])
    assert is_of_receipt("与上一版相比(回执)", [["与上一版相比"]])
    assert not is_of_receipt("本期数据", [["指标", "数值"]])
    assert not is_of_receipt("小区明细", [["本期数据："]])


HEADERS = ["序号", "级别", "工作表", "单元格", "小区/对象", "问题", "原填内容", "如何修改", "说明", "规则", "编号"]


def line(number: str, cell: str, entity: str, answer: str, code: str, sheet: str = "小区明细") -> list[object]:
    return [number, "错误", sheet, cell, entity, "", "", "", answer, "", code]


def read(*lines: Sequence[object]) -> Answers:
    return read_answers([[["报表回执"], HEADERS, *lines]])


def issue(rule: str = "R04", cell: str | None = "N3", entity: str | None = "乙", **more: Any) -> Issue:
    return Issue("error", rule, "…", "…", "小区明细", cell, 3, "community", "households", entity, **more)


class TestReadingAnswers:
    def test_of_a_community_that_moved_to_another_row(self) -> None:
        assert read(line("1", "N3", "乙", "对", "R04/households")).to(issue(cell="N9")) == "对"

    def test_of_another_column_of_the_same_community_is_not_mixed_up(self) -> None:
        assert read(line("1", "N3", "乙", "对", "R04/floor_area_sqm")).to(issue(cell="N9")) is None

    def test_what_is_sorted_by_the_clerk(self) -> None:
        """The single lines may stand above the line of their group."""
        given = read(
            line("1-1", "N3", "乙", "", "R04/households"), line("1", "N3等", "2 个", "都对", "R04/households/*")
        )
        assert given.to(issue()) == "都对"

    def test_a_list_of_an_older_receipt(self) -> None:
        """Without the column 编号 the rule itself stands under 规则."""
        old = [*HEADERS[:10]]
        lines = [["报表回执"], old, ["1", "错误", "小区明细", "N3", "乙", "", "", "", "对", "R04"]]
        assert read_answers([lines]).to(issue()) == "对"

    def test_two_missing_sheets_are_two_findings(self) -> None:
        given = read(line("1", "", "", "没有企业", "missing_sheet/", "企业明细"))
        missing = [Issue("error", "missing_sheet", "…", "…", sheet) for sheet in ("企业明细", "党建情况")]
        assert [given.to(one) for one in missing] == ["没有企业", None]

    def test_nothing_given(self) -> None:
        assert not read(line("1", "N3", "乙", "", "R04/households"))
        assert read().given
        assert not read_answers([]).given


class TestMended:
    def test_counts(self) -> None:
        before = [issue(), issue(cell="N4", entity="丙"), issue(cell="N5", entity="丁")]
        now = [issue(cell="N7"), issue(cell="N8", entity="戊")]
        assert compare(before, now).sentence == ("与上一次报送相比：上次 3 处，已改正 2 处，仍有 1 处，新增 1 处。")

    def test_the_same_finding_on_two_rows_of_one_name(self) -> None:
        result = compare([issue(), issue(cell="N9")], [issue(cell="N9")])
        assert (result.mended, result.still, result.new) == (1, 1, 0)

    def test_answers_hold_for_what_is_still_there(self) -> None:
        before = [issue(answer="已核实"), issue(cell="N4", entity="丙", answer="不再有")]
        assert carried_answers(before, [issue(cell="N7")]) == {key(issue()): "已核实"}


@pytest.mark.slow
def test_version_after_version_through_the_inbox(tmp_path: Path) -> None:
    """Returned, mended, answered, sent again from the clerk's own file: the receipt tells what became of it all."""
    ws = Workspace(tmp_path).prepare()
    bad = ledger()
    headers = [header for header in bad[0] if header != "物业管理方式"]
    versions = [Book(bad, headers=headers).bytes(), Book(bad).bytes()]
    content: dict[str, Any] = {}
    for number, data in enumerate(versions):
        content = drop(ws, data, number)
    assert content["mended"]["before"] > 0
    assert content["mended"]["still"] >= 8
    path = next(ws.receipts.rglob("1-回执-*.xlsx"))
    content = drop(ws, answered(path), 2)
    assert "已改正 1 处" in content["words"]["progress"]
    assert sum(one["answer"] == "空置，正在核实" for one in content["issues"]) == 6
    own = ledger()
    own[8]["物业服务企业"] = "测试物业服务有限公司"
    own[0]["总户数"] = 100
    content = drop(ws, Book(own).bytes(), 3)
    assert "已改正 1 处" in content["words"]["progress"]
    assert sum(one["answer"] == "空置，正在核实" for one in content["issues"]) == 5, "answers hold within the period"
    sheet = openpyxl.load_workbook(next(ws.receipts.rglob("3-回执-*.xlsx")))["问题清单"]
    assert any("已改正 1 处" in str(row[0]) for row in sheet.iter_rows(values_only=True))


def drop(ws: Workspace, data: bytes, number: int) -> dict[str, Any]:
    """Take in a version received on its own day; its receipt as data."""
    (ws.inbox / f"{number}.xlsx").write_bytes(data)
    [outcome] = process_inbox(ws, plans(), replace_day(number))
    assert outcome.receipt
    return json.loads(outcome.receipt.with_suffix(".json").read_text(encoding="utf-8"))


def replace_day(number: int) -> Any:
    return RECEIVED.replace(day=RECEIVED.day - 10 + number)
