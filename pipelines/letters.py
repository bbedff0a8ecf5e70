"""How wide text is, where Chinese characters are twice as wide as Latin ones."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache


def half_widths(text: str) -> int:
    """Half-width characters a text takes in a Chinese typeface; signs of either kind count as wide there."""
    return len(text) if text.isascii() else sum(map(_in_print, text))


def columns(text: str) -> int:
    """Columns a text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_on_terminal, text))


def padded(text: str, width: int) -> str:
    """A text, and blanks up to so many columns of a terminal."""
    return text + " " * (width - columns(text))


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows as lines of a table on a terminal, without blanks at their ends."""
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(map(padded, row, widths)).rstrip()


@lru_cache(maxsize=1 << 16)
def _in_print(sign: str) -> int:
    return 2 if unicodedata.east_asian_width(sign) in "WFA" else 1


@lru_cache(maxsize=1 << 16)
def _on_terminal(sign: str) -> int:
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
