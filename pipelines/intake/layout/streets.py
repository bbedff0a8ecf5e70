"""Which 街道 (乡镇) or 社区 a section row, a title or a sheet's name is about."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

SUBDISTRICT, NEIGHBOURHOOD = "subdistrict", "neighbourhood"

_OFFICE = r"(?:街道办事处|街道办|街道|苏木|镇|乡)"
_STREET = re.compile(rf"[一-鿿]{{1,8}}{_OFFICE}")
_COMMITTEE = re.compile(r"[一-鿿]{1,10}(?:社区居委会|社区居民委员会|社区|居委会|嘎查|村委会|村)")
_LABELS = {
    SUBDISTRICT: "街道 乡镇 镇街 街镇 街道乡镇 街道(乡镇) 街道/乡镇 街道、乡镇 所属街道 所在街道 街道名称 苏木乡镇"
    " 街道办事处 填报街道",
    NEIGHBOURHOOD: "社区 所属社区 社区居委会 社区名称 嘎查村 村(社区) 社区(村)",
}
_FIELD_OF = {label: name for name, labels in _LABELS.items() for label in labels.split()}
_UNIT_LABELS = ("填报单位", "报送单位", "上报单位", "单位名称", "填表单位")
_NUMBERING = re.compile(
    r"^(?:第?[(]?(?:[一二三四五六七八九十]{1,3}|\d{1,3})[)、.．]|[(][一二三四五六七八九十]{1,3}[)]|[★●◆■])\s*"
)
_TAIL = re.compile(r"(?:[(][^()]*[)]|共?\d+个(?:小区)?|[:：])+$")
_ANY = ("各", "各个", "所有", "全部", "全", "本", "所属", "所在", "有关", "相关", "其他", "属")
_KINDS = ("街道", "镇", "乡", "乡镇", "苏木", "社区", "村", "嘎查")
_NOBODY = frozenset(
    (*_KINDS, *(any_ + kind for any_ in _ANY for kind in _KINDS), "村镇", "集镇", "城镇", "街镇", "小镇")
)
"""What a text may say instead of naming one."""
_IN_TEXT = re.compile(
    rf"^(?:[^、]*(?:市|区|县|旗|附件|附表|[\s:：_\-—.·]|\d[年、]?))?({_STREET.pattern})"
    r"(?=$|[\s(（\d_\-—:：.·]|(?:住宅|小区|物业|台账|明细|统计|情况|基本|摸底|调查|老旧|业委会|业主|社区情况|汇总))"
)


class Place(NamedTuple):
    """A street or neighbourhood by name: the field it fills, and its name as typed."""

    field: str
    value: str


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _is_nobody(name: str) -> bool:
    return name in _NOBODY or re.match(r"各|所有|所属|有关|相关|其他|乡镇", name) is not None


def place_in_section(text: str, *, strict: bool = False) -> Place | None:
    """What a section row is about: 「团结街道」, 「一、团结街道(12个)」, 「街道：团结街道」.

    ``strict``: the text stands where names of communities stand, so that only a street is taken for a section.
    """
    plain = _plain(text)
    numbered = _NUMBERING.sub("", plain)
    label, colon, value = numbered.partition(":")
    if colon and label in _FIELD_OF and value:
        name = _TAIL.sub("", value)
        return Place(_FIELD_OF[label], name) if 0 < len(name) <= 20 else None
    name = _TAIL.sub("", numbered)
    if _is_nobody(name) or len(name) < 2:
        return None
    if _STREET.fullmatch(name) and not (strict and name.endswith("小镇")):
        return Place(SUBDISTRICT, name)
    if not strict and _COMMITTEE.fullmatch(name):
        return Place(NEIGHBOURHOOD, name)
    return None


def street_in(text: str) -> Place | None:
    """The street a title or a sheet's name is about: 「临河区团结街道住宅小区明细表」; None if none or all."""
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()
    found = _IN_TEXT.match(plain)
    if not found or _is_nobody(found[1]):
        return None
    return Place(SUBDISTRICT, found[1])


def street_in_titles(rows: Iterable[Sequence[str]]) -> tuple[Place, int, int] | None:
    """The one street that title rows name, with its row and column here; None where they name several."""
    found: dict[str, tuple[Place, int, int]] = {}
    for number, texts in enumerate(rows):
        for column, text in enumerate(texts):
            if text and (place := _labelled(texts, column) or street_in(text)):
                found.setdefault(place.value, (place, number, column))
    return next(iter(found.values())) if len(found) == 1 else None


def _labelled(texts: Sequence[str], column: int) -> Place | None:
    """What 「街道：团结街道」 says, in one cell or side by side; 填报单位 counts where a street is the unit."""
    label, colon, value = _plain(texts[column]).partition(":")
    if label not in _FIELD_OF and label not in _UNIT_LABELS:
        return None
    if not value:
        value = _plain(next((text for text in texts[column + 1 :] if text and text != texts[column]), ""))
    name = _TAIL.sub("", value)
    if _FIELD_OF.get(label) == SUBDISTRICT and colon and 0 < len(name) <= 20:
        return Place(SUBDISTRICT, name)
    return Place(SUBDISTRICT, name) if _STREET.fullmatch(name) and not _is_nobody(name) else None
