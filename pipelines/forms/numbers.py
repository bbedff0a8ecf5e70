"""Numbers as people type them: digits, thousands, 万 and 亿, Chinese numerals, with units and words like 约."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from pipelines.forms.units import MULTIPLIERS, find_unit

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "○": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9,
}  # fmt: skip
_STEPS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1_000, "仟": 1_000}
_SECTIONS = {"万": 10_000, "亿": 100_000_000}
_NUMERAL = "".join(_DIGITS) + "".join(_STEPS)

PLAIN = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:[Ee][+]?\d{1,2})?|\.\d+"
NUMBER = re.compile(rf"[+-]?(?:{PLAIN})|(?<![\d.])[{_NUMERAL}][{_NUMERAL}万亿]*(?:点[{''.join(_DIGITS)}]+)?")
_PLAIN = re.compile(rf"[+-]?(?:{PLAIN})\.?")
APPROXIMATE = re.compile(
    r"大约为?|约为?|大概|将近|接近|近(?=[\d一二三四五六七八九十百千])|不足|不到|不满|不少于|不低于|不超过|大于|小于|"
    r"高于|低于|至少|最多|超过|超|逾|左右|上下|以上|以下|以内|许|余|多(?!层)|(?<![\d.])[≥≤><≈~]=?(?=\d)|"
    r"(?<=\d)\+(?!\d)|\+$|\((?:估|估计|估算|暂估|大约)\)$"
)
_LEAD = re.compile(r"^(?:共计|总计|合计|总共|共有?|计|第)[:]?(?=[\d一二三四五六七八九十百千])")
LISTED = re.compile(r"[+*×、;和与及加](?=\d)")
"""Amounts that stand beside each other (600+600, 600、600): two of them also when they are equal."""
_ENCLOSED = re.compile(r"[\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2089\u2150-\u215f\u2460-\u24ff\u2776-\u2793]")
"""①, ², ½ …: NFKC makes digits of them, and ①1200 would become 11200."""
_REMARK = re.compile(r"\((?:含|包括|包含|其中含)[^()\d一二三四五六七八九十百千]*\)$")
"""(含地下): says what the number counts in, and takes nothing away from it."""
_IN_BRACKETS = re.compile(r"(?<=\d)\(([^()\d]+)\)$")


class Amount(NamedTuple):
    """A number with the words around it: exact value, the text of its unit, and whether it is said to be rough."""

    value: Decimal
    unit: str
    approximate: bool


def chinese_numeral(text: str) -> int | None:
    """一千二百零五 → 1205, 三万五 → 35000, 二〇二三 → 2023, 两百 → 200; None when it is no numeral."""
    if not text or any(char not in _DIGITS and char not in _STEPS and char not in _SECTIONS for char in text):
        return None
    if all(char in _DIGITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text))
    total = section = digit = 0
    last_step, pending_zero, digit_seen, bare_step = 0, False, False, False
    for char in text:
        if char in _DIGITS:
            if digit_seen and digit:
                return None
            digit, digit_seen, pending_zero = _DIGITS[char], True, pending_zero or _DIGITS[char] == 0
        elif char in _STEPS:
            if not digit_seen and bare_step:
                return None  # 百十户 is a manner of speaking
            bare_step = bare_step or not digit_seen
            section += (digit if digit_seen and digit else 1) * _STEPS[char]
            digit, digit_seen, last_step, pending_zero = 0, False, _STEPS[char], False
        else:
            total = (total + section + digit) * _SECTIONS[char]
            section, digit, digit_seen, last_step, pending_zero = 0, 0, False, _SECTIONS[char], False
    # 三万五, 一百二: the last digit stands one step below what came before, unless a 零 says otherwise.
    if digit and last_step > 10 and not pending_zero:
        digit *= last_step // 10
    return total + section + digit


def plain_number(text: str) -> Decimal | None:
    """12,345.6 or 一千二百 or 九十三点六 → the number; None when it is none."""
    whole, point, decimals = text.partition("点")
    if point:
        units = chinese_numeral(whole)
        places = "".join(str(_DIGITS[char]) for char in decimals if char in _DIGITS)
        return Decimal(f"{units}.{places}") if units is not None and places else None
    numeral = chinese_numeral(text)
    if numeral is not None:
        return Decimal(numeral)
    return Decimal(text.replace(",", "")) if _PLAIN.fullmatch(text) else None


def without_label(text: str, header: str) -> str:
    """A folded text without the column's own name before the number: 总户数:1200户, 建筑面积75800㎡."""
    name = re.sub(r"^总|\(.*\)$", "", unicodedata.normalize("NFKC", header))
    return re.sub(rf"^总?{re.escape(name)}(?:为|是)?:?(?=.*\d)", "", text) if name else text


