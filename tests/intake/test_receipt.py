"""回执: the district's workbook comes back with its problems in their cells, and can be sent in again."""

from __future__ import annotations

import io
import json
import time
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from pipelines.intake.judging import Source, judge_batch
from pipelines.intake.reader import read_workbook
from pipelines.intake.receipt import receipt_path, write_plain, write_receipt
from pipelines.intake.receipt.ownsheet import FILLS
from pipelines.intake.template import FIRST_ROW, write_template
from tests.intake.books import (
    COVER,
    PLAN,
    RECEIVED,
    ROW,
    Book,
    communities,
    community,
    found,
    grid,
    judged,
    plans,
    saved,
)
from tests.intake.packages import faults

PHONE = "13800000000"


def receipt(data: bytes, folder: Path, name: str = "报表.xlsx") -> Path:
    """Judge a workbook and write its receipt."""
    original = folder / "original"
    original.write_bytes(data)
    source = Source("ab" * 8, "ab" * 32, len(data), name, None, RECEIVED, "first_seen")
    [judgement] = judge_batch([(source, read_workbook(data))], plans())
    target = receipt_path(folder / "receipts", judgement.submission)
    return write_receipt(judgement, original, target, plans())


def every_part(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


def is_well_formed(path: Path) -> None:
    """Nothing in it would make Excel offer to repair the file."""
    assert faults(path) == []


BAD = [
    community(),
    community(小区编码="LH0002", 小区名称="乙", 总户数=0),
    community(小区编码="LH0003", 小区名称="丙", 物业服务企业=None),
]


def test_problems_stand_in_their_cells(tmp_path: Path) -> None:
    path = receipt(Book(BAD).bytes(), tmp_path)
    is_well_formed(path)
    assert path.parent == tmp_path / "receipts" / PLAN / "2024-11" / "150802"
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["问题清单", "识别结果", "本期数据", "填报说明", "小区明细"]
    sheet = book["小区明细"]
    for cell, rule in (("N3", "R04"), ("Q4", "R08")):
        assert sheet[cell].fill.fgColor.rgb == FILLS["error"]
        assert sheet[cell].comment
        assert rule in sheet[cell].comment.text
        assert "修改办法" in sheet[cell].comment.text
    assert sheet["N2"].comment is None
    assert sheet["N2"].fill.fill_type is None


def test_list_of_problems(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(receipt(Book(BAD).bytes(), tmp_path))["问题清单"]
    lines = [list(row) for row in sheet.iter_rows(values_only=True)]
    words = "\n".join(str(line[0]) for line in lines[:8])
    assert "巴彦淖尔市" in words
    assert "临河区" in words
    assert "2024年11月28日 10:00" in words
    assert "通过，但有 14 处错误" in words
    head = next(n for n, line in enumerate(lines) if line[0] == "序号")
    assert lines[head] == [
        "序号",
        "级别",
        "工作表",
        "单元格",
        "小区/对象",
        "问题",
        "原填内容",
        "如何修改",
        "说明",
        "规则",
        "编号",
    ]
    [households] = [line for line in lines[head + 1 :] if line[10] == "R04/households"]
    assert households[1:5] == ["错误", "小区明细", "N3", "乙"]
    row = lines.index(households) + 1
    assert sheet.cell(row, 4).hyperlink.location == "'小区明细'!N3"
    order = ["退回", "错误", "提示"]
    end = next(n for n, line in enumerate(lines) if line[0] == "按规则汇总")
    levels = [order.index(line[1]) for line in lines[head + 1 : end - 1]]
    assert levels == sorted(levels)


def test_json_beside_it(tmp_path: Path) -> None:
    path = receipt(Book(BAD).bytes(), tmp_path)
    content = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert (content["status"], content["plan_id"], content["district_code"]) == ("accepted_with_issues", PLAN, "150802")
    assert content["row_count"] == 3
    assert {"rule_id": "R04", "cell": "N3"}.items() <= next(
        i for i in content["issues"] if i["rule_id"] == "R04"
    ).items()
    assert content["recognised"][0]["columns"][0]["letter"] == "A"


def test_the_rest_of_the_workbook_is_as_it_was(tmp_path: Path) -> None:
    book = Book(BAD).workbook()
    sheet = book["小区明细"]
    sheet["E3"].font = Font(bold=True, color="FF00FF00")
    sheet["N3"].number_format = "0.0"
    sheet.column_dimensions["E"].width = 33
    sheet.freeze_panes = "F2"
    sheet.merge_cells("AH1:AI1")
    sheet.auto_filter.ref = "A1:AG4"
    sheet["AK1"], sheet["AK2"] = "=SUM(N2:N4)", "=N2*2"
    validation = DataValidation(type="list", formula1='"是,否"')
    validation.add("J2:J9")
    sheet.add_data_validation(validation)
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=14, min_row=1, max_row=4))
    sheet.add_chart(chart, "AM2")
    book.defined_names["户数"] = DefinedName("户数", attr_text="小区明细!$N$2:$N$4")
    sheet.print_title_rows = "1:1"
    path = receipt(saved(book), tmp_path)
    is_well_formed(path)
    again = openpyxl.load_workbook(path)["小区明细"]
    assert (again["E3"].font.b, again["E3"].font.color.rgb) == (True, "FF00FF00")
    assert (again["N3"].number_format, again["N3"].fill.fgColor.rgb) == ("0.0", FILLS["error"])
    assert again.column_dimensions["E"].width == 33
    assert (again.freeze_panes, again.auto_filter.ref) == ("F2", "A1:AG4")
    assert "AH1:AI1" in [str(area) for area in again.merged_cells.ranges]
    assert again["AK1"].value == "=SUM(N2:N4)"
    assert again.data_validations.dataValidation[0].formula1 == '"是,否"'
    assert len(again._charts) == 1
    assert again.parent.defined_names["户数"].attr_text == "小区明细!$N$2:$N$4"
    assert again.print_title_rows == "$1:$1"


