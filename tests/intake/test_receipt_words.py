"""What a receipt says: the verdict, by when to send again, what was left out, and in which order it lists findings."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.intake.issues import Issue, Refusal
from pipelines.intake.judging import Judgement, Source, refused
from pipelines.intake.receipt.effects import indicators_without
from pipelines.intake.receipt.findings import FOLDED_FROM, grouped, ranges, rule_title, shortened
from pipelines.intake.receipt.ownsheet import OwnSheet, text_xml
from pipelines.intake.receipt.words import Words, words
from tests.intake.books import COVER, PLAN, ROW, Book, communities, community, judged, plans
from tests.intake.packages import faults
from tests.intake.test_receipt import receipt

PLAN_OF = plans()[PLAN]
IN_TIME, LATE = datetime(2024, 11, 28, 10), datetime(2024, 12, 3, 10)


def said(book: Book, received: datetime = IN_TIME) -> Words:
    return words(judged(book, received=received), plans())


def only(judgement: Judgement, *severities: str) -> Words:
    """What would be said had only findings of these severities been made."""
    judgement.issues = [issue for issue in judgement.issues if issue.severity in severities]
    return words(judgement, plans())


BAD = [community(), community(小区编码="LH0002", 小区名称="乙", 总户数=0)]
NO_MODE = [header for header in ROW if header != "物业管理方式"]


class TestVerdict:
    def test_returned(self) -> None:
        said_now = said(Book(BAD, headers=NO_MODE))
        assert said_now.verdict == "退回：有 1 处必须先改正"
        assert "没有采用，不算已报" in said_now.now
        assert "请在2024年11月30日前（含当日）改正重报；以通过之日判断是否迟报" in said_now.todo
        assert said_now.left_out == "", "nothing was taken at all"

    def test_returned_and_late(self) -> None:
        assert "已过报送期限（2024年11月30日）" in said(Book(BAD, headers=NO_MODE), LATE).todo

    def test_errors(self) -> None:
        said_now = said(Book(BAD))
        assert said_now.level == "error"
        assert "按空白处理" in said_now.now
        assert "补正不影响已收到的时间，不算迟报" in said_now.todo
        assert "“总户数”1 处" in said_now.left_out

    def test_errors_after_the_due_date(self) -> None:
        assert said(Book(BAD), LATE).todo.startswith("请尽快改正重报；")

    def test_warnings_only(self) -> None:
        judgement = judged(Book([community(备注="约100户", 楼栋长制=None)], headers=[*ROW, "网格员"]))
        said_now = only(judgement, "warning")
        assert said_now.level == "warning"
        assert "已全部采用" in said_now.now
        assert said_now.left_out == ""

    def test_nothing_found(self) -> None:
        said_now = only(judged(Book()))
        assert (said_now.level, said_now.todo) == ("good", "")
        assert said_now.now == "本次报送已全部采用，不必再报。"

    def test_the_baseline_is_never_late(self) -> None:
        cover = COVER | {"填报期": "2023-baseline", "数据截止日期": "2023-09-30"}
        assert "迟报" not in said(Book(BAD, cover=cover, headers=NO_MODE), datetime(2023, 9, 1)).todo

    def test_a_file_of_nobody(self) -> None:
        source = Source("0" * 16, "0" * 64, 4, "坏.xlsx", None, IN_TIME, "first_seen")
        said_now = words(refused(source, Refusal("encrypted", "文件加了打开密码。", "请取消密码。")), plans())
        assert said_now.todo == "请尽快改正重报。按下表所说处理原文件后，按原来的途径再报一次。"


class TestEffects:
    def issue(self, rule: str, form: str, field: str | None, severity: str = "error") -> Issue:
        return Issue(severity, rule, "…", "…", "表", "A1", 1, form, field)

    def names(self, *place: Any) -> list[str]:
        return [indicator.id for indicator in indicators_without(self.issue(*place), PLAN_OF)]

    def test_a_missing_company_keeps_from_professional_coverage(self) -> None:
        found = self.names("R08", "community", "company_name")
        assert {"professional_pm_coverage_rate", "professional_pm_coverage_rate_new"} <= set(found)
        assert "pm_coverage_rate" not in found

    def test_the_way_of_management_decides_coverage(self) -> None:
        assert {"pm_coverage_rate", "professional_pm_coverage_rate"} <= set(
            self.names("unknown_word", "community", "management_mode")
        )

    def test_a_remark_decides_nothing(self) -> None:
        assert self.names("R27", "community", "remark") == []

    def test_a_missing_sheet_takes_its_indicators(self) -> None:
        assert "committee_formation_rate" in self.names("missing_sheet", "committee", None)
        assert "pm_coverage_rate" not in self.names("missing_sheet", "committee", None)

    def test_a_row_without_name_counts_nowhere(self) -> None:
        assert "pm_coverage_rate" in self.names("R02", "community", "community_name")

    def test_warnings_change_no_figure(self) -> None:
        assert self.names("R08", "community", "company_name", "warning") == []

    @pytest.mark.parametrize("plan", plans().values(), ids=plans().keys())
    def test_every_plan(self, plan: Any) -> None:
        """Whatever its indicators look at; those that need a sheet are without it."""
        for form in ("community", "company", "committee", "satisfaction"):
            found = indicators_without(self.issue("missing_sheet", form, None), plan)
            assert found or not any(indicator.entity == form for indicator in plan.indicators)


class TestOrder:
    def test_errors_stand_by_what_they_keep_from_the_figures(self) -> None:
        place = {"sheet": "小区明细", "form": "community", "entity": "甲"}
        remark = Issue("error", "R27", "…", "…", cell="A2", row=2, field="remark", **place)
        mode = Issue("error", "unknown_word", "…", "…", cell="B9", row=9, field="management_mode", **place)
        company = Issue("error", "R08", "…", "…", cell="C5", row=5, field="company_name", **place)
        warning = Issue("warning", "R06", "…", "…", cell="A1", row=1, field="households", **place)
        fatal = Issue("fatal", "missing_column", "…", "…", "小区明细")
        groups = grouped([warning, remark, company, mode, fatal], PLAN_OF)
        assert [group.first.rule_id for group in groups] == ["missing_column", "unknown_word", "R08", "R27", "R06"]

    def test_many_of_a_kind_in_one_column_are_one(self) -> None:
        def issues(count: int) -> list[Issue]:
            return [
                Issue(
                    "warning", "R06", f"…{n}", "…", "小区明细", f"N{n + 2}", n + 2, "community", "households", f"甲{n}"
                )
                for n in range(count)
            ]

        assert len(grouped(issues(FOLDED_FROM - 1), PLAN_OF)) == FOLDED_FROM - 1
        [group] = grouped(list(reversed(issues(40))), PLAN_OF)
        assert group.is_folded
        assert group.where == "N2:N41"
        assert [issue.row for issue in group.issues] == list(range(2, 42))
        assert not group.says_one_thing

    def test_all_are_reachable(self, tmp_path: Path) -> None:
        """A folded finding has a row of its own under its group, with its link; the group's line leads to the first."""
        rows = communities(12)
        for row in rows[:7]:
            row["总户数"] = 0
        sheet = openpyxl.load_workbook(receipt(Book(rows).bytes(), tmp_path))["问题清单"]
        lines = {str(row[0].value): row for row in sheet.iter_rows() if str(row[10].value).startswith("R04/")}
        [number] = [name for name in lines if "-" not in name]
        assert len(lines) == 8
        assert lines[number][3].hyperlink.location == "'小区明细'!N2"
        assert sheet.row_dimensions[lines[number][0].row].collapsed
        for place in range(1, 8):
            single = lines[f"{number}-{place}"]
            assert single[3].hyperlink.location == f"'小区明细'!N{place + 1}"
            assert sheet.row_dimensions[single[0].row].outlineLevel == 1


