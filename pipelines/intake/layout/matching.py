"""Which column of a header is which field.

A heading is the texts over a column from top to bottom. Parents and leaf joined are matched first, then the leaf; a
leaf that occurs twice needs its parent. Columns for 是 and 否 (or any words of a choice) under one parent are one field
that is ticked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipelines.forms import Column, Form, headers
from pipelines.forms.headers import BUILT_IN, EXACT, Lexicon, Match, key_of, normalise_header
from pipelines.forms.types import Enum, Flag
from pipelines.forms.units import find_unit
from pipelines.forms.vocabulary import codes, fold
from pipelines.intake.layout.model import PARENT, TICK, ColumnFound

Heading = tuple[str, ...]
"""The texts over a column from top to bottom; its last one is the leaf. Blank ones say nothing."""

SUMS = frozenset(("合计", "总计", "总数", "总", "数量", "数值", "小计", "数"))
"""Leaves that add nothing to their parent: 户数 — 合计."""
OTHERS = frozenset(("其他", "其它"))
NEAR = 72
"""So alike (0–100) are two headers of which one may be meant for the other."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """Columns of which one is ticked, and the word that a tick in each one means."""

    field: str
    words: tuple[tuple[int, str], ...]


def match_columns(
    form: type[Form], headings: Sequence[Heading], lexicon: Lexicon = BUILT_IN, left: int = 0
) -> list[ColumnFound]:
    """What each column is, from column ``left`` on. Where two fit one field, the canonical header has it, else the
    first.
    """
    paths = [tuple(text for text in heading if text) for heading in headings]
    ticked = {column: group for group in ticks(form, paths, lexicon) for column, _ in group.words}
    leaves = [key_of(path[-1]) if path else "" for path in paths]
    holders: dict[str, tuple[int, bool]] = {}
    found: list[ColumnFound] = []
    for number, path in enumerate(paths):
        index = left + number
        text = " ".join("-".join(path).split())
        if not path or not leaves[number]:
            found.append(ColumnFound(index, ""))
            continue
        if number in ticked:
            found.append(ColumnFound(index, text, how=TICK, part_of=ticked[number].field))
            continue
        match, is_told_apart = _match(form, path, lexicon)
        unit = (match and match.unit) or _unit(path)
        column = match.column if match else None
        if match is None or column is None:
            found.append(ColumnFound(index, text, unit=unit, problem="ignored" if match else None))
            continue
        if not column.personal and not is_told_apart and len(path) > 1 and leaves.count(leaves[number]) > 1:
            found.append(ColumnFound(index, text, unit=unit, problem="ambiguous"))
            continue
        if column.field in holders and not column.personal:
            holder, is_canonical = holders[column.field]
            if is_canonical or match.how != EXACT:
                found.append(ColumnFound(index, text, unit=unit, problem="duplicate"))
                continue
            found[holder] = replace(found[holder], field=None, how=None, problem="duplicate")
        holders[column.field] = number, match.how == EXACT
        found.append(ColumnFound(index, text, column.field, unit, personal=column.personal, how=match.how))
    return found


def _match(form: type[Form], path: Heading, lexicon: Lexicon) -> tuple[Match | None, bool]:
    """What a heading means, and whether its parents had a part in that."""
    *above, leaf = path
    for parents in _joins(above):
        if match := lexicon.find(form, leaf, parents):
            return match, True
    if match := lexicon.find(form, leaf):
        return match, False
    if above and (key_of(leaf) in SUMS or find_unit(leaf.strip("()（）"))):
        parent, _ = _match(form, tuple(above), lexicon)
        if parent and parent.column and not parent.column.personal:
            return Match(parent.column, PARENT, parent.unit), True
    return None, False


def _joins(above: Sequence[str]) -> list[str]:
    """The parents to try with a leaf: all of them, the nearest, the topmost."""
    if not above:
        return []
    return list(dict.fromkeys(("".join(above), above[-1], above[0])))


def _unit(path: Heading) -> str | None:
    """The unit a heading states: its leaf's, else the nearest parent's."""
    for text in reversed(path):
        if unit := normalise_header(text)[1]:
            return unit
        if stated := find_unit(text.strip("()（） ")):
            return stated.name
    return None


# ── ticks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def ticks(form: type[Form], paths: Sequence[Heading], lexicon: Lexicon = BUILT_IN) -> list[Ticked]:
    """The groups of neighbouring columns under one parent whose leaves are words of the parent's field."""
    if all(len(path) < 2 for path in paths):
        return []
    groups = []
    start = 0
    while start < len(paths):
        above = paths[start][:-1]
        stop = start + 1
        while above and stop < len(paths) and paths[stop][:-1] == above:
            stop += 1
        if above and stop - start >= 2 and (group := _ticked(form, above, paths, range(start, stop), lexicon)):
            groups.append(group)
        start = stop
    return groups


def _ticked(
    form: type[Form], above: Heading, paths: Sequence[Heading], columns: Sequence[int], lexicon: Lexicon
) -> Ticked | None:
    match, _ = _match(form, above, lexicon)
    column = match.column if match else None
    if column is None or column.personal or not isinstance(column.type, Enum | Flag):
        return None
    if any(lexicon.find(form, paths[i][-1], above[-1]) for i in columns):
        return None
    words = [(i, paths[i][-1]) for i in columns if _is_word(column, paths[i][-1])]
    if len(words) < 2:
        return None
    others = [(i, paths[i][-1]) for i in columns if paths[i][-1] in OTHERS]
    return Ticked(column.field, tuple(sorted({*words, *others})))


def _is_word(column: Column, text: str) -> bool:
    """Whether a header is a word that may be typed into the column."""
    if isinstance(column.type, Enum) and column.type.open:
        return fold(text) in codes(column.type.vocabulary)
    parsed = column.parse(text)
    return parsed.value is not None and parsed.problem is None


# ── near misses ───────────────────────────────────────────────────────────────────────────────────────────────────


def near_columns(form: type[Form], header: str, taken: Mapping[str, ColumnFound], most: int = 2) -> list[Column]:
    """The columns, not found on the sheet, that an unknown header may be meant for, the likeliest first.

    Nothing is taken on their strength; they are told to the district.
    """
    from rapidfuzz import fuzz, process  # only odd sheets need it

    leaf = header.rpartition("-")[2]
    texts = {key_of(header), key_of(leaf), key_of(re.split("[(（]", leaf)[0])} - {""}
    known = {
        key: column
        for key, column in headers.index(form).items()
        if not column.personal and column.field not in taken and len(key) > 1
    }
    likeness: dict[str, float] = {}
    for text in texts:
        for key, score, _ in process.extract(text, known.keys(), scorer=fuzz.ratio, score_cutoff=NEAR, limit=6):
            name = known[key].field
            likeness[name] = max(likeness.get(name, 0), score)
    ordered = sorted(likeness, key=lambda name: -likeness[name])
    return [form.column(name) for name in ordered[:most]]