def test_formulas_keep_their_values(tmp_path: Path) -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        cover, sheet = book.add_worksheet("填报说明"), book.add_worksheet("小区明细")
        for row, line in enumerate(COVER.items()):
            cover.write_row(row, 0, line)
        sheet.write_row(0, 0, list(ROW))
        sheet.write_row(1, 0, list(community(总户数=None, 备注=f"电话{PHONE}").values()))
        sheet.write_formula("N2", "=60+40", None, 100)
    path = receipt(content.getvalue(), tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert b"<f>60+40</f><v>100</v>" in archive.read("xl/worksheets/sheet5.xml")
    assert judged(path.read_bytes()).frames["community"]["households"].to_list() == [100]


class TestSentAgain:
    def corrected(self, tmp_path: Path) -> openpyxl.Workbook:
        return openpyxl.load_workbook(receipt(Book(BAD).bytes(), tmp_path))

    def test_a_corrected_receipt_is_a_valid_submission(self, tmp_path: Path) -> None:
        book = self.corrected(tmp_path)
        book["小区明细"]["N3"], book["小区明细"]["Q4"] = 90, "测试物业服务有限公司"
        judgement = judged(saved(book))
        assert judgement.key == (PLAN, "150802", "2024-11")
        assert judgement.submission["community_count"] == 3
        assert {issue.rule_id for issue in judgement.issues} == {"missing_sheet"}
        assert judgement.frames["community"]["withheld"].to_list() == [[], [], []]

    def test_answers_are_kept_with_their_finding(self, tmp_path: Path) -> None:
        book = self.corrected(tmp_path)
        listed = book["问题清单"]
        for row in listed.iter_rows():
            if row[10].value == "R04/households":
                row[8].value = f"已核实，电话{PHONE}"
        judgement = judged(saved(book))
        [issue] = found(judgement, "R04")
        assert issue.answer == "已核实，电话***"
        assert {i.answer for i in judgement.issues if i.rule_id != "R04"} == {None}
        again = openpyxl.load_workbook(receipt(saved(book), tmp_path))["问题清单"]
        assert [row[8] for row in again.iter_rows(values_only=True) if row[10] == "R04/households"] == [
            "已核实，电话***"
        ]

    def test_what_was_mended_loses_its_colour(self, tmp_path: Path) -> None:
        book = self.corrected(tmp_path)
        book["小区明细"]["N3"] = 90
        sheet = openpyxl.load_workbook(receipt(saved(book), tmp_path))["小区明细"]
        assert sheet["N3"].fill.fill_type is None
        assert sheet["N3"].comment is None
        assert sheet["Q4"].fill.fgColor.rgb == FILLS["error"]


class TestPersonalData:
    SECRETS = (PHONE, "张三丰", "秘密批注", "作者名", "隐藏的人", "0478-8261234")

    def book(self) -> bytes:
        headers = [*ROW, "项目负责人", "联系电话"]
        rows = [community(备注=f"找{PHONE}") | {"项目负责人": "张三丰", "联系电话": int(PHONE)}]
        book = Book(rows, cover=COVER | {"填报人": "张三丰", "联系电话": "0478-8261234"}, headers=headers).workbook()
        sheet = book["小区明细"]
        sheet["A1"].comment = Comment("秘密批注", "作者名")
        sheet.oddHeader.left.text = f"电话{PHONE}"
        sheet["A9"], sheet["A10"] = f"注：请联系{PHONE}", "填表人：张三丰"
        hidden = book.create_sheet("旧表")
        hidden["A1"] = "隐藏的人"
        hidden.sheet_state = "veryHidden"
        book.properties.creator = "作者名"
        return saved(book)

    def test_none_of_it_is_in_the_receipt(self, tmp_path: Path) -> None:
        path = receipt(self.book(), tmp_path, name="***.xlsx")
        is_well_formed(path)
        for secret in self.SECRETS:
            assert secret not in every_part(path), secret
            assert secret not in path.with_suffix(".json").read_text(encoding="utf-8"), secret
        book = openpyxl.load_workbook(path)
        sheet = book["小区明细"]
        assert [sheet[cell].value for cell in ("AG2", "AH2", "AI2", "A9", "A10")] == ["***"] * 5
        assert (sheet["AH1"].value, sheet["AI1"].value) == ("项目负责人", "联系电话")
        assert "旧表" not in book.sheetnames
        assert [book["填报说明"].cell(row, 2).value for row in (7, 8)] == ["***", "***"]

    def test_names_of_sheets_too(self, tmp_path: Path) -> None:
        named = f"小区明细(联系{PHONE})"
        path = receipt(grid([list(ROW), list(community(总户数=0).values())], title=named), tmp_path)
        is_well_formed(path)
        assert PHONE not in every_part(path)
        sheet = openpyxl.load_workbook(path).worksheets[-1]
        assert sheet["N2"].fill.fgColor.rgb == FILLS["error"]

    def test_it_can_still_be_sent_again(self, tmp_path: Path) -> None:
        judgement = judged(receipt(self.book(), tmp_path).read_bytes())
        assert judgement.submission["community_count"] == 1
        assert not found(judgement, "R27")


@pytest.mark.parametrize("kind", ["csv", "html", "strict", "prefixed"])
def test_other_formats_get_a_workbook_of_the_same_content(tmp_path: Path, kind: str) -> None:
    rows = [list(ROW), *(list(row.values()) for row in BAD)]
    if kind == "csv":
        data = "\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in rows).encode("gb18030")
    elif kind == "html":
        lines = "".join("<tr>" + "".join(f"<td>{'' if c is None else c}</td>" for c in row) + "</tr>" for row in rows)
        data = f"<html><table>{lines}</table></html>".encode()
    else:
        content = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(Book(BAD).bytes())) as old, zipfile.ZipFile(content, "w") as new:
            for name in old.namelist():
                part = old.read(name).decode()
                if kind == "strict":
                    part = part.replace(
                        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                        "http://purl.oclc.org/ooxml/spreadsheetml/main",
                    )
                elif name == "xl/workbook.xml":
                    part = part.replace("<sheets>", "<sheets >")
                new.writestr(name, part)
        data = content.getvalue()
    source = Source("cd" * 8, "cd" * 32, len(data), "临河区2024年度.csv", None, RECEIVED, "first_seen")
    [judgement] = judge_batch([(source, read_workbook(data))], plans())
    assert judgement.submission["community_count"] == 3
    original = tmp_path / "original"
    original.write_bytes(data)
    path = write_receipt(judgement, original, tmp_path / "receipt.xlsx", plans())
    is_well_formed(path)
    book = openpyxl.load_workbook(path)
    sheet = book[judgement.shown[-1]]
    [issue] = found(judgement, "R04")
    assert sheet[issue.cell].value in (0, "0")
    assert sheet[issue.cell].fill.fgColor.rgb == FILLS["error"]


