"""Dates as people type them, each with the precision that was stated."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import isfinite
from typing import NamedTuple

from pipelines.forms.numbers import chinese_numeral
from pipelines.forms.parsed import Precision


class Moment(NamedTuple):
    """The first day of the stated day, month, year or decade. ``rough``: 左右, 以前 and their kin."""

    day: date
    precision: Precision
    rough: bool = False


class BadDate(ValueError):
    """A text that is no usable date; ``kind`` is one of problems.KINDS."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


FIRST_YEAR, LAST_YEAR = 1900, 2100
_CENTURY_TURN = 40  # 23.9.30 is 2023, 98年 is 1998
_SERIAL_EPOCH = date(1899, 12, 30)
OPEN_ENDED = frozenset({"至今", "迄今", "现在", "长期", "永久", "长期有效", "无固定期限", "不定期", "今"})

_Y4, _Y2, _MD = r"(?P<y>(?:19|20|21)\d{2})", r"(?P<y>\d{2})", r"\d{1,2}"
_COUNT = r"(?:\d{1,2}|[一二三四五六七八九十]{1,2})"
_SEP = r"[年./\-、]"
_TIME = re.compile(r"[T ]*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?$")
_ROUGH = re.compile(r"大约|大概|约|左右|前后|上下|以前|之前|以后|之后|前$|后$")
_PART = re.compile(
    r"(?<=年)(?:初|中|底|末|上半年|下半年|(?:第?[一二三四1-4]季度))$|(?<=月)(?:初|中|底|末|上旬|中旬|下旬|份)$|(?<=年代)(?:初|中|末|初期|中期|末期|后期|前期)$"
)
_PURPOSE = re.compile(
    r"(?:建成|建造|建设|竣工|交付|交房|入住|投入使用|使用|建|成立|备案|完工|改造|改造完成|完成|公示|到期|截止|止|起|开始)$"
)
_FULL = [
    re.compile(rf"{_Y4}{_SEP}(?P<m>{_MD})[月./\-、](?P<d>{_MD})[日号]?"),
    re.compile(rf"{_Y2}{_SEP}(?P<m>{_MD})[月./\-、](?P<d>{_MD})[日号]?"),
    re.compile(rf"{_Y4}(?P<m>\d{{2}})(?P<d>\d{{2}})"),
]
_MONTH = [
    re.compile(rf"{_Y4}{_SEP}(?P<m>{_MD})月?"),
    re.compile(rf"{_Y2}年(?P<m>{_MD})月?"),
    re.compile(rf"{_Y4}(?P<m>\d{{2}})"),
]
_YEAR = [re.compile(rf"{_Y4}年?度?"), re.compile(rf"{_Y2}年度?")]
_WRITTEN: tuple[tuple[Precision, list[re.Pattern[str]]], ...] = (("day", _FULL), ("month", _MONTH), ("year", _YEAR))
_YEAR_LAST = re.compile(rf"(?P<a>{_MD})[/.\-](?P<b>{_MD})[/.\-]{_Y4}")
"""9/30/2023 or 30/9/2023: certain where one of the two can be no month."""
_SHORT_MONTH = re.compile(rf"{_Y2}[./\-](?P<m>{_MD})")
_DECADE = re.compile(
    r"(?:(?P<last>上世纪|20世纪|二十世纪)|(?P<this>本世纪|21世纪|二十一世纪)|(?P<century>19|20))?(?P<tens>\d0)年代"
)
_CHINESE_YEAR = re.compile(r"[〇零一二三四五六七八九]{4}(?=年)|[〇零一二三四五六七八九]{2}(?=年(?!代))")
_ROUND_ZERO = re.compile(r"(?=[〇零○◯O0o]*[一二三四五六七八九])[一二三四五六七八九〇零○◯O0o]{2,4}(?=年)")
"""二○二三年, 二O二三年, 二00八年: circles, letters and digits for 〇 between Chinese digits."""
_SPACED = re.compile(r"(?<=\d)(?:\s+|\s*[,。]\s*)(?=\d)")
_WEEKDAY = re.compile(r"\(?(?:星期|周|礼拜)[一二三四五六日天]\)?$")
_CHINESE_TENS = re.compile(r"([二三四五六七八九]?)十(?=年代)")
_CHINESE_PART = re.compile(r"[一二三四五六七八九十]{1,3}(?=[月日号])")
_ENDLESS = re.compile(
    rf"(.+?)(?:-|—+|–|~|至|到)?({'|'.join(sorted(OPEN_ENDED, key=len, reverse=True))}"
    r"|(?:首届|第一届)?(?:业委会|业主委员会|业主大会).{0,6}?(?:成立|选聘|选举|召开).{0,14})"
)
_TERM_REMARK = re.compile(
    rf"(?:\((?:共|为期|合同期|期限)?{_COUNT}年期?\)|[,、]?(?:共|为期|合同期|期限){_COUNT}年期?|(?<=[^\d年月至到~—–-]){_COUNT}年)$"
)
_FOR_YEARS = re.compile(rf"(.+?)(?:起|开始|,|、)+(?:为期|期限|共|签订)?(?P<n>{_COUNT})年")
"""2022年1月1日起三年: the end is counted from the start."""
_ENDS = re.compile(r"(?:[至到]|截至)?([^至到~—–―]+?)(?:到期|截止|为止|止)")
_STRONG_DASH = re.compile(r"至|到|~|—+|–|―|起至")


