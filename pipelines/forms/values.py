"""Reading single cells: every function takes what stood in the cell and returns a Parsed. Pure; none of them raises.

Nothing is coerced: what can't be read is withheld with a question, never taken for 0; several values are not averaged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite

from pipelines.forms import dates, numbers, personal
from pipelines.forms.codes import is_identity_number, judge_uscc
from pipelines.forms.parsed import BLANK, Parsed
from pipelines.forms.problems import problem
from pipelines.forms.units import Unit, find_unit
from pipelines.forms.vocabulary import choices, codes, fold

_SPACES = re.compile(r"\s+")
_UNSEEN = re.compile(r"[\u200b-\u200f\u2060\ufeff]+")
"""Marks of direction and joints: they take no room, and no space stands for them."""
_ERROR = re.compile(r"#(?:N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|[A-Z_]{4,}!|GETTING_DATA)|#{3,}|ERR:\d{3}")
"""What spreadsheets show for a formula that failed, or for a number that its column was too narrow to print."""
_NOTHING = frozenset(map(fold, ("无", "没有", "空", "暂无")))
_LONGEST = 2_000
_MOST = Decimal(10) ** 15
_FRACTION = Unit("fraction", "percent", Decimal(100))
_LIMIT_SHOWN = 12
_FREE = frozenset(("免费", "免收", "免", "不收费", "免物业费", "免收物业费", "不收物业费"))


def clean(raw: object) -> str:
    """A cell as text: 5.0 → 5, dates as ISO, white space to single spaces, none at the ends, unseen marks out."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, float):
        return str(int(raw)) if isfinite(raw) and raw == int(raw) and abs(raw) < 1e15 else repr(raw)
    if isinstance(raw, datetime):
        return raw.date().isoformat() if raw.time() == datetime.min.time() else raw.isoformat(" ")
    return _SPACES.sub(" ", _UNSEEN.sub("", str(raw))).strip()


def _silent(text: str, header: str, *, nothing: bool = True) -> Parsed | None:
    """What blank cells, 不详, 「/」 and formula errors read as; None when the text says something."""
    if not text:
        return BLANK
    if text[0].isdigit():
        return None
    word = fold(text)
    if state := codes("state").get(word):
        return Parsed(state="unknown" if state == "unknown" else "not_applicable")
    if nothing and word in _NOTHING:
        return Parsed(state="not_applicable")
    if _ERROR.fullmatch(word):
        return BLANK.withhold(problem("formula_error", header))
    first, _, rest = text.partition(" ")
    if rest and find_unit(rest) and fold(first) in codes("state"):
        return Parsed(state="unknown")  # 暂无信息 平方米
    return None


# --- text -------------------------------------------------------------------------------------------------------------


def read_text(raw: object, header: str) -> Parsed:
    """Free text. Personal data in it is masked, with the rest kept."""
    text = clean(raw)
    return _silent(text, header, nothing=False) or _masked(text, header)


def _masked(text: str, header: str) -> Parsed:
    text = text[:_LONGEST]
    kinds = {hit.kind for hit in personal.find(text)}
    if not kinds:
        return Parsed(text, "read")
    said = problem("R26" if kinds & {"id_card", "id_card_15"} else "R27", header)
    rest = personal.mask(text)
    if not re.search(r"\w", rest.replace(personal.MASK, "")):
        return BLANK.withhold(said)  # nothing else stood there
    return Parsed(rest, "read", problem=said)


def read_name(raw: object, header: str) -> Parsed:
    """A name; 无 and 「/」 are none. The spaces that align names in print (寿　县) go."""
    text = clean(raw)
    if silent := _silent(text, header):
        return silent
    return _masked(_joined(text), header)


def _joined(text: str) -> str:
    """The text without spaces between Chinese characters."""
    return re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", text)


NO_FIRM = re.compile(
    r"(?P<residents>(?:居委会|居民委员会|社居委|村委会|村民委员会|街道办事处|街道办|社区)(?:自建)?(?:自管|自营|代管|托管|管理)?$)|"
    r"(?P<owners>(?:业委会|业主委员会|业主)(?:自管|自治|自营|自筹|自理|自费|管理|自行管理)?$)|"
    r"(?P<other>自管$|自营$|自持$|物管会$|单位$|参考价|^[\d.]+$)",
    re.MULTILINE,
)
"""Bodies of residents, of owners or of the state, prices and numbers where a firm's name belongs."""
_MODE_OF_BODY = {"residents": "quasi_residents_committee", "owners": "quasi_owner_self"}


