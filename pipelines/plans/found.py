"""What the checks of a plan have in common: where a mistake stands, and the two that occur everywhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

Path = tuple[str | int, ...]
Found = Iterator[tuple[Path, str]]
"""Each mistake as the path of its field and a message."""


def unique(path: Path, key: str, values: Iterable[str], remark: str = "") -> Found:
    """Each value of a list's entries once. ``remark``: why twice is one too many, where that isn't plain."""
    seen: set[str] = set()
    for n, value in enumerate(values):
        if value in seen:
            yield (*path, n, key), f"{value} occurs twice{remark}"
        seen.add(value)


def known(path: Path, what: str, values: Iterable[str], names: Collection[str]) -> Found:
    """Every value is one of the names; those that are not are told together."""
    strange = list(dict.fromkeys(value for value in values if value not in names))
    if len(strange) == 1:
        yield path, f"unknown {what} {strange[0]!r}{suggestion(strange[0], names)}"
    elif strange:
        told, rest = ", ".join(map(repr, strange[:3])), len(strange) - 3
        yield path, f"unknown {what}s {told}{f' and {rest} more' if rest > 0 else ''}"


def suggestion(word: str, names: Collection[str]) -> str:
    """The name that was probably meant, as the end of a message; nothing when none is close."""
    close = get_close_matches(word, list(names), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
