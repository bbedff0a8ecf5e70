"""Names as they are compared: what may differ between two spellings of the same community, street or firm.

Keys are for matching only; names are always shown as typed. Phase, zone and number tokens (一期, A区, 2号) stay.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache

import polars as pl

KeyRule = tuple[str, Callable[[str | None], str | None]]
"""The field a key is made from and the function that makes it."""

_NOISE = re.compile(r"[\s\u200b\ufeff·•．.,，、。;；:：'\"‘’“”《》<>()\[\]【】{}〔〕_\-—–/\\]+")
_COMPANY_SUFFIX = re.compile(r"(股份|责任)?有限(责任)?公司$|公司$")


def _fold(text: str) -> str:
    """NFKC, upper case, white space and punctuation out; brackets go, what is in them stays."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text).upper())


@lru_cache(maxsize=65_536)
def name_key(name: str | None) -> str | None:
    """A community's name without spaces and a trailing 小区: 「阳光 花园小区」 is 「阳光花园」, 一期 is not 二期."""
    if not name:
        return None
    folded = _fold(name)
    return folded.removesuffix("小区") or folded or None


@lru_cache(maxsize=65_536)
def address_key(address: str | None) -> str | None:
    """An address without spaces and punctuation."""
    return (_fold(address) or None) if address else None


@lru_cache(maxsize=8_192)
def subdistrict_key(name: str | None) -> str | None:
    """A subdistrict or township without the words for its office: 「团结街道办事处」 and 「团结」 agree."""
    if not name:
        return None
    folded = re.sub(r"(办事处|街道办|人民政府|管理委员会|管委会)$", "", _fold(name))
    return folded.removesuffix("街道").removesuffix("街") or folded or None


@lru_cache(maxsize=65_536)
def company_key(name: str | None) -> str | None:
    """A firm's name without its legal form; a branch (分公司) keeps its own name."""
    if not name:
        return None
    folded = _fold(name)
    if folded.endswith("分公司"):
        return folded
    return _COMPANY_SUFFIX.sub("", folded) or folded or None


def add(frame: pl.DataFrame, rules: Mapping[str, KeyRule]) -> pl.DataFrame:
    """The frame with one key column per rule, computed once per distinct name."""
    return frame.with_columns(_mapped(frame[field], make).alias(key) for key, (field, make) in rules.items())


def _mapped(names: pl.Series, make: Callable[[str | None], str | None]) -> pl.Series:
    distinct = names.drop_nulls().unique().to_list()
    return names.replace_strict(distinct, [make(name) for name in distinct], default=None, return_dtype=pl.String())