def read_company_name(raw: object, header: str) -> Parsed:
    """A firm's name. A management mode in its place (业主自管, 无物业) is no firm: null, with the mode as marker."""
    name = read_name(raw, header)
    if name.value is None:
        return name
    word = fold(name.value)
    body = NO_FIRM.search(word)
    mode = codes("management_mode").get(word) or (_MODE_OF_BODY.get(body.lastgroup or "") if body else None)
    if mode is None and body is None and word not in codes("not_a_company"):
        return name
    marker = f"mode:{mode}" if mode else None
    return Parsed(state="not_applicable", marker=marker, problem=problem("mode_in_company_column", header))


_DOCUMENT_NO = re.compile(r"(.{1,20}?)[〔\[(【{〈<《]((?:19|20)\d{2})年?[〕\])】}〉>》]第?0*(\d+)号?")


def read_document_no(raw: object, header: str) -> Parsed:
    """文号, brought to the form ×建发〔2024〕12号; another form is kept with a warning."""
    read = read_name(raw, header)
    if read.value is None or read.problem:
        return read
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", read.value))
    if found := _DOCUMENT_NO.fullmatch(text):
        return Parsed(f"{found[1]}〔{found[2]}〕{found[3]}号", "read")
    return Parsed(read.value, "read", problem=problem("document_no_format", header))


# --- codes ------------------------------------------------------------------------------------------------------------


def read_code(raw: object, header: str) -> Parsed:
    """An identifier as text. Long ones stored as numbers have lost digits; an identity number is withheld."""
    text = _SPACES.sub("", unicodedata.normalize("NFKC", clean(raw))).lstrip("'‘’`")
    if silent := _silent(text, header):
        return silent
    if _lost_digits(raw, text):
        return BLANK.withhold(problem("R25_number", header))
    if len(text) == 18 and is_identity_number(text):
        return BLANK.withhold(problem("R26", header))
    return Parsed(text[:_LONGEST], "read")


def _lost_digits(raw: object, text: str) -> bool:
    """Excel keeps 15 digits of a number: a longer code typed into a number cell is not the code any more."""
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return abs(raw) >= 1e15 or raw != raw
    return bool(re.fullmatch(r"\d(?:\.\d+)?[Ee]\+?\d{1,3}", text))


def read_codes(raw: object, header: str) -> Parsed:
    """Several identifiers, joined by 、 whatever separated them."""
    read = read_code(re.sub(r"[\r\n]+", "、", raw) if isinstance(raw, str) else raw, header)
    if read.value is None:
        return read
    parts = [part for part in re.split(r"[、;,]+", read.value) if part]
    if any(len(part) == 18 and is_identity_number(part) for part in parts):
        return BLANK.withhold(problem("R26", header))
    return Parsed("、".join(dict.fromkeys(parts)) or None, "read" if parts else "blank")


def read_uscc(raw: object, header: str) -> Parsed:
    """统一社会信用代码: an identity number or a wrong format is withheld, a failed check digit is a warning."""
    code = read_code(raw, header)
    if code.value is None:
        return code
    if isinstance(raw, (int, float)):
        return BLANK.withhold(problem("R25_number", header))
    text = code.value.upper()
    match judge_uscc(text):
        case "valid":
            return Parsed(text, "read")
        case "valid_format_bad_check" if text.isdigit() and text.endswith("000"):
            return BLANK.withhold(problem("R25_number", header))  # 15 digits and 000: a number before it was text
        case "valid_format_bad_check":
            return Parsed(text, "read", problem=problem("R25_check", header))
        case _:
            return BLANK.withhold(problem("R25", header))


# --- numbers ----------------------------------------------------------------------------------------------------------


def read_decimal(
    raw: object, header: str, *, scale: int = 2, unit: str | None = None, expected: str | None = None
) -> Parsed:
    """An exact number in the base unit (㎡, 元, 元/㎡·月, 年, %), rounded half up to ``scale`` places.

    A unit in the cell wins over ``unit`` (of the header), which wins over ``expected`` (of the template); an area or a
    sum of money for which only the last speaks is marked ``unit_not_stated``. With no expected unit any unit will do.
    """
    text = clean(raw)
    if silent := _silent(text, header):
        return silent
    wanted = find_unit(expected) if expected else None
    if wanted and wanted.dimension == "fee" and fold(text) in _FREE:
        return Parsed(Decimal(0).quantize(Decimal(1).scaleb(-scale)), "read")
    read = _amount(raw, text, header, wanted, (find_unit(unit) if unit else None), ())
    if read.value is None:
        return read
    if abs(read.value) >= _MOST / 10 ** max(scale - 2, 0):
        return read.withhold(problem("too_large", header))
    exact = read.value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    return _rough(Parsed(exact, read.state, marker=read.marker), header, wanted)