@lru_cache(maxsize=16_384)
def fold_date(text: str) -> str:
    """A text as dates are read: NFKC, no white space or time of day, Chinese numerals as digits."""
    text = _TIME.sub("", unicodedata.normalize("NFKC", text).strip())
    text = _SPACED.sub(".", _WEEKDAY.sub("", text))
    text = re.sub(r"[\s\u200b\ufeff]+", "", text).rstrip("。.;,、")
    text = _ROUND_ZERO.sub(lambda found: re.sub(r"[○◯O0o]", "〇", found[0]), text)
    text = _CHINESE_YEAR.sub(lambda found: f"{chinese_numeral(found[0]):0{len(found[0])}d}", text)
    text = _CHINESE_TENS.sub(lambda found: f"{chinese_numeral(found[0] or '十')}", text)
    return _CHINESE_PART.sub(lambda found: str(chinese_numeral(found[0])), text)


def read_number(number: float) -> Moment:
    """A number in a date column: 2023, 202309, 20230930, 2023.9 or an Excel serial. Raises BadDate.

    2023.1 is January or October (a number has no trailing zero), so only its year is kept, as rough.
    """
    whole = int(number)
    if number == whole:
        if FIRST_YEAR <= whole <= LAST_YEAR:
            return Moment(date(whole, 1, 1), "year")
        if 10_000 <= whole < 80_000:
            return Moment(_SERIAL_EPOCH + timedelta(days=whole), "day")
        if len(str(whole)) in (6, 8):
            return read_text(str(whole))
        raise BadDate("unreadable_date")
    if 10_000 < number < 80_000:
        return Moment(_SERIAL_EPOCH + timedelta(days=whole), "day")
    text = f"{number:.10g}"
    if re.fullmatch(r"(19|20)\d{2}\.\d{1,2}", text):
        if text.endswith(".1"):
            return Moment(date(whole, 1, 1), "year", rough=True)
        return read_text(text)
    raise BadDate("unreadable_date")


def read_text(text: str, *, short_year: bool = False) -> Moment:
    """A typed date. Raises BadDate (unreadable_date, impossible_date or several_dates).

    ``short_year`` also takes 22.1 as January 2022, as in 22.1-24.12.
    """
    text = fold_date(text)
    rough = bool(_ROUGH.search(text))
    text = _ROUGH.sub("", text)
    bare = _PURPOSE.sub("", text)
    text = bare or text
    part = _PART.search(text)
    if part:
        text = text[: part.start()]
    if found := _DECADE.fullmatch(text):
        return Moment(date(_decade(found), 1, 1), "decade", rough)
    for precision, patterns in _WRITTEN:
        for pattern in patterns:
            if found := pattern.fullmatch(text):
                return Moment(_day(found), precision, rough)
    if (found := _YEAR_LAST.fullmatch(text)) and (int(found["a"]) > 12) != (int(found["b"]) > 12):
        month, day = sorted((int(found["a"]), int(found["b"])))
        return Moment(_made(int(found["y"]), month, day), "day", rough)
    if short_year and (found := _SHORT_MONTH.fullmatch(text)):
        return Moment(_day(found), "month", rough)
    if re.search(r"年代", text) and re.search(r"\d", text):
        raise BadDate("several_dates")
    years = set(re.findall(r"(?<!\d)(?:19|20)\d{2}(?!\d)", text))
    raise BadDate("several_dates" if len(years) > 1 else "unreadable_date")


def _decade(found: re.Match[str]) -> int:
    tens = int(found["tens"])
    if found["century"]:
        return int(found["century"]) * 100 + tens
    if found["this"]:
        return 2000 + tens
    return (1900 if found["last"] or tens > 20 else 2000) + tens


def _day(found: re.Match[str]) -> date:
    parts = found.groupdict()
    year = int(parts["y"])
    if year < 100:
        year += 2000 if year <= _CENTURY_TURN else 1900
    return _made(year, int(parts.get("m") or 1), int(parts.get("d") or 1))


