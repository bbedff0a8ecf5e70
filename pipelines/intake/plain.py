"""Cells that read as themselves: told apart in bulk, so that only the others need the full parser.

This is nothing but a short cut. For every value it returns, the column's own parser says the same (a test holds it to
that with random texts and numbers).
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from contextlib import suppress
from datetime import date
from functools import cache
from math import isfinite
from typing import cast

from pipelines.forms import Column
from pipelines.forms.dates import FIRST_YEAR, LAST_YEAR
from pipelines.forms.types import Code, CompanyName, Decimal, Integer, Name, PartialDate, Text
from pipelines.forms.units import find_unit
from pipelines.forms.values import NO_FIRM
from pipelines.forms.vocabulary import codes, fold

# Characters that neither NFKC nor folding (but for case) changes, and that no unit, error or mask begins with.
_ORDINARY = re.compile(r"[一-鿿A-Za-z0-9()·、\n-]*")
_DIGIT_RUN = re.compile(r"(?:\d-?){7}")
_ISO_DAY = re.compile(r"(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_MOST = 1e12


@cache
def _words(kind: Hashable) -> frozenset[str]:
    """Words that mean something else than themselves in a column of this kind, as they may be typed."""
    words = set(codes("state"))
    if kind in (Name, CompanyName, Code):
        words |= {fold(word) for word in ("无", "没有", "空", "暂无")}
    if kind is CompanyName:
        words |= set(codes("management_mode")) | set(codes("not_a_company"))
    return frozenset(words)


def plain_texts(column: Column, values: Iterable[object]) -> set[str]:
    """The texts among the values that read as themselves in this column; none where it holds no free text."""
    kind = type(column.type)
    if kind not in (Text, Name, CompanyName, Code):
        return set()
    texts = {value for value in values if isinstance(value, str) and 0 < len(value) <= 200}
    if not _is_ordinary("\n".join(texts), kind):
        texts = {text for text in texts if "\n" not in text and _is_ordinary(text, kind)}
    if kind is Code:  # 9E17 has lost digits, and 18 characters may be an identity number
        texts = {text for text in texts if len(text) > 5 and len(text) != 18}
    if kind is CompanyName and NO_FIRM.search("\n".join(texts)):
        texts = {text for text in texts if not NO_FIRM.search(text)}
    words = _words(cast(Hashable, kind))
    return {text for text in texts if text.upper() not in words}


def _is_ordinary(text: str, kind: type) -> bool:
    return _ORDINARY.fullmatch(text) is not None and (kind is Code or _DIGIT_RUN.search(text) is None)


def plain_numbers(column: Column, unit: str | None, values: Iterable[object]) -> dict[object, object]:
    """Number → what is stored for it, for the numbers that need no conversion in this column.

    Whole numbers for a count; for a decimal the number's own text, where the column has as many places.
    """
    kind = type(column.type)
    if kind not in (Integer, Decimal):
        return {}
    probe = column.parse(1.0, unit=unit)
    stated = find_unit(unit) if unit else None
    if probe.value != 1 or probe.problem or probe.marker or (unit and stated is None):
        return {}
    numbers = [value for value in values if type(value) is float and isfinite(value) and abs(value) < _MOST]
    if kind is Integer:
        return {number: int(number) for number in numbers if number.is_integer()}
    scale = column.type.scale  # type: ignore[attr-defined]
    texts = ((number, repr(number)) for number in numbers)
    return {number: text for number, text in texts if "e" not in text and len(text) - text.index(".") - 1 <= scale}


def plain_days(column: Column, values: Iterable[object]) -> dict[object, date]:
    """The texts of a date column that are written like 2023-09-30, with the day each one is."""
    if type(column.type) is not PartialDate:
        return {}
    days: dict[object, date] = {}
    for text in values:
        if isinstance(text, str) and _ISO_DAY.fullmatch(text) and FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
            with suppress(ValueError):
                days[text] = date.fromisoformat(text)
    return days
