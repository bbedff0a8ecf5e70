"""The words of ``vocab.yaml``: which spellings mean which code."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Choice(NamedTuple):
    """One allowed value: the label a template offers and the other words that mean it."""

    label: str
    synonyms: tuple[str, ...]


def fold(text: str) -> str:
    """A word as words are compared: NFKC, upper case, no white space of any kind."""
    return "".join(unicodedata.normalize("NFKC", text).replace("\u200b", "").replace("\ufeff", "").split()).upper()


@cache
def _vocabularies() -> dict[str, dict[str, str]]:
    return yaml.load((Path(__file__).parent / "vocab.yaml").read_text("utf-8"), _LOADER)


@cache
def choices(vocabulary: str) -> Mapping[str, Choice]:
    """Code → label and synonyms, in the order of the file. Raises KeyError for an unknown vocabulary."""
    return MappingProxyType({code: Choice(label, tuple(rest)) for code, (label, *rest) in _words(vocabulary).items()})


@cache
def codes(vocabulary: str) -> Mapping[str, str]:
    """Folded word → code. The code itself is a word too."""
    found: dict[str, str] = {}
    for code, words in _words(vocabulary).items():
        for word in (code, *words):
            if found.setdefault(fold(word), code) != code:
                raise ValueError(f"vocab.yaml: {word!r} means both {found[fold(word)]} and {code} in {vocabulary}")
    return MappingProxyType(found)


def _words(vocabulary: str) -> dict[str, list[str]]:
    return {str(code): str(words).split() for code, words in _vocabularies()[vocabulary].items()}
