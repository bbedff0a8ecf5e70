"""Units of measure as districts write them, and what they are worth in the base unit of their dimension."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from itertools import product
from types import MappingProxyType
from typing import Literal, NamedTuple

Dimension = Literal["area", "land", "money", "fee", "household_fee", "percent", "years", "count"]
"""land and household_fee (元/户·月) are known so that they can be told from what is wanted; no column holds them."""


class Unit(NamedTuple):
    """``name`` as we write it (万㎡), its dimension, and its worth in the base unit (㎡, 元, 元/㎡·月, %, 年, 1)."""

    name: str
    dimension: Dimension
    factor: Decimal


_AREA = ("m2", "m^2", "平方米", "平米", "平方", "平", "方", "sqm")
_MONEY = ("元", "人民币元", "块", "圆")
_COUNTERS = [
    "个",
    "户",
    "套",
    "栋",
    "幢",
    "座",
    "楼",
    "人",
    "名",
    "家",
    "份",
    "件",
    "页",
    "次",
    "间",
    "条",
    "项",
    "处",
    "所",
    "期",
    "届",
    "支",
    "宗",
    "起",
    "张",
    "分",
]
_SCALES = {"": 1, "百": 100, "千": 1_000, "万": 10_000, "百万": 1_000_000, "千万": 10_000_000, "亿": 100_000_000}
MULTIPLIERS = MappingProxyType({word: Decimal(worth) for word, worth in _SCALES.items() if word})
"""百, 千, 万, 亿 … between a number and its unit."""


def fold_unit(text: str) -> str:
    """A unit as units are compared: NFKC (㎡ and m² become m2), lower case, no white space."""
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()


def _spelled() -> Iterator[tuple[str, Unit]]:
    for (scale, worth), word in product(_SCALES.items(), _AREA):
        yield scale + word, Unit(f"{scale}㎡", "area", Decimal(worth))
    for (scale, worth), word in product(_SCALES.items(), _MONEY):
        yield scale + word, Unit(f"{scale}元", "money", Decimal(worth))
    for (scale, worth), word in product(_SCALES.items(), _COUNTERS):
        yield scale + word, Unit(f"{scale}{word}", "count", Decimal(worth))
    for scale, worth in _SCALES.items():
        if scale:
            yield scale, Unit(scale, "count", Decimal(worth))
    for word in ("户/套", "套/户", "户(套)", "套(户)"):
        yield word, Unit(word.rstrip(")"), "count", Decimal(1))
    month, year = Unit("元/㎡·月", "fee", Decimal(1)), Unit("元/㎡·年", "fee", 1 / Decimal(12))
    for area in _AREA:
        for slash, dot in product(("/", "每", "."), ("/", "·", "•", ".", "*", "每", "、", ",", "")):
            for unit, times in ((month, ("月", "每月", "个月")), (year, ("年", "每年"))):
                for time in times:
                    yield f"元{slash}{area}{dot}{time}", unit
                    yield f"元{slash}{time}{dot}{area}", unit
        yield f"元/{area}", month
        yield f"元每{area}", month
        yield f"/{area}", month
        for dot, (unit, time) in product("/·.", ((month, "月"), (year, "年"))):
            yield f"/{area}{dot}{time}", unit
    for home, dot, time in product("户套", ("/", "·", ".", "每", ""), ("月", "年", "")):
        yield f"元/{home}{dot}{time}", Unit("元/户·月", "household_fee", Decimal(1))
        yield f"元/{time}{dot}{home}", Unit("元/户·月", "household_fee", Decimal(1))
    for word, square_metres in (
        ("亩", "666.67"),
        ("公顷", "10000"),
        ("hm2", "10000"),
        ("平方公里", "1000000"),
        ("km2", "1000000"),
    ):
        yield word, Unit(word, "land", Decimal(square_metres))
    for word in ("%", "百分比", "百分数", "%(百分比)"):
        yield word, Unit("%", "percent", Decimal(1))
    yield "‰", Unit("‰", "percent", Decimal("0.1"))
    for word in ("年", "周年"):
        yield word, Unit("年", "years", Decimal(1))


@cache
def _units() -> dict[str, Unit]:
    table: dict[str, Unit] = {}
    for word, unit in _spelled():
        table.setdefault(fold_unit(word), unit)
    return table


@cache
def find_unit(text: str) -> Unit | None:
    """The unit these words name, or None: 万平方米 → 万㎡, 元/平米/月 → 元/㎡·月, 栋 → a counter."""
    return _units().get(fold_unit(text).removeprefix("单位:").strip(":"))


_STATED = re.compile(r"单位[::]?\s*(.+)$")


def stated_units(text: str) -> list[Unit]:
    """The units a 「单位:个、万平方米、%」 line names, in its order; empty when it names none."""
    found = _STATED.search(unicodedata.normalize("NFKC", text).strip("() "))
    words = re.split(r"[、,,;;\s]+", found.group(1)) if found else []
    return [unit for unit in map(find_unit, words) if unit]
