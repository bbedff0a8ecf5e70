"""Headers and sheet names as people write them → columns and forms.

A header is compared after NFKC without white space, star, (必填), numbering and punctuation; its unit is split off.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType

from pipelines.forms import FORMS, Column, Form
from pipelines.forms.base import PERSONAL
from pipelines.forms.units import Unit, find_unit

_INVISIBLE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
_REQUIRED = re.compile(r"[*★☆※✱]|[(\[](?:必填|必填项|必须填写|选填|可选)[)\]]")
_NUMBERING = re.compile(
    r"^(?:[(](?:\d{1,2}|[一二三四五六七八九十]{1,3})[)]|(?:\d{1,2}|[一二三四五六七八九十]{1,3})[、.．])(?=\D)"
)
_TRAILING = re.compile(r"^(.+?)(?:[(\[]([^()\[\]]+)[)\]]|[,:,](单位:.+))$")
_PUNCTUATION = re.compile(r"[()\[\]{}【】〔〕<>《》、,.。·•/\\\-—–_:;\"'“”‘’|+&]+")


@lru_cache(maxsize=8_192)
def normalise_header(text: str) -> tuple[str, str | None]:
    """A header cell → (name, unit): ``★1、建筑 面积(万平方米)`` → ``("建筑面积", "万㎡")``.

    A bracket that names no unit stays: 街道(乡镇). Brackets and letters come out half-width.
    """
    name = _INVISIBLE.sub("", unicodedata.normalize("NFKC", str(text)))
    name = _NUMBERING.sub("", _REQUIRED.sub("", name)).rstrip(":")
    unit: Unit | None = None
    while (found := _TRAILING.match(name)) and (stated := find_unit(found[2] or found[3])):
        name, unit = found[1], unit or stated
    return name, unit.name if unit else None


def header_key(name: str) -> str:
    """A normalised name as names are compared: 街道(乡镇), 街道/乡镇 and 街道、乡镇 agree."""
    return _PUNCTUATION.sub("", name).upper() or name


def index(form: type[Form]) -> Mapping[str, Column]:
    """Header key → column: every header and alias of the form, then the personal columns any sheet may carry.

    Raises ValueError when two columns of the form claim one header.
    """
    return _index(form.name)


@cache
def _index(name: str) -> Mapping[str, Column]:
    form = FORMS[name]
    found: dict[str, Column] = {}
    for column in (*form.columns, *form.alternatives):
        for header in (column.header, *column.aliases):
            key = header_key(normalise_header(header)[0])
            if found.setdefault(key, column) is not column:
                raise ValueError(f"form {form.name}: {header!r} names both {found[key].field} and {column.field}")
    for column in PERSONAL:
        for header in (column.header, *column.aliases):
            found.setdefault(header_key(normalise_header(header)[0]), column)
    return MappingProxyType(found)


@cache
def _sheets() -> dict[str, type[Form]]:
    return {
        header_key(normalise_header(name)[0]): form
        for form in FORMS.values()
        for name in (form.sheet, *form.sheet_aliases)
    }


def form_of_sheet(sheet: str) -> type[Form] | None:
    """The form a sheet of this name holds, or None."""
    return _sheets().get(header_key(normalise_header(sheet)[0]))