def _made(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise BadDate("impossible_date") from None


def read_value(raw: object) -> Moment:
    """A cell of a date column: date objects, numbers and text. Raises BadDate."""
    if isinstance(raw, datetime):
        raw = raw.date()
    if isinstance(raw, date):
        if not FIRST_YEAR <= raw.year <= LAST_YEAR:
            raise BadDate("impossible_date")
        if FIRST_YEAR <= (raw - _SERIAL_EPOCH).days <= LAST_YEAR:
            raise BadDate("year_in_date_cell")  # 2008 typed into a cell with a date format becomes 1905-06-30
        return Moment(raw, "day")
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and isfinite(raw):
        return read_number(raw)
    if isinstance(raw, str):
        folded = fold_date(raw)
        if re.fullmatch(r"\d{4,5}(?:\.0+)?", folded):
            return read_number(float(folded))
        return read_text(raw)
    raise BadDate("unreadable_date")


def split_period(text: str) -> tuple[str, str]:
    """The two sides of 「2022.1-2024.12」, folded; an open side is 「」 (「2022.1起」, 「至2024.12」). Raises BadDate.

    A hyphen both joins dates and separates their parts, so every hyphen is tried: exactly one may leave two dates.
    """
    sides = text.split()
    if len(sides) == 2 and all(map(_is_date, sides)):
        return fold_date(sides[0]), fold_date(sides[1])
    folded = re.sub(r"^截[至止]", "至", re.sub(r"^从|^自", "", fold_date(text)))
    if (found := _FOR_YEARS.fullmatch(folded)) and _is_date(found[1]):
        return found[1], _after_years(found[1], found["n"])
    bare = _TERM_REMARK.sub("", folded)
    if bare != folded and re.search(r"\d.*[-至到~—–].*\d", bare):
        folded = bare  # 2022.1.1-2024.12.31(三年)
    if folded.endswith("-") and _is_date(folded[:-1]):
        return folded[:-1], ""
    if found := _ENDLESS.fullmatch(folded):
        return found[1].strip("至到").removesuffix("起"), "至今"
    if (found := _ENDS.fullmatch(folded)) and _is_date(found[1]):
        return "", found[1]
    if strong := _STRONG_DASH.search(folded):
        left, right = folded[: strong.start()].removesuffix("起"), folded[strong.end() :].removesuffix("止")
        return left, _with_year(right, left)
    if folded.endswith(("起", "开始")):
        return folded.removesuffix("起").removesuffix("开始"), ""
    splits = [(folded[:place], folded[place + 1 :]) for place, char in enumerate(folded) if char == "-"]
    good = [(left, right) for left, right in splits if _is_date(left) and _is_date(_with_year(right, left))]
    if len(good) != 1:
        raise BadDate("unreadable_period")
    return good[0][0], _with_year(good[0][1], good[0][0])


def _after_years(start: str, count: str) -> str:
    """The last day (or month) of so many years that begin with this day (or month). Raises BadDate for a bare year."""
    moment, years = read_text(start, short_year=True), int(count) if count.isdigit() else chinese_numeral(count) or 0
    first = moment.day
    if moment.precision not in ("day", "month") or not years:
        raise BadDate("unreadable_period")
    leap_day = (first.month, first.day) == (2, 29) and years % 4
    same_day = date(first.year + years, 3, 1) if leap_day else first.replace(year=first.year + years)
    if moment.precision == "day":
        return (same_day - timedelta(days=1)).isoformat()
    return f"{(same_day - timedelta(days=1)):%Y-%m}"


def _with_year(right: str, left: str) -> str:
    """12月31日 after 2022年1月1日 is in the same year, and so is 12.31 after 2022.1.1."""
    if re.fullmatch(r"\d{1,2}\.\d{1,2}", right) and (year := re.match(r"(\d{4})\.\d{1,2}\.\d{1,2}$", left)):
        return f"{year[1]}.{right}"
    if re.fullmatch(r"\d{1,2}月(?:\d{1,2}[日号]?)?", right) and (year := re.match(r"\d{4}(?=年)", left)):
        return f"{year[0]}年{right}"
    return right


def _is_date(text: str) -> bool:
    if text in OPEN_ENDED:
        return True
    try:
        read_text(text, short_year=True)
    except BadDate:
        return False
    return True


def last_day(first: date, precision: Precision | str) -> date:
    """The last day a date of this precision may mean: 2024-12 (month) → 2024-12-31, 2023 (year) → 2023-12-31."""
    if precision == "month":
        return first.replace(day=monthrange(first.year, first.month)[1])
    if precision == "year":
        return date(first.year, 12, 31)
    return date(first.year + 9, 12, 31) if precision == "decade" else first


def shown(moment: Moment) -> str:
    """As a message shows it: 2023-09-30, 2023年9月, 2023年, 1990年代."""
    day = moment.day
    return {
        "day": day.isoformat(),
        "month": f"{day.year}年{day.month}月",
        "year": f"{day.year}年",
        "decade": f"{day.year}年代",
    }[moment.precision]
