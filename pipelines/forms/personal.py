"""Personal data found by pattern: telephone and mobile numbers, identity numbers, e-mail, bank cards.

Names of people can't be found this way; columns that hold them are personal by declaration. Codes of places and
communities, coordinates and amounts look similar and must not be taken for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from pipelines.forms.codes import is_identity_number, passes_luhn

MASK = "***"

LABELS = {
    "id_card": "身份证号",
    "id_card_15": "15位身份证号",
    "bank_card": "银行卡号",
    "mobile": "手机号",
    "landline": "电话号码",
    "email": "电子邮箱",
}
"""Kind → what a receipt calls it."""


class Hit(NamedTuple):
    """One find: its kind and where it stands in the text."""

    kind: str
    start: int
    end: int


# Same length in and out, so that places in the folded text are places in the original.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
_CANDIDATE = re.compile(r"(?:\d[ -]?){7}|@")
_BEFORE, _AFTER = r"(?<![0-9A-Za-z.])", r"(?![0-9A-Za-z])"
_AMOUNT = r"(?!\.\d|[ ]?(?:元|万|亿|户|㎡|m2|平方|平米))"
_PATTERNS = {
    "id_card": re.compile(rf"{_BEFORE}\d{{6}}[ -]?\d{{8}}[ -]?\d{{3}}[\dXx]{_AFTER}"),
    "id_card_15": re.compile(
        rf"{_BEFORE}(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])\d{{4}}"
        rf"[3-9]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{{3}}{_AFTER}"
    ),
    # Issuer prefixes in use, less those with which the region in a 16-digit community code begins.
    "bank_card": re.compile(
        rf"{_BEFORE}(?!(?:4[1-6]|5[1-4])[0-3]\d)(?:62|60|4\d|5[1-5]|9558)(?:[ -]?\d){{12,16}}\d{_AFTER}"
    ),
    "mobile": re.compile(rf"(?<![0-9.])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{{4}}[ -]?\d{{4}}(?![0-9]){_AMOUNT}"),
    "landline": re.compile(
        rf"(?<![0-9.])[(]?0(?:10|2\d)[)]?[ -]?\d{{8}}(?![0-9]){_AMOUNT}"
        rf"|(?<![0-9.])[(]?0[3-9]\d{{2}}[)]?[ -]?\d{{7,8}}(?![0-9]){_AMOUNT}"
        rf"|(?<=电话|手机|座机)[::]?[ ]?\d{{7,8}}(?![0-9])"
    ),
    "email": re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"),
}


def find(text: str) -> list[Hit]:
    """Personal data in a text, left to right, without overlaps. Fast on texts that hold none."""
    folded = text.translate(_HALF_WIDTH)
    if not _CANDIDATE.search(folded):
        return []
    taken: list[Hit] = []
    for hit in _raw_hits(folded):
        if all(hit.end <= other.start or hit.start >= other.end for other in taken):
            taken.append(hit)
    return sorted(taken, key=lambda hit: hit.start)


def _raw_hits(folded: str) -> Iterator[Hit]:
    for kind, pattern in _PATTERNS.items():
        for found in pattern.finditer(folded):
            digits = re.sub(r"[ -]", "", found[0])
            if kind == "id_card" and not is_identity_number(digits):
                continue
            if kind == "bank_card" and not (16 <= len(digits) <= 19 and passes_luhn(digits)):
                continue
            yield Hit(kind, found.start(), found.end())


@lru_cache(maxsize=16_384)
def mask(text: str) -> str:
    """The text with every find replaced by ``***``."""
    for hit in reversed(find(text)):
        text = text[: hit.start] + MASK + text[hit.end :]
    return text