def read_integer(raw: object, header: str, *, unit: str | None = None, counts: tuple[str, ...] = ()) -> Parsed:
    """A whole number. ``counts`` are the counters that may follow it (户, 套); none given means any."""
    text = clean(raw)
    if silent := _silent(text, header):
        return silent
    read = _amount(raw, text, header, Unit("", "count", Decimal(1)), (find_unit(unit) if unit else None), counts)
    if read.value is None:
        return read
    whole = read.value.to_integral_value()
    if abs(whole - read.value) > Decimal("1e-6"):
        return read.withhold(problem("not_whole", header))
    if abs(whole) >= _MOST:
        return read.withhold(problem("too_large", header))
    return _rough(Parsed(int(whole), read.state), header, None)


def _rough(read: Parsed, header: str, wanted: Unit | None) -> Parsed:
    """The reading with a warning when the cell called it rough."""
    if read.state != "approximate":
        return read
    base = {"area": " ㎡", "money": " 元", "fee": " 元/㎡·月"}.get(wanted.dimension, "") if wanted else ""
    value = format(read.value.normalize(), "f") if isinstance(read.value, Decimal) else read.value
    said = problem("approximate_value", header, value=f"{value}{base}")
    return Parsed(read.value, "approximate", marker=read.marker, problem=said)


def _amount(
    raw: object, text: str, header: str, wanted: Unit | None, stated: Unit | None, counts: tuple[str, ...]
) -> Parsed:
    """The one amount in a cell as an exact Decimal in the base unit of what is wanted (None: of whatever it is)."""
    listed = False
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        if not isfinite(raw):
            return BLANK.withhold(problem("unreadable_number", header))
        found = [numbers.Amount(Decimal(repr(raw)), "", False)]
    elif isinstance(raw, (bool, date)) or len(text) > 60:
        return BLANK.withhold(problem("unreadable_number", header))
    else:
        folded = numbers.without_label(numbers.fold_number(text), header)
        if wanted and wanted.dimension in ("money", "fee"):
            folded = folded.lstrip("¥")
        found = numbers.amounts(folded) or []
        listed = bool(numbers.LISTED.search(folded))
    if not found:
        return BLANK.withhold(problem("unreadable_number", header))
    value, rest = numbers.scaled(found[0].value, found[0].unit)
    own = find_unit(rest) if rest else None
    if len(found) > 1 and (listed or len(set(found)) > 1):
        return BLANK.withhold(problem("several_values", header))
    if rest and own is None:
        return BLANK.withhold(problem("unreadable_number", header))
    multiplied = value != found[0].value
    applied = own or (None if multiplied else stated) or (None if multiplied else wanted)
    if applied and wanted and not _fits(applied, wanted, counts):
        return BLANK.withhold(problem("unit_mismatch", header))
    silent = own is None and stated is None and wanted is not None and wanted.dimension in ("area", "money")
    marker = "unit_not_stated" if silent else None
    worth = value * applied.factor if applied else value
    return Parsed(worth, "approximate" if found[0].approximate else "read", marker=marker)


def _fits(unit: Unit, wanted: Unit, counts: tuple[str, ...]) -> bool:
    """Whether an amount in this unit is of the wanted kind. A fee may be typed in plain 元, a length of time in 年."""
    if unit.dimension == "money" and wanted.dimension == "fee":
        return unit.name == "元"
    if unit.dimension != wanted.dimension:
        return False
    return not (counts and unit.dimension == "count" and unit.name and unit.name[-1:] not in (*counts, *"百千万亿"))


# --- percent ----------------------------------------------------------------------------------------------------------


def read_percent(raw: object, header: str, *, unit: str | None = None, percent_format: bool = False) -> Parsed:
    """A rate in percent: 93.6, 「93.6%」, 百分之九十, 九成五, 131/140, or 0.936 under a percent format.

    ``unit="fraction"`` says that the whole column is written as fractions of 1. Without that a bare 1 is ambiguous and
    withheld, and other bare numbers below 1 are taken as they stand, with a warning.
    """
    text = clean(raw)
    if silent := _silent(text, header):
        return silent
    if isinstance(raw, (bool, date)):
        return BLANK.withhold(problem("unreadable_percent", header))
    if isinstance(raw, (int, float)):
        if not isfinite(raw):
            return BLANK.withhold(problem("unreadable_percent", header))
        return _rate(Decimal(repr(raw)), header, bare=True, fraction=percent_format or unit == "fraction")
    folded = numbers.without_label(numbers.fold_number(text), header)
    approximate = bool(numbers.APPROXIMATE.search(folded))
    plain = numbers.APPROXIMATE.sub("", folded) if approximate else folded
    value, bare = _percent_text(plain)
    if value is None:
        several = len(numbers.amounts(plain) or []) > 1
        return BLANK.withhold(problem("several_values" if several else "unreadable_percent", header))
    read = _rate(value, header, bare=bare, fraction=bare and unit == "fraction")
    if approximate and read.value is not None:
        said = problem("approximate_value", header, value=f"{read.value:g}%")
        return Parsed(read.value, "approximate", problem=said)
    return read