def amounts(text: str) -> list[Amount] | None:
    """Every amount in a folded text (NFKC, no white space), or None when something in it is no amount.

    「约7.58万m2」 is one amount of 75800 whose unit reads 万m2; 「0.8至2元」 and 「62间商铺、100套公寓」 hold two.
    """
    approximate = bool(APPROXIMATE.search(text))
    found: list[Amount] = []
    for value, unit in _parts(APPROXIMATE.sub("", text) if approximate else text):
        if value is None:
            return None
        found.append(Amount(value, unit, approximate))
    return found or None


def fold_number(text: str) -> str:
    """A text as numbers are read: NFKC, no white space; digits that a space sets apart stay apart, except thousands."""
    text = _ENCLOSED.sub("※", re.sub(r"[mM]²", "㎡", text))
    text = unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip().rstrip("。;,、")
    text = re.sub(r"[mM]\^?2", "㎡", text)  # its 2 is no number
    text = re.sub(r"(?<=\d)[wW](?=$|[㎡平方米元户套])", "万", text)
    if re.search(r"\d\s+\d", text):
        text = re.sub(r"(?<!\d)\d{1,3}(?:\s\d{3})+(?!\d)", lambda found: re.sub(r"\s", "", found[0]), text)
        text = re.sub(r"(?<=\d)\s+(?=\d)", "、", text)
    text = _REMARK.sub("", re.sub(r"[\s\u200b\ufeff]+", "", text))
    return _IN_BRACKETS.sub(lambda found: found[1] if find_unit(found[1]) else found[0], text)


def _parts(text: str) -> Iterator[tuple[Decimal | None, str]]:
    text = _LEAD.sub("", text)
    matches = list(NUMBER.finditer(text))
    if not matches or (matches[0].start() > 0 and len(matches) == 1):
        yield None, ""  # no number, or words before the only one: no bare amount
        return
    ends = [following.start() for following in matches[1:]] + [len(text)]
    parts = [(plain_number(found[0]), text[found.end() : end]) for found, end in zip(matches, ends, strict=True)]
    while len(parts) > 1 and (one := _joined(*parts[0], *parts[1])):
        parts[:2] = [one]
    yield from parts


def _joined(high: Decimal | None, scale: str, low: Decimal | None, rest: str) -> tuple[Decimal, str] | None:
    """1万 and 2千户 as one number, 12000户; None when they are two."""
    if high is None or low is None or scale not in MULTIPLIERS:
        return None
    worth, unit = scaled(low, rest)
    return (high * MULTIPLIERS[scale] + worth, unit) if low < worth < MULTIPLIERS[scale] else None


def scaled(value: Decimal, unit: str) -> tuple[Decimal, str]:
    """A number and what follows it, with a leading 万, 亿, 千 … multiplied in: (3, 万户) → (30000, 户)."""
    for word in sorted(MULTIPLIERS, key=len, reverse=True):
        if unit.startswith(word):
            return value * MULTIPLIERS[word], unit[len(word) :]
    return value, unit