def test_a_workbook_that_cannot_be_read_gets_a_list_only(tmp_path: Path) -> None:
    from pipelines.intake.issues import Refusal
    from pipelines.intake.judging import refused

    source = Source("ef" * 8, "ef" * 32, 4, "坏.xlsx", None, datetime(2024, 11, 28), "first_seen")
    judgement = refused(source, Refusal("encrypted", "文件加了打开密码。", "请取消密码。"))
    target = receipt_path(tmp_path, judgement.submission)
    assert target.parent == tmp_path / "未识别"
    path = write_plain(judgement, target, plans())
    is_well_formed(path)
    words = [
        row[5]
        for row in openpyxl.load_workbook(path)["问题清单"].iter_rows(values_only=True)
        if row[10] == "encrypted/"
    ]
    assert words == ["文件加了打开密码。"]


def test_a_filled_in_template(tmp_path: Path) -> None:
    """From template to receipt and back: protected sheets, drop-downs from other sheets, a sample row."""
    plan = plans()[PLAN]
    district, period = plan.district("临河区"), plan.period("2024-11")
    assert district
    assert period
    book = openpyxl.load_workbook(write_template(plan, district, period, tmp_path / "template.xlsx"))
    sheet = book["小区明细"]
    headings = [str(cell.value).partition("(")[0].rstrip("*") for cell in sheet[FIRST_ROW - 1]]
    values = {header.partition("(")[0]: value for header, value in community(总户数=0).items()}
    for column, heading in enumerate(headings, start=1):
        sheet.cell(FIRST_ROW + 1, column, values.get(heading))
    data = saved(book)
    judgement = judged(data)
    assert judgement.key == (PLAN, "150802", "2024-11")
    assert judgement.submission["community_count"] == 1
    assert {issue.rule_id for issue in judgement.issues} == {"R04"}
    path = receipt(data, tmp_path)
    is_well_formed(path)
    again = judged(path.read_bytes())
    assert again.key == judgement.key
    assert {issue.rule_id for issue in again.issues} == {"R04"}
    written = openpyxl.load_workbook(path)
    assert written["小区明细"].protection.sheet
    assert len(written["小区明细"].data_validations.dataValidation) == len(sheet.data_validations.dataValidation)


@pytest.mark.benchmark
def test_a_thousand_rows_and_a_hundred_problems(tmp_path: Path) -> None:
    rows = communities(1000)
    for row in rows[:100]:
        row["总户数"] = 0
    data = Book(rows).bytes()
    started = time.process_time()  # what it costs, however busy the machine is
    receipt(data, tmp_path)
    assert time.process_time() - started < 2  # judging included
