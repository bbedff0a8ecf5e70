"""Headers and sheet names as people write them → columns and forms.

A header is compared after NFKC without white space, star, (必填), numbering and punctuation; its unit is split off.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from types import MappingProxyType
from typing import NamedTuple

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
    name = _cleaned(unicodedata.normalize("NFKC", str(text)))
    unit: Unit | None = None
    while (found := _TRAILING.match(name)) and (stated := find_unit(found[2] or found[3])):
        name, unit = found[1], unit or stated
    return name, unit.name if unit else None


def _cleaned(name: str) -> str:
    """A header in NFKC without white space, star, (必填) and numbering; its unit stays."""
    return _NUMBERING.sub("", _REQUIRED.sub("", _INVISIBLE.sub("", name))).rstrip(":")


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
    return {key_of(name): form for form in FORMS.values() for name in (form.sheet, *form.sheet_aliases)}


def form_of_sheet(sheet: str) -> type[Form] | None:
    """The form a sheet of this name holds, or None."""
    return _sheets().get(key_of(sheet))


def key_of(text: str) -> str:
    """A header or sheet name as it was typed, as names are compared."""
    return header_key(normalise_header(text)[0])


# ── brackets that explain ─────────────────────────────────────────────────────────────────────────────────────────

_BRACKET = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_PLAINLY_EXPLAINS = re.compile(r"填|请|说明|格式|精确|^(?:须|需)?(?:按|写|选|勾|如|例|含|不含|包括|包含|指|即|单位)")
_EXPLAINS = re.compile(r"注意|按|须|需|如|例|保留|全称|简称|年月|YYYY|√|可多|没有|参照|参考|详见|附件")
_DISTINGUISHES = re.compile(
    r"其中|[上去本当]年|[上本]期|同期|原|变更|[前后]$|起|止|始|结束|到期|已|未|新|旧|改造|入住|常住|增|减|累计|计划|实际|预计"
    r"|目标|其他|地[上下]|套内|商业|住宅|[男女]|党员|[专兼]职|负责|联系|电话|第.次|^[A-Z0-9一二三四五六七八九十甲乙丙丁]{1,3}$"
)
_LONG = 7


def without_remarks(
    name: str, words: frozenset[str] = frozenset(), aliases: frozenset[str] = frozenset()
) -> str | None:
    """A normalised name without the brackets that only explain how to fill it in; None when it has none of these.

    小区名称(填全称) is 小区名称. A bracket that tells one column from another (户数(已入住)) stays, and so does a short
    one that may do so. ``words`` of the column and its ``aliases`` (header keys): brackets that list them explain, too.
    """

    def explains(said: str) -> bool:
        parts = [part for part in re.split(r"[/、,;|或和·]", said) if part]
        if header_key(said) in aliases or sum(part.upper() in words for part in parts) >= 2:
            return True
        rest = name.replace(said, "")
        if not _PLAINLY_EXPLAINS.search(said) and any(f[0] not in rest for f in _DISTINGUISHES.finditer(said)):
            return False
        return bool(_PLAINLY_EXPLAINS.search(said) or _EXPLAINS.search(said)) or len(said) >= _LONG

    kept = _BRACKET.sub(lambda found: "" if explains(found[1]) else found[0], name)
    return kept if kept and kept != name else None


def _unit_in_remarks(name: str) -> str | None:
    """The unit a bracket states beside other words: (含车库,单位:平方米), (户,按房产证)."""
    for said in _BRACKET.findall(name):
        for part in re.split(r"[,;、]", said):
            if unit := find_unit(part):
                return unit.name
    return None


# ── what headers mean here ────────────────────────────────────────────────────────────────────────────────────────

EXACT, ALIAS, REMARK, ANALYST = "exact", "alias", "remark", "analyst"
"""How a header was understood: the template's own, a listed other one, without an explaining bracket, by a line of an
analyst's file.
"""


class Match(NamedTuple):
    """What a header was taken for. ``column`` is None when an analyst said that it is to be left out."""

    column: Column | None
    how: str
    unit: str | None = None


@dataclass(frozen=True, eq=False)
class Lexicon:
    """What headers and sheet names mean: what analysts added, and then those of the forms."""

    headers: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    """(Form, header key) → field; None for a column to be left out."""
    sheets: Mapping[str, str] = field(default_factory=dict)
    """Key of a sheet name → form."""
    _memo: dict[tuple[str, str, str], Match | None] = field(default_factory=dict, repr=False)

    def find(self, form: type[Form], text: str, parents: str = "") -> Match | None:
        """The column of a header as it was typed, under its parents if there are any."""
        key = form.name, parents, text
        if key not in self._memo:
            if len(self._memo) > 50_000:
                self._memo.clear()
            self._memo[key] = self._find(form, text, parents)
        return self._memo[key]

    def _find(self, form: type[Form], text: str, parents: str) -> Match | None:
        above = normalise_header(parents)[0] if parents else ""
        name, unit = normalise_header(text)
        if not name:
            return None
        if unit and (whole := self._known(form, above + _cleaned(unicodedata.normalize("NFKC", text)))):
            return whole  # 合同期限(起): what counts cases elsewhere is no unit here
        found = self._known(form, above + name)
        if found is None and "(" in name:
            found = self._without_remarks(form, above, name)
        return Match(found.column, found.how, found.unit or unit) if found else None

    def _known(self, form: type[Form], name: str) -> Match | None:
        key = header_key(name)
        if self.headers and (form.name, key) in self.headers:
            said = self.headers[form.name, key]
            return Match(form.column(said) if said else None, ANALYST)
        column = index(form).get(key)
        return Match(column, EXACT if key == header_key(column.header) else ALIAS) if column else None

    def _without_remarks(self, form: type[Form], above: str, name: str) -> Match | None:
        bare = index(form).get(header_key(above + _BRACKET.sub("", name)))
        words, aliases = (_words(bare), _aliases(bare)) if bare else (frozenset(), frozenset())
        short = without_remarks(name, words, aliases)
        found = self._known(form, above + short) if short else None
        return Match(found.column, REMARK, _unit_in_remarks(name)) if found else None

    def form_of_sheet(self, sheet: str) -> type[Form] | None:
        """The form a sheet of this name holds, by an analyst's line or by the forms."""
        said = self.sheets.get(key_of(sheet)) if self.sheets else None
        return FORMS[said] if said else form_of_sheet(sheet)

    def may_know(self, text: str) -> bool:
        """Whether some form may have a column with this header, by its first words alone: for a quick look at many."""
        if text[:1] not in _firsts() and not self.headers:
            return False
        stem = _stem(text)
        return stem in _stems() or (bool(self.headers) and stem in self._own_stems)

    @cached_property
    def _own_stems(self) -> frozenset[str]:
        return frozenset(key for _, key in self.headers)


