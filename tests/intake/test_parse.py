"""Cells of whole columns: the short cut says what the parser says, and nothing leaks from book to book."""

from __future__ import annotations

import string
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from pipelines.forms import FORMS
from pipelines.forms.types import Code, CompanyName, Decimal, Integer, Name, Text
from pipelines.forms.vocabulary import codes
from pipelines.intake.plain import plain_days, plain_numbers, plain_texts
from tests.intake.books import Book, communities, community, found, grid, judged, record

TEXT_COLUMNS = [c for form in FORMS.values() for c in form.columns if type(c.type) in (Text, Name, CompanyName, Code)]
NUMBER_COLUMNS = [c for form in FORMS.values() for c in form.columns if type(c.type) in (Integer, Decimal)]
WORDS = sorted({word for name in ("state", "management_mode", "not_a_company", "flag") for word in codes(name)})

texts = st.one_of(
    st.text(st.sampled_from("阳光花园小区一期A区2号院·、()-" + string.digits + string.ascii_letters), max_size=30),
    st.text(max_size=12),
    st.sampled_from(WORDS),
    st.sampled_from(["13800000000", "0478-8260000", "362322198709086409", "9E17", "无", "a@b.cn", "1-2-3-4-5-6-7-8"]),
    st.from_regex(r"[0-9A-Z]{15,19}", fullmatch=True),
)


@given(st.sampled_from(TEXT_COLUMNS), st.sets(texts, max_size=6))
def test_texts_that_read_as_themselves(column: object, values: set[str]) -> None:
    for text in plain_texts(column, values):  # type: ignore[arg-type]
        parsed = column.parse(text)  # type: ignore[attr-defined]
        assert (parsed.value, parsed.problem, parsed.marker) == (text, None, None)


@given(
    st.sampled_from(NUMBER_COLUMNS),
    st.sampled_from([None, "㎡", "万㎡", "户", "万元", "元/㎡·月", "%", "年"]),
    st.sets(
        st.floats(allow_nan=True)
        | st.integers(-(10**13), 10**13).map(float)
        | st.decimals(-1000, 1000, places=2).map(float)
    ),
)
def test_numbers_that_need_no_conversion(column: object, unit: str | None, values: set[object]) -> None:
    for number, stored in plain_numbers(column, unit, values).items():  # type: ignore[arg-type]
        parsed = column.parse(number, unit=unit)  # type: ignore[attr-defined]
        assert (parsed.problem, parsed.marker) == (None, None)
        assert float(stored) == float(parsed.value)  # type: ignore[arg-type]
        assert str(parsed.value).partition(".")[0] == str(stored).partition(".")[0]


@given(
    st.dates(min_value=date(1880, 1, 1), max_value=date(2120, 1, 1)).map(str)
    | st.from_regex(r"(19|20)[0-9]{2}-[0-9]{1,2}(-[0-9]{1,2})?", fullmatch=True)
)
def test_days_written_like_iso(text: str) -> None:
    column = FORMS["community"].column("delivered_date")
    for raw, day in plain_days(column, [text]).items():
        parsed = column.parse(raw)
        assert (parsed.value, parsed.precision, parsed.raw, parsed.problem) == (day, "day", raw, None)


def test_ordinary_names_take_the_short_cut() -> None:
    column = FORMS["community"].column("community_name")
    assert plain_texts(column, {"河套人家", "A区2号院", "无", "暂无资料", "金 沙"}) == {"河套人家", "A区2号院"}


def test_true_and_one_are_not_the_same_cell() -> None:
    rows = communities(2)
    rows[0]["楼栋长制"], rows[1]["楼栋长制"] = True, 1
    rows[0]["总户数"], rows[1]["总户数"] = 1, True
    judgement = judged(Book(rows))
    frame = judgement.frames["community"]
    assert frame["building_steward"].to_list() == [True, True]
    assert frame["households"].to_list() == [1, None]


def test_units_of_one_book_do_not_reach_the_next() -> None:
    from tests.intake.test_rules import NO_UNIT

    ten_thousands = [h.replace("建筑面积(㎡)", "建筑面积(万㎡)") for h in community()]
    assert (
        float(record(judged(Book([community() | {"建筑面积(万㎡)": 2}], headers=ten_thousands)))["floor_area_sqm"])
        == 20_000
    )
    assert float(record(judged(Book([community(建筑面积=2000)])))["floor_area_sqm"]) == 2000
    assert record(judged(Book([community() | {"建筑面积": 2}], headers=NO_UNIT)))["floor_area_sqm"] is None


class TestPersonalData:
    PHONE, CARD = "13800000000", "362322198709086409"

    def test_declared_columns_go_nowhere(self) -> None:
        headers = [*community(), "项目负责人", "联系电话"]
        judgement = judged(Book([community() | {"项目负责人": "某人", "联系电话": self.PHONE}], headers=headers))
        assert not found(judgement, "R27")
        assert "某人" not in str(judgement)
        assert self.PHONE not in str(judgement)

    def test_unknown_columns_are_looked_at(self) -> None:
        headers = [*community(), "网格员信息"]
        judgement = judged(Book([community() | {"网格员信息": f"某人{self.PHONE}"}], headers=headers))
        [issue] = found(judgement, "R27")
        assert (issue.severity, issue.cell) == ("error", "AH2")
        assert self.PHONE not in str(judgement)

    def test_numbers_too(self) -> None:
        headers = [*community(), "网格员信息"]
        judgement = judged(Book([community() | {"网格员信息": int(self.PHONE)}], headers=headers))
        assert len(found(judgement, "R27")) == 1
        assert self.PHONE not in str(judgement)

    def test_free_text_is_masked(self) -> None:
        judgement = judged(Book([community(备注=f"找{self.PHONE}", 小区名称=f"甲院{self.CARD}")]))
        assert record(judgement)["remark"] == "找***"
        assert record(judgement)["community_name"] == "甲院***"
        assert {issue.rule_id for issue in judgement.issues} >= {"R26", "R27"}
        assert self.PHONE not in str(judgement)
        assert self.CARD not in str(judgement)

    def test_names_of_files_and_sheets(self) -> None:
        from pipelines.forms.personal import mask

        assert mask(f"临河区{self.PHONE}.xlsx") == "临河区***.xlsx"
        named = f"小区明细(联系{self.PHONE})"
        judgement = judged(grid([list(community()), list(community(总户数=0).values())], title=named))
        assert judgement.submission["community_count"] == 1
        assert record(judgement)["source_sheet"] == "小区明细(联系***)"
        assert self.PHONE not in str((judgement.issues, judgement.recognised, judgement.frames))
