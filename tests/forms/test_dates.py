"""Dates with the precision that was stated."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.forms import FORMS
from pipelines.forms.dates import last_day

DELIVERED = FORMS["community"].column("delivered_date")
PERIOD = FORMS["community"].column("contract_period")


@pytest.mark.parametrize(
    ("typed", "day", "precision"),
    [
        ("2023.9.30", "2023-09-30", "day"),
        ("2023/9/30", "2023-09-30", "day"),
        ("2023-09-30 00:00:00", "2023-09-30", "day"),
        ("2023年9月30日", "2023-09-30", "day"),
        ("2023 年 9 月 30 号", "2023-09-30", "day"),
        ("20230930", "2023-09-30", "day"),
        (20230930, "2023-09-30", "day"),
        ("23.9.30", "2023-09-30", "day"),
        ("2023，9，30", "2023-09-30", "day"),
        ("2023。9。30", "2023-09-30", "day"),
        ("2023 9 30", "2023-09-30", "day"),
        ("2023年9月30日 星期六", "2023-09-30", "day"),
        ("9/30/2023", "2023-09-30", "day"),
        ("30/9/2023", "2023-09-30", "day"),
        ("45199", "2023-09-30", "day"),
        (45199.0, "2023-09-30", "day"),
        (datetime(2023, 9, 30, 8), "2023-09-30", "day"),
        (date(2023, 9, 30), "2023-09-30", "day"),
        ("二〇二三年九月三十日", "2023-09-30", "day"),
        ("二○二三年九月三十日", "2023-09-30", "day"),
        ("二Ｏ二三年九月", "2023-09-01", "month"),
        ("二0二三年九月", "2023-09-01", "month"),
        ("二〇〇八年", "2008-01-01", "year"),
        ("二OO八年", "2008-01-01", "year"),
        ("2023年9月", "2023-09-01", "month"),
        ("2023-9", "2023-09-01", "month"),
        ("２０２３．９", "2023-09-01", "month"),
        ("202309", "2023-09-01", "month"),
        (2023.9, "2023-09-01", "month"),
        (2023.12, "2023-12-01", "month"),
        ("2023.10", "2023-10-01", "month"),
        ("2023年9月中旬", "2023-09-01", "month"),
        ("2023", "2023-01-01", "year"),
        (2023.0, "2023-01-01", "year"),
        ("2000年建成", "2000-01-01", "year"),
        ("二零一五年", "2015-01-01", "year"),
        ("98年", "1998-01-01", "year"),
        ("2008年底", "2008-01-01", "year"),
        ("2023年第三季度", "2023-01-01", "year"),
        ("90年代", "1990-01-01", "decade"),
        ("九十年代", "1990-01-01", "decade"),
        ("上世纪八十年代末", "1980-01-01", "decade"),
        ("20世纪90年代", "1990-01-01", "decade"),
        ("1990年代", "1990-01-01", "decade"),
        ("2010年代", "2010-01-01", "decade"),
        ("00年代", "2000-01-01", "decade"),
    ],
)
def test_dates(typed: object, day: str, precision: str) -> None:
    read = DELIVERED.parse(typed)
    assert (read.value, read.precision, read.problem) == (date.fromisoformat(day), precision, None)
    assert read.raw


@pytest.mark.parametrize("typed", ["2005年左右", "约2005年", "2005年前后", "2005年以前"])
def test_rough_dates_are_read_with_a_warning(typed: str) -> None:
    read = DELIVERED.parse(typed)
    assert (read.value, read.precision, read.state, read.raw) == (date(2005, 1, 1), "year", "approximate", typed)


def test_january_and_october_typed_as_a_number_are_one_year() -> None:
    read = DELIVERED.parse(2023.1)
    assert (read.value, read.precision) == (date(2023, 1, 1), "year")
    assert read.problem
    assert read.problem.rule_id == "ambiguous_month"
    assert DELIVERED.parse("2023.1").precision == "month"


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("2023-02-30", "impossible_date"),
        ("2023.13.1", "impossible_date"),
        ("2005-2008", "several_dates"),
        ("2003年、2005年", "several_dates"),
        ("八九十年代", "several_dates"),
        (3.0, "unreadable_date"),
        ("3", "unreadable_date"),
        ("98", "unreadable_date"),
        ("3000户", "unreadable_date"),
        ("9/3/2023", "unreadable_date"),
        ("预计2025年", "unreadable_date"),
        ("2O23年", "unreadable_date"),
        (True, "unreadable_date"),
        (time(8, 30), "unreadable_date"),
        (float("nan"), "unreadable_date"),
        (datetime(1905, 6, 30), "year_in_date_cell"),
    ],
)
def test_what_is_no_single_date_is_withheld(typed: object, rule: str) -> None:
    read = DELIVERED.parse(typed)
    assert (read.value, read.precision, read.raw) == (None, None, None)
    assert read.problem
    assert (read.problem.rule_id, read.problem.severity) == (rule, "error")


@pytest.mark.parametrize(
    ("typed", "state", "marker"),
    [
        (0, "unknown", None),
        ("0", "unknown", None),
        ("0000-00-00", "unknown", None),
        ("1900/1/0", "unknown", None),
        (date(1899, 12, 30), "unknown", None),
        (time(0, 0), "unknown", None),
        ("至今", "unknown", "open_ended"),
        ("无", "not_applicable", None),
        ("未交付", "not_applicable", None),
        ("尚未备案", "not_applicable", None),
    ],
)
def test_dates_that_say_nothing(typed: object, state: str, marker: str | None) -> None:
    read = DELIVERED.parse(typed)
    assert (read.value, read.state, read.marker, read.problem) == (None, state, marker, None)


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ("2022.1-2024.12", "2022-01-01 month", "2024-12-01 month"),
        ("22.1-24.12", "2022-01-01 month", "2024-12-01 month"),
        ("2022-2024", "2022-01-01 year", "2024-01-01 year"),
        ("2022-01-2024-12", "2022-01-01 month", "2024-12-01 month"),
        ("2022-01-01-2024-12-31", "2022-01-01 day", "2024-12-31 day"),
        ("2022年1月至2024年12月", "2022-01-01 month", "2024-12-01 month"),
        ("自2022年1月1日起至2024年12月31日止", "2022-01-01 day", "2024-12-31 day"),
        ("2022/1/1—2024/12/31", "2022-01-01 day", "2024-12-31 day"),
        ("20220101~20241231", "2022-01-01 day", "2024-12-31 day"),
        ("2022年1月1日至12月31日", "2022-01-01 day", "2022-12-31 day"),
        ("2022年1月起", "2022-01-01 month", None),
        ("2022.1-至今", "2022-01-01 month", None),
        ("至2024.12", None, "2024-12-01 month"),
        ("2024.12到期", None, "2024-12-01 month"),
        ("截至2024年12月31日", None, "2024-12-31 day"),
        ("2022.1-", "2022-01-01 month", None),
        ("2022.1.1—12.31", "2022-01-01 day", "2022-12-31 day"),
        ("2022-01-01 2024-12-31", "2022-01-01 day", "2024-12-31 day"),
        ("2022—2024年", "2022-01-01 year", "2024-01-01 year"),
        ("2022.1.1-2024.12.31（三年）", "2022-01-01 day", "2024-12-31 day"),
        ("2022.1.1-2024.12.31，共三年", "2022-01-01 day", "2024-12-31 day"),
        ("2022.1.1-2024.12.31 3年", "2022-01-01 day", "2024-12-31 day"),
        ("自2022年1月1日起三年", "2022-01-01 day", "2024-12-31 day"),
        ("2022年3月起3年", "2022-03-01 month", "2025-02-01 month"),
        ("2022年1月1日至业主大会成立之日止", "2022-01-01 day", None),
    ],
)
def test_a_contract_period_splits_into_start_and_end(typed: str, start: str | None, end: str | None) -> None:
    sides = PERIOD.parse(typed).value
    assert [side.value and f"{side.value} {side.precision}" for side in sides] == [start, end]


@pytest.mark.parametrize("typed", ["三年", "2022.1.1", "甲-乙", 2022.1, "2022年起3年"])
def test_a_period_without_two_sides_is_withheld(typed: object) -> None:
    read = PERIOD.parse(typed)
    assert (read.value, read.state) == (None, "withheld")


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)))
def test_a_day_reads_the_same_however_it_is_written(day: date) -> None:
    y, m, d = day.year, day.month, day.day
    spellings = (
        f"{y}.{m}.{d}",
        f"{y}/{m:02}/{d:02}",
        day.isoformat(),
        f"{y}年{m}月{d}日",
        f"{y}{m:02}{d:02}",
        f" {y} 年 {m} 月 {d} 日",
        day,
        datetime(y, m, d),
        float((day - date(1899, 12, 30)).days),
    )
    assert {(DELIVERED.parse(typed).value, DELIVERED.parse(typed).precision) for typed in spellings} == {(day, "day")}


_YEARS = "零一二三四五六七八九"


@given(st.dates(date(2000, 1, 1), date(2029, 12, 28)), st.integers(1, 9), st.booleans())
def test_years_from_a_first_day_end_the_day_before(start: date, years: int, written: bool) -> None:
    count = _YEARS[years] if written else str(years)
    begin, end = (side.value for side in PERIOD.parse(f"{start:%Y.%m.%d}起{count}年").value)
    following = end + timedelta(days=1)
    assert begin == start
    assert following.year == start.year + years
    leap = (start.month, start.day) == (2, 29) and years % 4
    assert (following.month, following.day) == ((3, 1) if leap else (start.month, start.day))


@given(st.dates(date(2000, 1, 1), date(2030, 12, 31)), st.integers(1, 4000))
def test_a_period_reads_the_same_however_it_is_joined(start: date, days: int) -> None:
    end = start + timedelta(days=days)
    for join in ("-", "至", "~", "—", " - ", "到"):
        for written in ("{0.year}.{0.month}.{0.day}", "{0.year}年{0.month}月{0.day}日", "{0:%Y%m%d}", "{0:%Y-%m-%d}"):
            sides = PERIOD.parse(written.format(start) + join + written.format(end)).value
            assert [side.value for side in sides] == [start, end]


@pytest.mark.parametrize(
    ("day", "precision", "last"),
    [
        (date(2024, 2, 1), "month", date(2024, 2, 29)),
        (date(2023, 1, 1), "year", date(2023, 12, 31)),
        (date(1990, 1, 1), "decade", date(1999, 12, 31)),
        (date(2023, 9, 30), "day", date(2023, 9, 30)),
    ],
)
def test_the_last_day_a_date_may_mean(day: date, precision: str, last: date) -> None:
    assert last_day(day, precision) == last
