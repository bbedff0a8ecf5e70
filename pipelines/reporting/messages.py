"""The message catalogue: every sentence a page shows, in each language, under one key.

``catalogue/<lang>/*.yaml`` are nested mappings; a key is the path joined with dots. A message may hold our own HTML and
``{name}`` placeholders; what is put into them is escaped, whole numbers get thousands separators. A message may also be
a mapping with ``one`` and ``other``: the form is chosen by the argument ``n``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup

LANGUAGES = ("zh", "en")
HTML_LANG = {"zh": "zh-CN", "en": "en"}
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Catalogue:
    """The messages of one language."""

    lang: str
    messages: dict[str, str]

    def __call__(self, key: str, **values: Any) -> Markup:
        """The message under ``key`` with its placeholders filled in and escaped. Raises KeyError for an unknown key."""
        if key not in self.messages:
            plural = "one" if values.get("n") == 1 else "other"
            key = f"{key}.{plural}"
        shown = {name: f"{value:,}" if type(value) is int else value for name, value in values.items()}
        return Markup(self.messages[key]).format(**shown)

    def has(self, key: str) -> bool:
        return key in self.messages

    def label(self, family: str, code: object) -> str | Markup:
        """The word for a code of a family (status, mode …); a code without one is shown as it is (and escaped)."""
        key = f"{family}.{code}"
        return Markup(self.messages[key]) if key in self.messages else str(code)


def bare(text: str) -> str:
    """A message without its markup, for what is no page, its blanks kept; other text stays as it is."""
    return Markup(_TAG.sub("", text)).unescape() if isinstance(text, Markup) else text


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    leaves: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            leaves |= _flat(value, f"{prefix}{key}.")
        else:
            leaves[f"{prefix}{key}"] = str(value)
    return leaves


@cache
def catalogue(lang: str) -> Catalogue:
    """The catalogue of a language. Raises ValueError naming the languages there are."""
    if lang not in LANGUAGES:
        raise ValueError(f"no language {lang!r}; there are {', '.join(LANGUAGES)}")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    tree: dict[str, Any] = {}
    for file in sorted((Path(__file__).parent / "catalogue" / lang).glob("*.yaml")):
        part = yaml.load(file.read_text("utf-8"), Loader=loader)
        if twice := tree.keys() & part.keys():
            raise ValueError(f"{file.name} says again what another file of the catalogue says: {', '.join(twice)}")
        tree |= part
    return Catalogue(lang, _flat(tree))