BUILT_IN = Lexicon()
"""The forms' own headers and aliases, nothing added."""


@cache
def _aliases(column: Column) -> frozenset[str]:
    return frozenset(key_of(text) for text in (column.header, *column.aliases))


@cache
def _words(column: Column) -> frozenset[str]:
    """The words a cell of this column may hold, and 是, 否, 有, 无."""
    listed = {word.upper() for choice in column.allowed.values() for word in (choice.label, *choice.synonyms)}
    return frozenset(listed | {"是", "否", "有", "无"})


_MARKS = dict.fromkeys(map(ord, " \t\r\n\u3000\xa0\u200b*★☆※✱:：、,，.。·•/／\\-—–_;\"'“”‘’|+&<>《》"))


def _stem(text: str) -> str:
    """The first words of a header, up to its bracket: cheap, and good enough to say that a text is none."""
    stem = text.translate(_MARKS).partition("(")[0].partition("（")[0].upper()
    return stem.lstrip("0123456789") if stem[:1].isdigit() else stem


@cache
def _stems() -> frozenset[str]:
    words = (
        word
        for form in FORMS.values()
        for column in (*form.columns, *form.alternatives, *PERSONAL)
        for word in (column.header, *column.aliases)
    )
    return frozenset(filter(None, map(_stem, words)))


@cache
def _firsts() -> frozenset[str]:
    """The letters a header may begin with."""
    return frozenset((*(stem[0] for stem in _stems()), *map(chr, _MARKS), *"0123456789()（）[【一二三四五六七八九十"))