def _percent_text(text: str) -> tuple[Decimal | None, bool]:
    """(value in percent, whether it is a bare number) of one folded text."""
    if text == "百分百":
        return Decimal(100), False
    if found := re.fullmatch(r"百分之(.+?)%?", text):
        return numbers.plain_number(found[1]), False
    if found := re.fullmatch(r"([\d.]+|[一二三四五六七八九十])成([一二三四五六七八九半])?", text):
        tens, ones = numbers.plain_number(found[1]), found[2]
        extra = 5 if ones == "半" else numbers.chinese_numeral(ones) if ones else 0
        return (tens * 10 + (extra or 0) if tens is not None and tens <= 10 else None), False
    if found := re.fullmatch(r"(\d{1,9})/(\d{1,9})", text):
        return (Decimal(found[1]) * 100 / Decimal(found[2]) if int(found[2]) else None), False
    if found := re.fullmatch(rf"([+-]?(?:{numbers.PLAIN}))(%|‰)?", text):
        value = numbers.plain_number(found[1])
        return (value / 10 if value is not None and found[2] == "‰" else value), not found[2]
    return numbers.plain_number(text), True


def _rate(value: Decimal, header: str, *, bare: bool, fraction: bool) -> Parsed:
    if abs(value) > _MOST:
        return BLANK.withhold(problem("too_large", header))
    if fraction:
        return Parsed(float(value * 100), "read")
    if bare and value == 1:
        return Parsed(state="withheld", problem=problem("ambiguous_percent", header), marker="ambiguous_percent")
    if bare and 0 < value < 1:
        return Parsed(float(value), "read", problem=problem("percent_below_one", header, value=float(value)))
    return Parsed(float(value), "read")


def is_fraction_column(cells: Iterable[object]) -> bool:
    """Whether a percent column is written in fractions of 1: all its bare numbers are at most 1, and one is below 1.

    A column of nothing but 1 and 0 says neither; its cells stay ambiguous.
    """
    below = False
    for cell in cells:
        if isinstance(cell, bool):
            continue
        if isinstance(cell, str):
            value, bare = _percent_text(numbers.fold_number(cell))
            if value is None or not bare:
                continue
        elif isinstance(cell, (int, float)) and isfinite(cell):
            value = Decimal(repr(cell))
        else:
            continue
        if not 0 <= value <= 1:
            return False
        below = below or 0 < value < 1
    return below


# --- dates ------------------------------------------------------------------------------------------------------------


_NO_DAY = re.compile(r"0+(?:\.0+)?|00:00:00|1899-12-3[01]|1900[-/]0?1[-/]0?0|0000[-/]00[-/]00")
"""0 in a date column, also as a date format shows it: nobody knew."""


def read_date(raw: object, header: str, *, short_year: bool = False) -> Parsed:
    """A date with the precision that was stated. 0 is unknown, 至今 is marked ``open_ended`` and has no date."""
    text = clean(raw)
    if silent := _silent(text, header):
        return silent
    if fold(text) in codes("not_yet"):
        return Parsed(state="not_applicable")
    if not isinstance(raw, bool) and _NO_DAY.fullmatch(text):
        return Parsed(state="unknown")
    if text in dates.OPEN_ENDED:
        return Parsed(state="unknown", marker="open_ended")
    try:
        moment = dates.read_text(text, short_year=True) if short_year else dates.read_value(raw)
    except dates.BadDate as error:
        return BLANK.withhold(problem(error.kind, header))
    if isinstance(raw, float) and moment.rough:
        said = problem("ambiguous_month", header)
    elif moment.rough:
        said = problem("approximate_date", header, value=dates.shown(moment))
    else:
        said = None
    return Parsed(moment.day, "approximate" if moment.rough else "read", moment.precision, said, raw=text)


