"""Whose workbook it is: five sources, and what happens when they disagree."""

from __future__ import annotations

import io
from datetime import datetime

import openpyxl
import pytest

from pipelines.intake.judging import Judgement
from tests.intake.books import COVER, PLAN, ROW, Book, community, found, grid, judged, saved

LINHE = (PLAN, "150802", "2024-11")


def with_cover(**changes: str | None) -> Book:
    return Book(cover={key: value for key, value in (COVER | changes).items() if value is not None})


def reasons(judgement: Judgement) -> set[str]:
    return {issue.rule_id for issue in judgement.issues if issue.severity == "fatal"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"方案": "巴彦淖尔市住宅物业服务全覆盖提升品质三年行动方案"},
        {"方案": "《巴彦淖尔市住宅物业服务全覆盖提品质三年行动方案》", "填报期": "2024年11月"},
        {"填报期": "2024年度"},
        {"填报期": "2024年", "填报单位": "内蒙古自治区巴彦淖尔市临河区"},
        {"填报单位": "临河", "行政区划代码": None},
        {"填报单位": None},
        {"方案": None},
        {"填报期": None},  # the as-of date says it
        {"填报期": "2024年度工作台账", "数据截止日期": None},
    ],
)
def test_what_a_cover_may_say(changes: dict[str, str | None]) -> None:
    assert judged(with_cover(**changes)).key == LINHE


def test_label_and_value_in_one_cell() -> None:
    lines = [["填报单位：临河区    填报期：2024年11月"], [f"方案：{PLAN}", None, "填报日期：2024年11月27日"]]
    book = Book(cover=None).workbook()
    cover = book.create_sheet("封面", 0)
    for line in lines:
        cover.append(line)
    judgement = judged(saved(book))
    assert judgement.key == LINHE
    assert str(judgement.submission["stated_fill_date"]) == "2024-11-27"


def test_the_day_of_filling_in_is_no_period() -> None:
    """Title rows that name the unit and a day in another period's month don't contradict the cover."""
    book = Book().workbook()
    sheet = book["小区明细"]
    sheet.insert_rows(1, 2)
    sheet["A1"], sheet["A2"], sheet["E2"] = "临河区住宅小区明细表", "填报单位：临河区", "填报日期：2023-11-27"
    assert judged(saved(book)).key == LINHE


def test_number_and_date_cells_on_the_cover() -> None:
    book = Book(cover=COVER | {"行政区划代码": 150802, "数据截止日期": datetime(2024, 11, 30)})
    judgement = judged(book)
    assert judgement.key == LINHE
    assert str(judgement.submission["stated_as_of"]) == "2024-11-30"


def with_meta(book: openpyxl.Workbook, district: str = "150802", period: str = "2024-11") -> bytes:
    sheet = book.create_sheet("_meta")
    for line in (("plan_id", PLAN), ("district_code", district), ("period_id", period), ("template_version", 1)):
        sheet.append(line)
    sheet.sheet_state = "hidden"
    return saved(book)


def test_the_mark_of_the_template() -> None:
    judgement = judged(with_meta(Book(cover=None).workbook()))
    assert judgement.key == LINHE
    assert not found(judgement, "hidden_sheet")


TITLE = [["临河区2024年度住宅小区物业管理情况统计表"], list(ROW), list(community().values())]


def test_titles_path_and_name() -> None:
    plain = Book(cover=None)
    assert judged(plain, path=f"{PLAN}/2024-11/150802/表.xlsx").key == LINHE
    assert judged(plain, name="临河区2024年度工作台账.xlsx").key == LINHE
    book = openpyxl.load_workbook(io.BytesIO(grid(TITLE)))
    book.remove(book["填报说明"])
    assert judged(saved(book)).key == LINHE


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("报表.xlsx", None),
        ("后旗2024年度工作台账.xlsx", None),
        ("临河区.xlsx", None),
        ("临河区五原县2024年度.xlsx", None),
        ("临河区2023年度2024年度.xlsx", None),
        ("报表.xlsx", f"{PLAN}/150802/表.xlsx"),
        ("报表.xlsx", f"{PLAN}/2024-11/999999/表.xlsx"),
    ],
)
def test_what_says_too_little_identifies_nobody(name: str, path: str | None) -> None:
    judgement = judged(Book(cover=None), name=name, path=path)
    assert reasons(judgement) == {"not_identified"}
    assert judgement.key is None
    assert judgement.status == "returned"


def test_an_ambiguous_short_name_is_explained() -> None:
    judgement = judged(with_cover(填报单位="后旗", 行政区划代码=None))
    [issue] = [i for i in judgement.issues if i.severity == "fatal"]
    assert "后旗" in issue.message


@pytest.mark.parametrize(
    "book",
    [
        with_cover(填报单位="五原县").bytes(),
        with_meta(Book().workbook(), district="150821"),
        with_meta(Book().workbook(), period="2023-11"),
        grid([["五原县2024年度住宅小区明细表"], *TITLE[1:]]),
    ],
)
def test_sources_that_disagree_are_fatal(book: bytes) -> None:
    judgement = judged(book)
    assert reasons(judgement) == {"identity_conflict"}
    assert judgement.key is None


def test_the_path_may_contradict_too() -> None:
    assert reasons(judged(Book(), path=f"{PLAN}/2023-11/150802/表.xlsx")) == {"identity_conflict"}


def test_the_file_name_counts_only_when_nothing_else_does() -> None:
    assert judged(Book(), name="五原县2023年度工作台账.xlsx").key == LINHE


def test_a_cover_that_is_not_understood_does_not_count() -> None:
    judgement = judged(with_cover(填报期="去年"), path=f"{PLAN}/2024-11/150802/表.xlsx")
    assert judgement.key == LINHE
    [issue] = found(judgement, "cover_incomplete")
    assert issue.severity == "warning"
    assert "去年" in issue.message


def test_a_span_of_years_in_a_title_is_no_period() -> None:
    title = ["巴彦淖尔市2023—2025年三年行动临河区住宅小区明细表"]
    assert judged(grid([title, *TITLE[1:]])).key == LINHE


def test_synthetic_data_says_so() -> None:
    assert judged(Book(cover=COVER | {"说明": "合成数据(演示)"})).submission["is_synthetic"]
    assert not judged(Book()).submission["is_synthetic"]