class TestList:
    def test_it_can_be_filtered_printed_and_filled_in(self, tmp_path: Path) -> None:
        sheet = openpyxl.load_workbook(receipt(Book(BAD).bytes(), tmp_path))["问题清单"]
        header = next(row[0].row for row in sheet.iter_rows() if row[0].value == "序号")
        assert sheet.auto_filter.ref.startswith(f"A{header}:K")
        assert sheet.freeze_panes == f"A{header + 1}"
        assert sheet.print_title_rows == f"${header}:${header}"
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert "&P" in sheet.oddFooter.right.text
        assert sheet.column_dimensions["K"].hidden
        cell = sheet.cell(header + 1, 9)
        assert not cell.protection.locked
        assert cell.fill.fgColor.rgb == "FFFFFDE7"
        lists = sheet.data_validations.dataValidation
        assert {choice.promptTitle for choice in lists} <= {"说明（错误）", "说明（提示）", "说明（退回）"}
        assert all(not choice.showErrorMessage and choice.prompt for choice in lists), "suggested, not forced"
        assert any(cell.coordinate in choice.sqref for choice in lists)

    def test_counts_by_rule_below_it(self, tmp_path: Path) -> None:
        sheet = openpyxl.load_workbook(receipt(Book(BAD).bytes(), tmp_path))["问题清单"]
        lines = list(sheet.iter_rows(values_only=True))
        start = next(n for n, line in enumerate(lines) if line[0] == "按规则汇总")
        counted = {line[2]: line[0] for line in lines[start + 2 :] if line[2]}
        assert counted[rule_title("R04")] == 1
        assert sum(counted.values()) == lines[-1][0]


@given(st.lists(st.integers(1, 500), min_size=1))
def test_ranges_name_each_cell_once(rows: list[int]) -> None:
    named: list[int] = []
    for part in ranges(f"AB{row}" for row in rows).split("、"):
        first, _, last = part.partition(":")
        named += range(int(first[2:]), int((last or first)[2:]) + 1)
    assert named == sorted(set(rows))


def test_names_are_shortened_between_them() -> None:
    assert shortened(["甲", "乙"]) == "甲、乙"
    assert shortened(["甲" * 30, "乙" * 30]) == "甲" * 30 + "等"


@given(st.text())
def test_any_text_is_xml(text: str) -> None:
    from xml.etree import ElementTree

    ElementTree.fromstring(f"<t>{text_xml(text)}</t>")


def test_rows_are_as_high_as_their_text() -> None:
    sheet = OwnSheet("表", (10, 10))
    sheet.add(("短", "body"), ("长" * 40, "body"))
    sheet.add(("短", "body"))
    assert sheet.height(1) > 8 * sheet.height(2) / 2


def test_a_ledger_without_a_problem_gets_no_empty_table(tmp_path: Path) -> None:
    from pipelines.intake.receipt import write_receipt

    data = Book().bytes()
    original = tmp_path / "original"
    original.write_bytes(data)
    judgement = judged(data)
    judgement.issues = []
    judgement.recount()
    path = write_receipt(judgement, original, tmp_path / "receipt.xlsx", plans())
    assert faults(path) == []
    sheet = openpyxl.load_workbook(path)["问题清单"]
    words = [str(row[0]) for row in sheet.iter_rows(values_only=True)]
    assert "通过，没有发现问题。本次报送已全部采用，不必再报。" in words
    assert "序号" not in words