def read_period(raw: object, header: str) -> Parsed:
    """Start and end in one cell; ``value`` is a pair of Parsed dates, either of which may be blank (2022.1起)."""
    text = clean(raw)
    if silent := _silent(text, header):
        return silent
    if not isinstance(raw, str):
        return BLANK.withhold(problem("unreadable_period", header))
    if text in dates.OPEN_ENDED:
        return Parsed(state="unknown", marker="open_ended")
    try:
        start, end = (read_date(side, header, short_year=True) for side in dates.split_period(text))
    except dates.BadDate:
        return BLANK.withhold(problem("unreadable_period", header))
    if start.state == "withheld" or end.state == "withheld":
        return BLANK.withhold(problem("unreadable_period", header))
    return Parsed((start, end), "read", problem=start.problem or end.problem)


_YEAR = re.compile(r"((?:19|20|21)\d{2})(?:年度?|年(?:上|下)半年|年第?[一二三四1-4]季度)?")


def read_year(raw: object, header: str) -> Parsed:
    """A calendar year as an integer: 2024, 2024年度, a date in it."""
    text = clean(raw)
    if silent := _silent(text, header):
        return silent
    if isinstance(raw, date):
        return Parsed(raw.year, "read")
    if not isinstance(raw, bool) and (found := _YEAR.fullmatch(dates.fold_date(text))):
        return Parsed(int(found[1]), "read")
    return BLANK.withhold(problem("unreadable_year", header))


# --- words ------------------------------------------------------------------------------------------------------------


def read_flag(raw: object, header: str) -> Parsed:
    """是 or 否 and their many signs. 筹备中 and its kin are False with the marker ``in_progress``."""
    text = clean(raw)
    code = _code_of(fold(text), codes("flag")) if text else None
    if code is None:
        return _silent(text, header) or BLANK.withhold(problem("unknown_word", header, limit="是、否"))
    return Parsed(code == "true", "read", marker="in_progress" if code == "in_progress" else None)


_NEEDS_COMPANY = frozenset(map(fold, ("有物业", "有物业管理", "是")))


def read_choice(raw: object, header: str, vocabulary: str, *, open: bool = False) -> Parsed:
    """The code of one of the vocabulary's words. An open vocabulary keeps other words as typed (masked).

    有物业 and a tick in ``management_mode`` are professional_market with the marker ``needs_company``: they count
    only in a row that names a company.
    """
    text = clean(raw)
    word = fold(text)
    known = codes(vocabulary)
    code = _code_of(word, known) or _ticked(word, known)
    if code and text:
        needs = vocabulary == "management_mode" and code == "professional_market" and _says_only_yes(word)
        return Parsed(code, "read", marker="needs_company" if needs else None)
    if silent := _silent(text, header):
        if silent.state == "unknown" and "unknown" in known.values():
            return Parsed("unknown", "read")
        return silent
    if open:
        return _masked(_joined(text), header)
    labels = [choice.label for choice in choices(vocabulary).values()]
    shown = "、".join(labels[:_LIMIT_SHOWN]) + ("等" if len(labels) > _LIMIT_SHOWN else "")
    return BLANK.withhold(problem("unknown_word", header, limit=shown))


_BRACKET = re.compile(r"(.+)\(([^()]+)\)")
_DATED = re.compile(r"(?:19|20)\d{2}年(?:\d{1,2}月)?(?:\d{1,2}日)?(已.+)")


def _code_of(word: str, known: Mapping[str, str]) -> str | None:
    """The code of a folded word, also with a full stop after it, or with what takes nothing away from it: a unit, a
    date or the same in other words in brackets (已成立(2023年5月)), a date before 已 (2021年已改造).
    """
    word = word if word in known else word.rstrip("。.;,!、")
    if code := known.get(word):
        return code
    if dated := _DATED.fullmatch(word):
        return known.get(dated[1])
    bracket = _BRACKET.fullmatch(word)
    code = known.get(bracket[1]) if bracket else None
    if bracket is None or code is None:
        return None
    said = bracket[2]
    return code if find_unit(said) or known.get(said) == code or _is_date(said) else None


def _is_date(text: str) -> bool:
    try:
        dates.read_text(text)
    except dates.BadDate:
        return False
    return True


def _ticked(word: str, known: Mapping[str, str]) -> str | None:
    """What √ or × means in a vocabulary that lists 是 or 否."""
    tick = codes("flag").get(word)
    yes_or_no = {"true": "是", "false": "否"}.get(tick or "")
    return known.get(yes_or_no) if yes_or_no else None


def _says_only_yes(word: str) -> bool:
    word = re.sub(r"\([^()]*\)$|[。.;,!、]+$", "", word)
    return word in _NEEDS_COMPANY or codes("flag").get(word) == "true"
