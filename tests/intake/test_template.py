"""The empty workbook: what a clerk finds in it, and that intake reads it back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.forms import FORMS, SAMPLE_ROW
from pipelines.intake.template import COVER, EXAMPLE_ROW, FIRST_ROW, HEADER_ROW, META, write_template
from pipelines.plans import Plan, load_plans

PLAN = load_plans()["bayannur_2023_2025"]
DISTRICT = PLAN.district("临河区")
PERIOD = PLAN.period("2024-11")
assert PERIOD
ASKED = [form for form in FORMS.values() if form.name in PERIOD.forms]
HEADER, EXAMPLE, FIRST = HEADER_ROW + 1, EXAMPLE_ROW + 1, FIRST_ROW + 1


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert DISTRICT
    assert PERIOD
    return write_template(PLAN, DISTRICT, PERIOD, tmp_path_factory.mktemp("template") / "new" / "t.xlsx")


@pytest.fixture(scope="module")
def book(path: Path) -> Iterator[openpyxl.Workbook]:
    book = openpyxl.load_workbook(path)
    yield book
    book.close()


def headings(sheet: Worksheet) -> list[str]:
    return [cell.value for cell in sheet[HEADER]]


def validation(sheet: Worksheet, heading: str) -> DataValidation:
    letter = openpyxl.utils.get_column_letter(headings(sheet).index(heading) + 1)
    return next(rule for rule in sheet.data_validations.dataValidation if f"{letter}{FIRST}" in rule.sqref)


def test_one_sheet_per_form_asked_in_the_order_of_the_forms(book: openpyxl.Workbook) -> None:
    assert PERIOD
    asked = [form.sheet for form in FORMS.values() if form.name in PERIOD.forms]
    assert book.sheetnames == [COVER, *asked, META]


def test_headers_carry_unit_and_star(book: openpyxl.Workbook) -> None:
    for form in ASKED:
        assert headings(book[form.sheet]) == [c.heading for c in form.columns if not c.extra]
    assert "建筑面积(㎡)*" in headings(book["小区明细"])


def test_choices_are_drop_downs_with_chinese_labels(book: openpyxl.Workbook) -> None:
    mode = validation(book["小区明细"], "物业管理方式*")
    assert mode.type == "list"
    assert mode.showErrorMessage
    assert "市场化物业,国有物业,社区托管" in mode.formula1
    assert validation(book["小区明细"], "是否老旧小区").formula1 == '"是,否"'


def test_numbers_are_checked_but_a_word_may_stand(book: openpyxl.Workbook) -> None:
    households = validation(book["小区明细"], "总户数*")
    assert (households.type, households.operator, households.formula1) == ("whole", "greaterThanOrEqual", "1")
    assert households.errorStyle == "warning"
    rate = validation(book["小区明细"], "物业费收缴率(%)")
    assert (rate.formula1, rate.formula2) == ("0", "100")


def test_indicator_ids_are_offered_from_the_cover(book: openpyxl.Workbook) -> None:
    def offered(sheet: str, heading: str) -> list[str]:
        place = validation(book[sheet], heading).formula1.split("!")[1].replace("$", "")
        return [cell.value for (cell,) in book[COVER][place]]

    tasks = offered("任务台账", "任务编号")
    assert {indicator.id for indicator in PLAN.indicators} <= set(tasks)
    documents = {indicator.id for indicator in PLAN.indicators if indicator.kind in ("boolean", "document")}
    assert set(offered("制度机制清单", "指标编号*")) == documents


def test_every_limit_of_excel_is_kept(book: openpyxl.Workbook) -> None:
    for sheet in book:
        for rule in sheet.data_validations.dataValidation:
            assert len(rule.formula1 or "") <= 257
            assert len(rule.prompt or "") <= 255
            assert len(rule.promptTitle or "") <= 32


def test_help_stands_at_the_header_and_at_the_cell(book: openpyxl.Workbook) -> None:
    sheet = book["小区明细"]
    cell = sheet.cell(HEADER, headings(sheet).index("物业管理方式*") + 1)
    assert "无物业" in cell.comment.text
    assert "全称" in validation(sheet, "物业服务企业").prompt


def test_headers_are_locked_and_frozen_and_data_cells_are_open(book: openpyxl.Workbook) -> None:
    for form in ASKED:
        sheet = book[form.sheet]
        assert sheet.protection.sheet
        assert sheet.protection.insertRows is False  # a lock that is off: rows may be inserted
        assert sheet.freeze_panes.endswith(str(FIRST))
        assert sheet.cell(HEADER, 1).protection.locked
        assert sheet.cell(EXAMPLE, 1).protection.locked
        assert all(not dimension.protection.locked for dimension in sheet.column_dimensions.values())


def test_codes_and_dates_are_text_and_counts_are_numbers(book: openpyxl.Workbook) -> None:
    sheet = book["小区明细"]
    formats = {cell.value: sheet.cell(EXAMPLE, cell.column).number_format for cell in sheet[HEADER]}
    assert formats["统一社会信用代码"] == formats["小区编码"] == formats["交付使用时间"] == "@"
    assert formats["总户数*"] == "0"
    assert formats["建筑面积(㎡)*"] == "#,##0.00"


def test_the_sample_row_says_that_it_is_one_and_reads_without_a_problem(book: openpyxl.Workbook) -> None:
    for form in ASKED:
        cells = [cell.value for cell in book[form.sheet][EXAMPLE]]
        assert cells[0] == SAMPLE_ROW
        for column, value in zip(form.columns_for(PLAN.fields)[1:], cells[1:], strict=True):
            read = column.parse(value)
            assert column.personal or column.field == "uscc" or read.problem is None, (form.name, column.field)


def test_sheets_print_on_a4_landscape_with_their_header_on_every_page(book: openpyxl.Workbook) -> None:
    for form in ASKED:
        sheet = book[form.sheet]
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.print_title_rows == f"${HEADER}:${HEADER}"
    assert book["小区明细"].print_title_cols == "$F:$F"


def test_the_cover_says_whose_it_is_and_leaves_room_for_the_rest(book: openpyxl.Workbook) -> None:
    sheet = book[COVER]
    beside = {cell.value: sheet.cell(cell.row, cell.column + 1) for row in sheet.iter_rows(1, 12) for cell in row}
    assert beside["填报单位"].value == "临河区"
    assert beside["行政区划代码"].value == "150802"
    assert beside["数据截止日期"].value == "2024-11-30"
    for asked in ("填报日期", "填报人", "联系电话", "审核人"):
        assert beside[asked].value is None
        assert not beside[asked].protection.locked


def test_the_hidden_mark(book: openpyxl.Workbook) -> None:
    sheet = book[META]
    assert sheet.sheet_state == "veryHidden"
    marks = dict(sheet.values)
    assert marks == {
        "plan_id": "bayannur_2023_2025",
        "district_code": "150802",
        "period_id": "2024-11",
        "template_version": "1",
    }


def test_two_writings_are_the_same_bytes(path: Path, tmp_path: Path) -> None:
    assert DISTRICT
    assert PERIOD
    assert write_template(PLAN, DISTRICT, PERIOD, tmp_path / "t.xlsx").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("plan", load_plans().values(), ids=lambda plan: plan.id)
def test_every_period_of_every_plan_has_its_template(plan: Plan, tmp_path: Path) -> None:
    for period in plan.periods:
        path = write_template(plan, plan.districts[0], period, tmp_path / f"{period.id}.xlsx")
        book = openpyxl.load_workbook(path, read_only=True)
        assert len(book.sheetnames) == len(set(period.forms)) + 2
        book.close()
